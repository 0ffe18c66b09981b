"""Several seeds with Keras in one process: the bits of a run by itself, nothing left behind, no chatter."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from logging.handlers import BufferingHandler
from pathlib import Path

import pytest

import mlpcli
from mlpcli import backend
from mlpcli.runs.history import read_history
from mlpcli.runs.read_run import read_metrics
from mlpcli.training import engine_choice
from tests.model_file_parts import read_metadata
from tests.notes import Notes

pytestmark = pytest.mark.tf

CONFIG = """
name: digits
data: {source: digits, validation: 0.2, test: 0.2, limit: 300}
model: {hidden_units: [8], dropout: 0.2, batch_normalization: true}
training: {optimizer: adam, epochs: 2}
output: {plots: []}
"""

SMALL = ("model.dropout=0", "model.batch_normalization=false", "training.optimizer=sgd")


def _alive() -> list[int]:
    """How many data sets of Keras's there are in this process, and graphs but those for the next training."""
    from mlpcli.keras_engine import graphs
    from mlpcli.keras_engine.keras_epochs import Batches

    graphs._SHELF = graphs._Shelf()
    gc.collect()
    graph = type(backend.tensorflow().Graph())
    return [sum(isinstance(thing, kind) for thing in gc.get_objects()) for kind in (Batches, graph)]


@pytest.mark.parametrize("engine", ["auto", "keras"])  # auto: the resident epochs
def test_the_second_seed_is_bit_for_bit_the_run_by_itself_and_nothing_outlives_its_seed(
    tmp_path: Path, write_config: Callable[..., Path], engine: str
) -> None:
    config, overrides = write_config(CONFIG), [f"training.engine={engine}"]
    backend.forget_models()
    before = _alive()
    series = mlpcli.train_seeds(config, 2, overrides, tmp_path / "runs")
    batches, graphs = _alive()
    assert batches <= before[0]  # other tests of this process have left theirs
    assert graphs <= before[1] + 1  # the default graph is a new one
    alone = mlpcli.train(config, ["seed=778", *overrides], tmp_path / "alone")
    seed = series.path / "seed-778"
    here, there = read_metadata(seed / "model.keras"), read_metadata(alone.model)
    assert here is not None and there is not None
    assert here["weights"] == there["weights"]
    for name in ("config.yaml", "evaluation.json"):
        assert (seed / name).read_bytes() == (alone.run / name).read_bytes()
    histories = [read_history(run / "history.csv") for run in (seed, alone.run)]
    for history in histories:
        del history["seconds"]
    assert histories[0] == histories[1]
    first = read_metadata(series.path / "seed-777" / "model.keras")
    assert first is not None and first["weights"] != here["weights"]


def test_a_series_is_compiled_for_all_of_its_runs_and_each_config_says_so(
    tmp_path: Path, write_config: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, said = write_config(CONFIG), Notes()
    monkeypatch.setattr(engine_choice, "steps_that_pay", lambda *_: 7)
    series = mlpcli.train_seeds(config, 2, (), tmp_path / "runs", progress=said, verbose=True)
    # 6 steps x 2 epochs, of which early stopping leaves half
    chosen = "engine: resident epochs, compiled: about 12 steps in 2 runs that share a program; compiling pays from 7"
    assert f"{chosen}; each config.yaml says training.engine: resident" in said.notes
    assert not read_metrics(mlpcli.train(config, (), tmp_path / "alone").run)["engine"]["compiled"]
    more = mlpcli.resume(series.path, seeds=3)
    runs = [more.path / f"seed-{seed}" for seed in (777, 778, 779)]
    assert [read_metrics(run)["engine"]["compiled"] for run in runs] == [True] * 3
    again = mlpcli.train(runs[1] / "config.yaml", (), tmp_path / "again").run
    assert (again / "config.yaml").read_bytes() == (runs[1] / "config.yaml").read_bytes()
    assert "engine: resident" in (again / "config.yaml").read_text(encoding="utf-8")
    weights = [(read_metadata(run / "model.keras") or {})["weights"] for run in (again, runs[1])]
    assert weights[0] == weights[1]


def test_one_model_is_alive_at_a_time(tmp_path: Path, write_config: Callable[..., Path]) -> None:
    from mlpcli.keras_engine.keras_epochs import KerasEngine

    class Counts(Notes):
        def start(self, epochs: int, steps: int, rows: int) -> None:
            gc.collect()
            self.notes.append(str(sum(isinstance(thing, KerasEngine) for thing in gc.get_objects())))

    backend.forget_models()
    gc.collect()
    before = sum(isinstance(thing, KerasEngine) for thing in gc.get_objects())  # those of other tests
    counts = Counts()
    mlpcli.train_seeds(write_config(CONFIG), 3, SMALL, tmp_path / "runs", progress=counts)
    assert [note for note in counts.notes if note.isdecimal()] == [str(before + 1)] * 3


@pytest.mark.parametrize(("folds", "compiled"), [("null", True), ("{time: true}", False)])
def test_folds_of_other_sizes_are_not_compiled_for_each_other(
    folds: str, compiled: bool, tmp_path: Path, write_config: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each fold of 300 rows is trained on 120 of them: 4 steps x 2 epochs, of which early stopping leaves half. By time
    # it is 80 and 160 rows, so 3 steps and 5.
    monkeypatch.setattr(engine_choice, "steps_that_pay", lambda *_: 6)
    series = mlpcli.train_folds(write_config(CONFIG), 2, [f"data.folds={folds}"], runs_dir=tmp_path / "runs")
    engines = [read_metrics(series.path / f"fold-{fold}")["engine"]["compiled"] for fold in (1, 2)]
    assert engines == [compiled] * 2


def test_new_models_are_not_called_retracing(tmp_path: Path, write_config: Callable[..., Path]) -> None:
    """Without the filter TensorFlow warns from the fifth model on; other warnings of its are still heard."""
    heard, logger = BufferingHandler(1000), logging.getLogger("tensorflow")
    level = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.WARNING)
    try:
        # One step a model, since TensorFlow looks at the last ten calls.
        overrides = ["training.epochs=1", "training.batch_size=300", "training.engine=keras", *SMALL]
        mlpcli.train_seeds(write_config(CONFIG), 6, overrides, tmp_path / "runs")
        assert heard.buffer == []
        logger.warning("something else")
    finally:
        logger.removeHandler(heard)
        logger.setLevel(level)
    assert [record.getMessage() for record in heard.buffer] == ["something else"]
