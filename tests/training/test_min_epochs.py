"""`training.min_epochs` and `early_stopping.ties`: when training may stop, and which of equal epochs is the best."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.config.metrics import Accuracy
from mlpcli.config.sections import EarlyStopping
from mlpcli.errors import ConfigError
from mlpcli.training.stopping import AccuraciesMeet, StopEarly
from mlpcli.workflows.resume import resume

ACCURACIES = [0.5, 0.75, 0.625, 0.75, 0.75, 0.625, 0.625, 0.625]


def _judged(min_epochs: int = 0, **settings: Any) -> tuple[int, int, list[Any] | None]:
    """Epochs done, the best of them, both from 1, and what was kept: weights are the epoch's number."""
    rule = StopEarly(EarlyStopping(monitor="val_accuracy", **settings), [Accuracy(name="accuracy")], min_epochs)
    for epoch, value in enumerate(ACCURACIES):
        if rule.look(epoch, {"val_accuracy": value}, [np.int64(epoch + 1)]):
            break
    return epoch + 1, rule.best_epoch + 1, rule.best_weights


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"patience": 2}, (4, 2, [2])),
        ({"patience": 2, "ties": "last"}, (4, 4, [4])),
        ({"patience": 3, "ties": "last"}, (5, 5, [5])),
        ({"patience": 2, "min_epochs": 4}, (4, 2, [2])),
        ({"patience": 2, "min_epochs": 6}, (6, 2, [2])),
        ({"patience": 2, "min_epochs": 6, "ties": "last"}, (6, 5, [5])),
        ({"patience": 2, "min_epochs": 100}, (8, 2, [2])),
        ({"patience": 2, "start_from_epoch": 2}, (6, 4, [4])),
        ({"patience": 2, "ties": "last", "restore_best_weights": False}, (4, 4, None)),
        ({"patience": 2, "ties": "last", "min_delta": 0.5}, (3, 1, [1])),
    ],
)
def test_when_it_stops_and_what_is_the_best(settings: dict[str, Any], expected: Any) -> None:
    """Equal epochs are no improvement: they are waited for like worse ones."""
    assert _judged(**settings) == expected


def test_accuracies_may_meet_too_early() -> None:
    rule, logs = AccuraciesMeet(0.0, min_epochs=3), {"accuracy": 0.5, "val_accuracy": 0.5}
    assert [rule.look(epoch, logs) for epoch in range(4)] == [False, False, True, True]


STILL = (
    "training.optimizer={name: sgd, learning_rate: 1.0e-30}",
    "training.engine=numpy",
    "training.epochs=9",
    "training.early_stopping={patience: 1}",
)
"""No epoch is better than the first."""


def test_a_run_says_how_long_nothing_had_improved(train: Any) -> None:
    metrics = train(*STILL).metrics
    assert (metrics["epochs"], metrics["stopped"]) == (2, "val_loss had not improved for 1 epoch")
    metrics = train(*STILL, "training.min_epochs=6").metrics
    assert (metrics["epochs"], metrics["stopped"]) == (6, "val_loss had not improved for 5 epochs")


def test_a_stopped_run_goes_on_to_more_epochs_at_the_least(train: Any) -> None:
    run = train(*STILL).run
    result = resume(run, ["training.min_epochs=4"])
    assert (result.metrics["epochs"], result.metrics["best_epoch"]) == (4, 1)  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match="restore_best_weights and ties: the epochs so far were judged by another"):
        resume(run, ["training.early_stopping={patience: 1, ties: last}"])
