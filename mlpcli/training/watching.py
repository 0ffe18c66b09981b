"""What is looked at when an epoch ends, whatever ran it: its record, numbers that are not finite, equal accuracies."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mlpcli.artifacts.history import FIRST_COLUMNS, History, HistoryWriter
from mlpcli.data.dataset import Array
from mlpcli.errors import TrainingError
from mlpcli.model.plan import accuracy_name
from mlpcli.training.progress import Progress

Logs = Mapping[str, Any]
"""Loss and metrics of an epoch by name, those of the validation rows with val_ before it."""


class EpochRecords:
    """Writes history.csv row by row as epochs end, and keeps the same numbers in `history`."""

    def __init__(self, writer: HistoryWriter, progress: Progress) -> None:
        self.writer, self.progress = writer, progress
        self.history: History = {}
        self._started = 0.0

    def begin(self) -> None:
        """An epoch begins."""
        self._started = time.perf_counter()

    def end(self, epoch: int, logs: Logs, rate: float) -> None:
        """It is done, counted from 0; `rate` is the learning rate of the next step.

        Raises:
            OutputError: the disk is full.
        """
        first = (epoch + 1, time.perf_counter() - self._started, rate)
        row = {**dict(zip(FIRST_COLUMNS, first, strict=True)), **{key: float(logs[key]) for key in _ordered(logs)}}
        for key, value in row.items():
            self.history.setdefault(key, []).append(value)
        self.writer.append(row)
        self.progress.epoch(row)


class LastGood:
    """Ends training at the first epoch whose losses or weights are not finite; keeps the weights of the one before.

    The weights are looked at too: with oneDNN, relu turns a NaN into 0, so that one NaN cell leaves the loss finite.
    """

    def __init__(self) -> None:
        self.last_good: list[Array] | None = None
        self.good_epochs = 0

    def look(self, epoch: int, logs: Logs, weights: list[Array], rate: float) -> None:
        """After each epoch, counted from 0; the weights are kept, not copied.

        Raises:
            TrainingError: something is not finite.
        """
        for name, value in logs.items():
            if name.endswith("loss") and not math.isfinite(value):
                raise TrainingError(_not_finite(f"{name} is {float(value)}", epoch, rate))
        if not all(np.isfinite(array).all() for array in weights):
            raise TrainingError(_not_finite("the weights hold NaN or infinity", epoch, rate))
        self.last_good, self.good_epochs = weights, epoch + 1


class AccuraciesMeet:
    """Whether training and validation accuracy are as near to each other as `tolerance`."""

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance
        self.metric = ""
        self.met = False

    def look(self, logs: Logs) -> bool:
        """After each epoch: whether it is time to stop."""
        self.metric = accuracy_name(list(logs)) or ""
        self.met = bool(abs(logs[self.metric] - logs[f"val_{self.metric}"]) <= self.tolerance)
        return self.met


def _ordered(columns: Iterable[str]) -> list[str]:
    """Training before validation, the loss before the metrics; Keras has them by the alphabet."""
    return sorted(columns, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))


def _not_finite(what: str, epoch: int, rate: float) -> str:
    return (
        f"{what} after epoch {epoch + 1}: the steps are too large; lower training.optimizer.learning_rate"
        f" (now {rate:g}), set training.optimizer.clipnorm: 1.0, or scale the data (data.scaling: auto)"
    )
