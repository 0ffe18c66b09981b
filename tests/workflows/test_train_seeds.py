"""One config, several seeds, on NumPy: the folder, the means, and what becomes of seeds that fail."""

from __future__ import annotations

import json
import os
import signal
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.errors import ConfigError, OutputError, RunDirectoryError, TrainingError, UserError
from mlpcli.runs import directory as run_directory
from mlpcli.training.progress import Silence
from mlpcli.workflows import series as seed_series

CONFIG = """
name: 붓꽃
seed: 5
data: {source: iris, validation: 0.2, test: 0.2}
model: {hidden_units: [8], dropout: 0.1}
training: {engine: numpy, epochs: 3, batch_size: 16}
output: {plots: []}
"""

TrainSeeds = Callable[..., Any]


@pytest.fixture
def train_seeds(tmp_path: Path, write_config: Callable[..., Path]) -> TrainSeeds:
    """`train_seeds(3, "training.epochs=1")` in the test's own folder."""
    path = write_config(CONFIG)
    return lambda seeds, *overrides, **settings: mlpcli.train_seeds(
        path, seeds, overrides, tmp_path / "runs", **{"resend_signals": False, **settings}
    )


class Listener(Silence):
    """Keeps the notes, and calls `then` when an epoch is done."""

    def __init__(self, then: Callable[[int], None] = lambda epochs: None) -> None:
        self.notes: list[str] = []
        self.epochs = 0
        self.then = then

    def note(self, text: str) -> None:
        self.notes.append(text)

    def epoch(self, row: Any) -> None:
        self.epochs += 1
        self.then(self.epochs)


def _written(result: Any) -> dict[str, Any]:
    return dict(json.loads((result.path / "seeds.json").read_text(encoding="utf-8")))


def test_every_seed_is_the_run_that_train_makes(train_seeds: TrainSeeds, tmp_path: Path) -> None:
    result = train_seeds(2)
    assert result.path == (tmp_path / "runs" / "붓꽃").resolve()
    assert sorted(path.name for path in result.path.iterdir()) == ["seed-5", "seed-6", "seeds.json"]
    alone = mlpcli.train(tmp_path / "my.yaml", ["seed=6"], tmp_path / "alone").run
    seed = result.path / "seed-6"
    assert sorted(path.name for path in seed.iterdir()) == sorted(path.name for path in alone.iterdir())
    for name in ("config.yaml", "evaluation.json"):
        assert (seed / name).read_bytes() == (alone / name).read_bytes()
    assert [history["loss"] for history in map(_history, (seed, alone))] == [_history(seed)["loss"]] * 2
    assert _weights(seed) == _weights(alone) != _weights(result.path / "seed-5")
    with np.load(seed / "split.npz") as here, np.load(alone / "split.npz") as there:
        assert all(np.array_equal(here[part], there[part]) for part in there.files)


def test_means_and_spreads_are_those_of_the_runs_own_files(train_seeds: TrainSeeds) -> None:
    result = train_seeds(3, "seed=10")
    runs = [json.loads((result.path / f"seed-{seed}" / "metrics.json").read_text("utf-8")) for seed in (10, 11, 12)]
    written = _written(result)
    assert written == json.loads(json.dumps(result.summary))
    assert (written["name"], written["seeds_asked_for"], written["seeds_done"]) == ("붓꽃", [10, 11, 12], [10, 11, 12])
    for split in ("train", "validation", "test"):
        for metric in ("loss", "accuracy"):
            values = [run["scores"][split][metric] for run in runs]
            found = written["scores"][split][metric]
            assert found["values"] == values
            assert found["mean"] == pytest.approx(sum(values) / 3)
            assert found["standard_deviation"] == pytest.approx(statistics.stdev(values))
            assert (found["lowest"], found["highest"]) == (min(values), max(values))
    assert written["epochs"]["values"] == [3, 3, 3]
    assert written["kept_epoch"]["values"] == [run["kept_epoch"] for run in runs]
    assert written["seconds"]["values"] == [run["seconds"]["total"] for run in runs]
    assert written["total_seconds"] >= sum(written["seconds"]["values"])
    assert [run["folder"] for run in written["runs"]] == ["seed-10", "seed-11", "seed-12"]
    assert written["failures"] == []


def test_one_seed_has_no_spread_and_a_second_folder_gets_a_number(train_seeds: TrainSeeds, tmp_path: Path) -> None:
    assert train_seeds(1).summary["scores"]["test"]["accuracy"]["standard_deviation"] is None
    assert train_seeds(1).path.name == "붓꽃-2"
    assert train_seeds(1, run_dir=tmp_path / "here").path == (tmp_path / "here").resolve()


def test_what_is_said_of_every_seed_alike_is_said_once(train_seeds: TrainSeeds, tmp_path: Path) -> None:
    rows = "".join(f"row {row},{row % 7},{'ab'[row % 2]},{'ab'[row % 2]}\n" for row in range(60))
    (tmp_path / "my.csv").write_text(f"name,x,copy,y\n{rows}", encoding="utf-8")
    listener = Listener()
    train_seeds(3, f"data.source={tmp_path / 'my.csv'}", "data.target=y", progress=listener, verbose=True)
    heads = [note for note in listener.notes if note.startswith("seed ")]
    assert heads == ["seed 5 (1 of 3)", "seed 6 (2 of 3)", "seed 7 (3 of 3)"]
    others = [note for note in listener.notes if note not in heads]
    assert {note.split(": ")[0] for note in others} == {"note", "warning", "engine"}
    assert len(others) == len(set(others))
    assert listener.notes.index(others[0]) < listener.notes.index(heads[0])


