"""Keras callbacks: history, progress, the guard against numbers that are not finite, stopping when accuracies meet."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.artifacts.history import FIRST_COLUMNS, History, HistoryWriter
from mlpcli.errors import TrainingError
from mlpcli.model.plan import accuracy_name
from mlpcli.training.feed import Batches
from mlpcli.training.interrupts import Interrupted
from mlpcli.training.progress import Progress

Callback = backend.keras().callbacks.Callback


class Shuffle(Callback):  # type: ignore[misc, valid-type]
    """Gives the training batches a new order in each epoch."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.batches.set_epoch(epoch)


class Recorder(Callback):  # type: ignore[misc, valid-type]
    """Writes history.csv row by row as epochs end, and keeps the same numbers in `history`."""

    def __init__(self, writer: HistoryWriter, progress: Progress) -> None:
        super().__init__()
        self.writer, self.progress = writer, progress
        self.history: History = {}
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        seconds, rate = time.perf_counter() - self._started, float(self.model.optimizer.learning_rate)
        first = (epoch + 1, seconds, rate)
        row = {**dict(zip(FIRST_COLUMNS, first, strict=True)), **{key: float(logs[key]) for key in _ordered(logs)}}
        for key, value in row.items():
            self.history.setdefault(key, []).append(value)
        self.writer.append(row)
        self.progress.epoch(row)


def _ordered(columns: Iterable[str]) -> list[str]:
    """Training before validation, the loss before the metrics; Keras has them by the alphabet."""
    return sorted(columns, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))


class StepReporter(Callback):  # type: ignore[misc, valid-type]
    """Tells the progress display how far an epoch is."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.progress.step(batch + 1)


class FiniteGuard(Callback):  # type: ignore[misc, valid-type]
    """Ends training at the first epoch whose losses or weights are not finite; keeps the weights of the one before.

    The weights are looked at too: with oneDNN, relu turns a NaN into 0, so that one NaN cell leaves the loss finite.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last_good: list[Any] | None = None
        self.good_epochs = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in logs.items():
            if name.endswith("loss") and not math.isfinite(value):
                raise TrainingError(_not_finite(f"{name} is {float(value)}", epoch, self.model))
        weights = self.model.get_weights()
        if not all(np.isfinite(array).all() for array in weights):
            raise TrainingError(_not_finite("the weights hold NaN or infinity", epoch, self.model))
        self.last_good, self.good_epochs = weights, epoch + 1


class StopOnSignal(Callback):  # type: ignore[misc, valid-type]
    """Ends training after the batch in which a signal was noted."""

    def __init__(self, noted: list[Interrupted]) -> None:
        super().__init__()
        self.noted = noted

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.noted:
            raise self.noted[0]

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.on_train_batch_end(batch)


class StopWhenEqual(Callback):  # type: ignore[misc, valid-type]
    """Stops when training and validation accuracy meet."""

    def __init__(self, tolerance: float) -> None:
        super().__init__()
        self.tolerance = tolerance
        self.metric = ""
        self.met = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.metric = accuracy_name(list(logs)) or ""  # Keras names its metrics only once they have been computed
        self.met = abs(logs[self.metric] - logs[f"val_{self.metric}"]) <= self.tolerance
        if self.met:
            self.model.stop_training = True


def _not_finite(what: str, epoch: int, model: Any) -> str:
    rate = float(model.optimizer.learning_rate)
    return (
        f"{what} after epoch {epoch + 1}: the steps are too large; lower training.optimizer.learning_rate"
        f" (now {rate:g}), set training.optimizer.clipnorm: 1.0, or scale the data (data.scaling: auto)"
    )
