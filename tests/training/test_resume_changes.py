"""What a resumed run may change, what is said and refused, and how a run that failed goes on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kills import outcome_of
from mlpcli.errors import ConfigError, DataError, RunDirectoryError
from mlpcli.runs.history import read_history
from mlpcli.workflows.resume import resume
from mlpcli.workflows.train import train
from tests.notes import Notes

CONFIG = """
data: {source: rows.csv, target: y, validation: 0.25}
model: {hidden_units: [4], dropout: 0.1}
training: {engine: numpy, epochs: 6, optimizer: {name: sgd, learning_rate: 0.05}, early_stopping: {patience: 3}}
output: {plots: []}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_rows(tmp_path / "rows.csv", 80)
    path = tmp_path / "lines.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def write_rows(path: Path, rows: int) -> None:
    lines = [f"{number / 10},{number % 5},{2 * number / 10 - number % 5 + 0.5}" for number in range(rows)]
    path.write_text("\n".join(["a,b,y", *lines]), encoding="utf-8")


def _finished(config: Path, *settings: str) -> Path:
    return train(config, settings, run_dir=config.parent / "run").run


def test_more_epochs_go_on_where_the_run_ended(config: Path) -> None:
    """A run of 4 epochs, then 6, then 12, is a run of 12."""
    straight = outcome_of(train(config, ["training.epochs=12"], run_dir=config.parent / "straight").run)
    run = _finished(config, "training.epochs=4")
    notes = Notes()
    resume(run, ["training.epochs=6"], notes)
    assert notes.notes[-2:] == ["note: training.epochs: 4, now 6", "note: resuming at epoch 5 of 6"]
    assert outcome_of(resume(run, ["training.epochs=12"]).run) == straight
    assert straight["metrics"]["epochs"] > 6
    resumed = json.loads((run / "environment.json").read_text(encoding="utf-8"))["resumed"]
    assert [(one["after_epoch"], one["changed"]) for one in resumed] == [
        (4, ["training.epochs: 4, now 6"]), (6, ["training.epochs: 6, now 12"]),
    ]  # fmt: skip


def test_more_patience_goes_on_where_the_run_stopped(config: Path) -> None:
    settings = ("training.epochs=30", "training.early_stopping.min_delta=100")  # nothing is ever good enough
    run = _finished(config, *settings, "training.early_stopping.patience=2")
    assert len(read_history(run / "history.csv")["epoch"]) == 3
    again = resume(run, ["training.early_stopping.patience=5"])
    assert again.metrics["stopped"] == "val_loss had not improved for 5 epochs"
    assert len(read_history(run / "history.csv")["epoch"]) == 6


def test_a_finished_run_says_so_and_stays_what_it_is(config: Path) -> None:
    run, notes = _finished(config), Notes()
    before = outcome_of(run)
    assert outcome_of(resume(run, progress=notes).run) == before
    assert notes.notes[-1] == "note: all 6 epochs are done; -s training.epochs=12 trains longer"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("seed=1", "seed: was 777 in the epochs so far, and cannot change"),
        ("model.hidden_units=[8]", "model.hidden_units: was [4] in the epochs so far"),
        ("training.batch_size=7", "start a new run for another batch_size"),
        ("training.early_stopping.monitor=val_mean_absolute_error", "not its monitor, mode, baseline"),
        ("output.keep=last", "output.keep: was best"),
    ],
)
def test_what_would_make_it_another_run_is_refused(config: Path, setting: str, words: str) -> None:
    run = _finished(config)
    before = outcome_of(run)
    with pytest.raises(ConfigError) as refused:
        resume(run, [setting])
    assert words in str(refused.value)
    assert outcome_of(run) == before


def test_other_rows_are_refused_unless_they_are_wanted(config: Path) -> None:
    run = _finished(config)
    write_rows(config.parent / "rows.csv", 60)
    with pytest.raises(
        DataError, match="its rows have changed since the last epoch; restore the data, start a new run"
    ):
        resume(run, ["training.epochs=8"])
    assert resume(run, ["training.epochs=8"], force=True).metrics["epochs"] == 8


def test_another_version_is_said(config: Path) -> None:
    run, notes = _finished(config), Notes()
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    environment["versions"]["numpy"] = "1.0"
    environment["variables"] = {"OMP_NUM_THREADS": "3"}
    (run / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
    resume(run, ["training.epochs=7"], notes)
    said = [note for note in notes.notes if "may differ in its last digits from an uninterrupted run's" in note]
    assert said[0].startswith("note: numpy was 1.0, and is ")
    assert "the variable OMP_NUM_THREADS was 3, and is " in said[1]


def test_after_a_loss_that_is_not_finite_a_lower_rate_goes_on(config: Path) -> None:
    """On unscaled rows each step multiplies the error, until it is beyond float32 some epochs later."""
    wild = (
        "data.scaling=none",
        "data.validation=null",
        "model.hidden_units=[]",
        "training.optimizer.learning_rate=0.1",
    )
    failed = train(
        config, [*wild, "training.epochs=40", "training.early_stopping=false"], run_dir=config.parent / "run"
    )
    assert failed.failure is not None
    assert "(first at step " in str(failed.failure)
    assert failed.metrics["epochs"] > 2
    result = resume(failed.run, ["training.optimizer.learning_rate=0.0001"])
    assert result.failure is None
    history = read_history(failed.run / "history.csv")
    assert history["epoch"] == list(range(1, 41))
    assert all(math.isfinite(loss) for loss in history["loss"])
    assert history["learning_rate"][-1] == pytest.approx(0.0001)


def test_where_there_is_no_checkpoint_training_begins_again(config: Path) -> None:
    straight = outcome_of(train(config, run_dir=config.parent / "straight").run)
    run, notes = _finished(config, "training.epochs=2"), Notes()
    for path in (run / "checkpoint").iterdir():
        path.unlink()
    (run / "history.csv").write_text("epoch,sec", encoding="utf-8")
    assert outcome_of(resume(run, ["training.epochs=6"], notes).run) == straight
    assert "note: no checkpoint was written yet, so training begins with the first epoch" in notes.notes


def test_the_newest_checkpoint_that_is_whole_is_taken(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.training.keeper.SHARE", 1e9)
    run, notes = _finished(config), Notes()
    before = outcome_of(run)
    last, newest = sorted((run / "checkpoint").glob("last-*"))
    newest.write_bytes(newest.read_bytes()[:-100])
    assert outcome_of(resume(run, progress=notes).run) == before
    assert f"warning: {newest}: is damaged (File is not a zip file); using the one before it" in notes.notes
    assert any(note == "note: resuming at epoch 6 of 6" for note in notes.notes)
    for path in (last, newest):
        path.write_bytes(b"torn")
    with pytest.raises(RunDirectoryError, match="no other checkpoint; delete the folder"):
        resume(run)


def test_a_folder_that_another_process_trains_in_is_refused(config: Path) -> None:
    from mlpcli.runs.directory import held_again

    run = _finished(config)
    with held_again(run), pytest.raises(RunDirectoryError, match="another mlpcli is training in it"):
        resume(run, ["training.epochs=9"])
    resume(run, ["training.epochs=9"])


@pytest.mark.parametrize("make", [lambda run: run.mkdir(), lambda run: None, lambda run: run.write_text("x")])
def test_what_is_no_run_directory(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "run")
    with pytest.raises(RunDirectoryError):
        resume(tmp_path / "run")
