"""A signal during training: the epoch is given up, what was best is saved, and the results are written."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from mlpcli.runs.history import read_history
from mlpcli.training.progress import Silence

NUMPY = "training.engine=numpy"
"""For what is the same whoever trains."""


class SignalAt(Silence):
    """Sends a signal to this process at a step of an epoch, both from 1."""

    def __init__(self, number: int, epoch: int, step: int = 1) -> None:
        self.number, self.when = number, (epoch, step)
        self.done = 0

    def step(self, step: int) -> None:
        if (self.done + 1, step) >= self.when:
            self.when = (10**9, 0)
            os.kill(os.getpid(), self.number)

    def epoch(self, row: Mapping[str, float]) -> None:
        self.done += 1


@pytest.mark.parametrize(
    ("number", "code", "stopping", "engine"),
    [
        pytest.param(signal.SIGINT, 130, "true", "auto", marks=pytest.mark.tf),
        (signal.SIGINT, 130, "true", "numpy"),
        (signal.SIGINT, 130, "false", "numpy"),
        (signal.SIGINT, 130, "{start_from_epoch: 5}", "numpy"),
        pytest.param(signal.SIGTERM, 143, "{start_from_epoch: 5}", "auto", marks=pytest.mark.tf),
    ],
)
def test_in_the_third_epoch_the_first_two_are_kept(
    train: Any, number: int, code: int, stopping: str, engine: str
) -> None:
    settings = ("training.epochs=9", f"training.early_stopping={stopping}", f"training.engine={engine}")
    result = train(*settings, progress=SignalAt(number, epoch=3))
    assert result.interrupted.exit_code == code
    assert result.failure is None
    assert (result.metrics["epochs"], result.metrics["kept_epoch"]) == (2, 2)
    assert result.metrics["stopped"] == str(result.interrupted)
    history = read_history(result.run / "history.csv")
    assert result.metrics["scores"]["validation"]["loss"] == pytest.approx(history["val_loss"][1], rel=1e-5)
    assert result.model.is_file()
    assert (result.run / "evaluation.json").is_file()


@pytest.mark.tf
def test_before_the_first_epoch_ends_there_is_no_model(train: Any) -> None:
    result = train(progress=SignalAt(signal.SIGINT, epoch=1))
    assert result.interrupted.exit_code == 130
    assert result.model is None
    assert result.metrics["epochs"] == 0
    assert sorted(path.name for path in result.run.iterdir()) == [
        "config.yaml", "environment.json", "layers.json", "metrics.json", "split.npz",
    ]  # fmt: skip


def test_while_the_model_is_saved_it_is_saved_all_the_same(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.workflows import run

    save = run.save_model

    def interrupted_save(*arguments: Any) -> None:
        if "unfinished" not in arguments[-1]:
            os.kill(os.getpid(), signal.SIGINT)
        save(*arguments)

    monkeypatch.setattr(run, "save_model", interrupted_save)
    result = train("training.epochs=1", NUMPY)
    assert result.interrupted.exit_code == 130
    assert result.model.is_file()
    assert result.metrics["stopped"] == "the only epoch was done"


def test_the_next_run_is_not_affected(train: Any) -> None:
    train(NUMPY, progress=SignalAt(signal.SIGINT, epoch=1))
    result = train("training.epochs=1", NUMPY)
    assert result.interrupted is None
    assert result.metrics["epochs"] == 1
