"""A tracker that fails, at whatever moment, leaves the run as it would be without it, and one line says so."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mlpcli.runs.directory import outermost_series
from mlpcli.runs.history import read_history
from mlpcli.trackers.tracker import Ending, Row, TrackedRun, Trackers
from mlpcli.workflows import tracking
from mlpcli.workflows.resume import resume
from tests.model_file_parts import read_metadata
from tests.trackers.conftest import Notes


class Fake:
    """Keeps what it is told. raises_at: begin, end, or the number of the call of `epochs`, from 1."""

    place = "nowhere"

    def __init__(self, raises_at: str | int | None = None, has: int = 0) -> None:
        self.known: dict[str, Any] = {}
        self.raises_at, self.has, self.calls = raises_at, has, 0
        self.told: list[int] = []
        self.ended: list[Ending] = []

    def begin(self, run: TrackedRun) -> int:
        self._perhaps_raise("begin")
        self.known = {"number": self.known.get("number", 0) + 1}
        return self.has

    def epochs(self, rows: Sequence[Row]) -> None:
        self.calls += 1
        self._perhaps_raise(self.calls)
        self.told += [int(row["epoch"]) for row in rows]

    def end(self, ending: Ending) -> None:
        self._perhaps_raise("end")
        self.ended.append(ending)

    def _perhaps_raise(self, moment: str | int) -> None:
        random.random()  # MLflow does, when it asks a server again
        warnings.warn("not the user's", DeprecationWarning, stacklevel=1)
        if moment == self.raises_at:
            raise OSError(28, "No space left on device")


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every epoch is told at once."""
    monkeypatch.setattr("mlpcli.trackers.tracker.PAUSE", 0.0)
    monkeypatch.setattr("mlpcli.trackers.tracker.SHARE", 1e9)


def _what_came_of_it(run: Path) -> tuple[Any, ...]:
    """The history but for its seconds, and the digest of the weights."""
    history = read_history(run / "history.csv")
    return {**history, "seconds": None}, (read_metadata(run / "model.keras") or {})["weights"]


@pytest.mark.parametrize("moment", ["begin", 1, 3, "end"])
@pytest.mark.usefixtures("no_pause")
def test_whenever_it_fails_the_run_is_the_same_to_the_bit(
    train: Any, monkeypatch: pytest.MonkeyPatch, moment: str | int
) -> None:
    fake, whole, told = Fake(moment), Fake(), Notes()
    monkeypatch.setattr(tracking, "_make", lambda tracker: {"mlflow": fake, "wandb": whole}[tracker.tag])
    state = random.getstate()
    tracked = train("output.trackers=[mlflow, wandb]", progress=told).run
    assert random.getstate() == state
    assert _what_came_of_it(tracked) == _what_came_of_it(train().run)
    (warning,) = told.warnings
    assert warning == (
        "warning: mlflow failed and gets no more of this run, which continues: OSError: [Errno 28] No space left on"
        " device"
    )
    assert fake.told == {"begin": [], 1: [], 3: [1, 2], "end": [1, 2, 3, 4]}[moment]
    assert (whole.told, [ending.outcome for ending in whole.ended]) == ([1, 2, 3, 4], ["finished"])


def test_a_server_that_does_not_answer_is_no_error(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    told = Notes()
    tracked = train("output.trackers=[mlflow]", progress=told).run
    assert _what_came_of_it(tracked) == _what_came_of_it(train().run)
    (warning,) = told.warnings
    assert warning.startswith("warning: mlflow failed and gets no more of this run, which continues: MlflowException")


def test_a_folder_that_cannot_be_made_is_no_error(train: Any, tmp_path: Path) -> None:
    run, told = tmp_path / "run", Notes(stop_in=3)
    train("output.trackers=[tensorboard]", progress=told, run_dir=run)
    for file in (run / "tensorboard").rglob("events.*"):
        file.unlink()
    for folder in ("tensorboard/train", "tensorboard/validation", "tensorboard"):
        (run / folder).rmdir()
    (run / "tensorboard").write_text("in the way")
    resume(run, progress=told, resend_signals=False)
    (warning,) = told.warnings
    assert "tensorboard failed" in warning
    assert _what_came_of_it(run) == _what_came_of_it(train().run)


def test_what_a_killed_process_told_after_its_last_checkpoint_is_not_told_again(tmp_path: Path) -> None:
    ahead, behind = Fake(has=3), Fake(has=0)
    trackers = Trackers({"ahead": ahead, "behind": behind}, tmp_path, lambda text: None)
    run: Any = None
    trackers.begin(run, {"epoch": [1, 2], "seconds": [0.1, 0.1], "loss": [3.0, 2.0]})
    for epoch in (3, 4):
        trackers.epoch({"epoch": epoch, "seconds": 0.1, "loss": 1.0})
    trackers.end(Ending("finished", {}, 4))
    assert (ahead.told, behind.told) == ([4], [1, 2, 3, 4])


def test_what_a_later_process_needs_is_kept_and_a_damaged_file_begins_anew(tmp_path: Path) -> None:
    run: Any = None
    for number in (1, 2):
        fake = Fake()
        Trackers({"mlflow": fake}, tmp_path, lambda text: None).begin(run, {})
        assert fake.known == {"number": number}
    (tmp_path / "trackers.json").write_text("[", encoding="utf-8")
    fake = Fake()
    Trackers({"mlflow": fake}, tmp_path, lambda text: None).begin(run, {})
    assert fake.known == {"number": 1}


def test_a_training_that_breaks_off_is_told_as_failed(
    train: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = Fake()
    monkeypatch.setattr(tracking, "_make", lambda tracker: fake)
    monkeypatch.setattr("mlpcli.workflows.run.Run._score", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train("output.trackers=[mlflow]")
    assert [ending.outcome for ending in fake.ended] == ["failed"]


def test_the_series_that_a_run_belongs_to_is_found(tmp_path: Path) -> None:
    run = tmp_path / "grid" / "cell" / "seed-1"
    run.mkdir(parents=True)
    assert outermost_series(run) == run
    (run.parent / "seeds.json").touch()
    assert outermost_series(run) == run.parent
    (run.parent.parent / "grid.json").touch()
    assert outermost_series(run) == tmp_path / "grid"
    (tmp_path / "sweep.json").touch()
    assert outermost_series(run) == tmp_path