@pytest.mark.parametrize("seeds", [0, 1001, -1, 2.0, "3"])
def test_no_number_of_seeds(train_seeds: TrainSeeds, tmp_path: Path, seeds: Any) -> None:
    with pytest.raises(UserError, match="is not a valid number of seeds; give a whole number from 1 to 1,000"):
        train_seeds(seeds)
    assert not (tmp_path / "runs").exists()


def test_seeds_beyond_the_largest(train_seeds: TrainSeeds, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        train_seeds(3, "seed=2147483646")
    assert str(raised.value) == (
        "-s seed=2147483646: seed: 3 seeds from 2147483646 on would end at 2147483648, but the largest is 2147483647;"
        " start at 2147483645 or below"
    )
    assert not (tmp_path / "runs").exists()
    assert train_seeds(2, "seed=2147483646", "training.epochs=1").summary["seeds_done"] == [2147483646, 2147483647]


@pytest.mark.parametrize(
    "override", ["data.source=nowhere.csv", "training.epochs=0", "model.hidden_units=[4000000000]"]
)
def test_a_config_that_is_wrong_leaves_nothing_behind(train_seeds: TrainSeeds, tmp_path: Path, override: str) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError):
        train_seeds(3, override)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_holds_something(train_seeds: TrainSeeds, tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="is not empty, and runs are never overwritten"):
        train_seeds(2, run_dir=tmp_path)


def _spoil(monkeypatch: pytest.MonkeyPatch, seed: int, error: Exception) -> None:
    """Let the preparation of one seed fail."""
    real = seed_series.prepare

    def prepare(loaded: Any, watch: Any) -> Any:
        if loaded.config.seed == seed:
            raise error
        return real(loaded, watch)

    monkeypatch.setattr(seed_series, "prepare", prepare)


def test_a_seed_that_fails_leaves_the_others_alone(train_seeds: TrainSeeds, monkeypatch: pytest.MonkeyPatch) -> None:
    _spoil(monkeypatch, 6, TrainingError("too large"))
    written = _written(train_seeds(3))
    assert written["seeds_done"] == [5, 7]
    assert [run["outcome"] for run in written["runs"]] == ["finished", "failed", "finished"]
    assert written["failures"] == [{"seed": 6, "message": "too large"}]
    assert [run["stopped"] for run in written["runs"]][1] == "too large"
    assert len(written["scores"]["test"]["loss"]["values"]) == 2


def test_a_loss_that_is_not_finite_in_all_of_them(train_seeds: TrainSeeds) -> None:
    result = train_seeds(2, "training.optimizer={name: sgd, learning_rate: 1e30}")
    assert (result.summary["seeds_done"], result.summary["scores"], result.pictures) == ([], {}, [])
    assert [failure["seed"] for failure in result.summary["failures"]] == [5, 6]
    assert "lower training.optimizer.learning_rate" in result.summary["failures"][0]["message"]
    assert (result.path / "seed-6" / "metrics.json").is_file()


def test_a_full_disk_ends_it(train_seeds: TrainSeeds, monkeypatch: pytest.MonkeyPatch) -> None:
    _spoil(monkeypatch, 6, OutputError("no space left"))
    result = train_seeds(3)
    assert [run["seed"] for run in result.summary["runs"]] == [5, 6]
    assert result.summary["failures"] == [{"seed": 6, "message": "no space left"}]


def test_the_folder_says_what_it_is_while_its_first_seed_is_trained(train_seeds: TrainSeeds, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "붓꽃"
    found = []
    train_seeds(1, progress=Listener(lambda epochs: found.append((folder / "seeds.json").read_text("utf-8"))))
    assert [json.loads(text)["runs"] for text in found] == [[], [], []]


@pytest.mark.skipif(os.name == "nt", reason="os.kill ends the process there")
def test_a_signal_ends_the_seed_and_no_other_begins(train_seeds: TrainSeeds) -> None:
    listener = Listener(lambda epochs: os.kill(os.getpid(), signal.SIGTERM) if epochs == 4 else None)
    before = signal.getsignal(signal.SIGTERM)
    result = train_seeds(3, progress=listener)
    assert signal.getsignal(signal.SIGTERM) is before
    assert result.interrupted.exit_code == 143
    assert result.summary["seeds_done"] == [5]
    second = result.summary["runs"][1]
    assert (second["seed"], second["epochs"], second["kept_epoch"]) == (6, 1, 1)
    assert run_directory.find_model(result.path / "seed-6").is_file()
    assert not (result.path / "seed-7").exists()
    assert _written(result) == json.loads(json.dumps(result.summary))


def test_a_signal_while_data_is_loaded(train_seeds: TrainSeeds, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.training.progress import Interrupted

    real = seed_series.prepare

    def prepare(loaded: Any, watch: Any) -> Any:
        if loaded.config.seed == 6:
            watch.__self__.noted.append(Interrupted(signal.SIGINT))
            watch("rows", 1, 2)
        return real(loaded, watch)

    monkeypatch.setattr(seed_series, "prepare", prepare)
    result = train_seeds(3)
    assert (result.interrupted.exit_code, result.summary["seeds_done"]) == (130, [5])


def _history(run: Path) -> dict[str, list[float]]:
    from mlpcli.runs.history import read_history

    return read_history(run / "history.csv")


def _weights(run: Path) -> str:
    from tests.model_file_parts import read_metadata

    metadata = read_metadata(run / "model.keras")
    assert metadata is not None
    return str(metadata["weights"])
