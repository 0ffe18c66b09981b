"""A run cut at every epoch and resumed ends, to the bit, as the run that was never cut."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmarks.kills import outcome_of
from mlpcli.training import keeper
from mlpcli.training.progress import Silence
from tests.eager_keras import eagerly

EPOCHS = 4
PLAIN = (
    "data={source: moons, generate: {rows: 120}}",
    f"training.epochs={EPOCHS}",
    "output.plots=[]",
    "model.hidden_units=[8]",
)
CASES: dict[str, tuple[str, ...]] = {
    "momentum, dropout, exponential decay": (
        "model.dropout=0.3",
        "training.optimizer={name: sgd, learning_rate: 0.1, momentum: 0.9}",
        "training.learning_rate_schedule={exponential_decay: {decay_steps: 7, decay_rate: 0.5}}",
    ),
    "adam, batch normalization, plateau, early stopping after the cut": (
        "model.batch_normalization=true",
        "training.optimizer={name: adam, learning_rate: 0.05}",
        "training.learning_rate_schedule={reduce_on_plateau: {patience: 0, factor: 0.5, min_delta: 0.1}}",
        "training.early_stopping={patience: 2, min_delta: 0.2}",
    ),
    "rmsprop, accuracies that meet, .h5": (
        "model.dropout=0.1",
        "training.optimizer=rmsprop",
        "training.stop_when_equal={tolerance: 0.0005}",
        "output.model=model.h5",
    ),
    "accuracies with ties, not before epoch 3": (
        "training.optimizer={name: sgd, learning_rate: 0.0001}",
        "training.early_stopping={monitor: val_accuracy, patience: 1, ties: last}",
        "training.min_epochs=3",
    ),
    "adamw with an average of its weights": (
        "training.optimizer={name: adamw, use_ema: true}",
        "training.early_stopping=false",
        "model.dropout=0.2",
    ),
    "several members": (
        "model.members=3",
        "model.dropout=0.2",
        "model.batch_normalization=true",
    ),
    "streamed rows": (
        "data={source: rows.csv, target: kind, streaming: always}",
        "model.dropout=0.2",
        "training.optimizer={name: adam, learning_rate: 0.01}",
    ),
}
KERAS = [
    ("resident", "momentum, dropout, exponential decay"),
    ("keras", "momentum, dropout, exponential decay"),
    ("auto", "adam, batch normalization, plateau, early stopping after the cut"),
    ("keras eagerly", "adam, batch normalization, plateau, early stopping after the cut"),
    ("keras eagerly", "rmsprop, accuracies that meet, .h5"),
    ("keras eagerly", "accuracies with ties, not before epoch 3"),
    ("auto", "adamw with an average of its weights"),
    ("auto", "several members"),
    ("auto", "streamed rows"),
]
"""Each engine with what it keeps in its own way; the rules of auto and resident are those that NumPy has, too. One of
plain Keras runs in graphs; what it keeps between epochs is the same in each."""
RUNS = [*(("numpy", case) for case in CASES), *(pytest.param(*run, marks=pytest.mark.tf) for run in KERAS)]


class CopiesAsItGoes(Silence):
    """At each epoch copies what a kill would leave: the epoch is in the history already, but in no checkpoint."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.copies: list[Path] = []

    def epoch(self, row: Mapping[str, float]) -> None:
        self.copies.append(self.run.with_name(f"cut-{len(self.copies)}"))
        shutil.copytree(self.run, self.copies[-1])


@pytest.fixture
def always_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "SHARE", 1e9)


def _config(folder: Path) -> Path:
    path = folder / "cut.yaml"
    path.write_text("data: {source: moons}\n", encoding="utf-8")
    rows = [f"{number},{number % 7},{'ab'[number % 3 == 0]}" for number in range(120)]
    (folder / "rows.csv").write_text("\n".join(["x,y,kind", *rows]), encoding="utf-8")
    return path


@pytest.mark.usefixtures("always_kept")
@pytest.mark.parametrize(("engine", "case"), RUNS)
def test_a_run_cut_at_any_epoch_ends_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, case: str
) -> None:
    from mlpcli.workflows.resume import resume
    from mlpcli.workflows.train import train

    monkeypatch.chdir(tmp_path)
    engine, _, steps = engine.partition(" ")
    settings = (*PLAIN, *CASES[case], f"training.engine={engine}")
    config, copies = _config(tmp_path), CopiesAsItGoes(tmp_path / "straight")
    with eagerly() if steps else nullcontext():
        straight = outcome_of(train(config, settings, run_dir=tmp_path / "straight", progress=copies).run)
        assert len(copies.copies) == straight["metrics"]["epochs"] > 2
        # Keras takes two seconds for each: without a checkpoint, and with the last one.
        for run in copies.copies if engine == "numpy" else (copies.copies[0], copies.copies[-1]):
            assert not (run / "metrics.json").exists()
            assert outcome_of(resume(run).run) == straight, run.name
