"""Fits a model, whatever runs its epochs, and brings back the weights worth keeping, however it ended."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.sections import TrainingConfig
from mlpcli.data.batches import RowBatches
from mlpcli.errors import MlpcliError, OutputError, TrainingError
from mlpcli.runs.history import FIRST_COLUMNS, History, HistoryWriter
from mlpcli.training.progress import Interrupted, Progress
from mlpcli.training.stopping import AccuraciesMeet, Logs


@dataclass(frozen=True)
class Outcome:
    """How a training went; epochs count from 1."""

    history: History
    best_epoch: int | None
    """The epoch with the best monitored value; None where no epoch was finished."""
    kept_epoch: int | None
    """The epoch whose weights the model now has."""
    stopped: str
    """Why it stopped, in words."""
    failure: MlpcliError | None = None
    interrupted: Interrupted | None = None


class Loop(Protocol):
    """What runs the epochs: `keras_loop` or `numpy_loop`."""

    stopping: Any
    """Keras's EarlyStopping or what stands for it, with its attributes; None without early stopping."""

    @property
    def records(self) -> EpochRecords:
        """The history."""

    @property
    def guard(self) -> LastGood:
        """What keeps the weights of the last epoch that was finite."""

    @property
    def equal(self) -> AccuraciesMeet | None:
        """What stops when accuracies meet, where the config asks for it."""

    def run(self) -> None:
        """All epochs, or as many as it takes.

        Raises:
            TrainingError, OutputError: it cannot go on.
            Interrupted: someone wants it to end.
        """

    def set_weights(self, weights: list[Array]) -> None:
        """Give the model other weights."""


def fit_model(loop: Loop, training: TrainingConfig, train: RowBatches, progress: Progress) -> Outcome:
    """Run the epochs and leave the model with its best weights (or its last, where the config says so).

    A loss that is not finite, a full disk and an interruption end the training but raise nothing here: they are in the
    outcome, so that what was best before can be saved first.
    """
    failure: TrainingError | OutputError | None = None
    interrupted: Interrupted | None = None
    progress.start(training.epochs, len(train), len(train.part))
    try:
        loop.run()
    except (TrainingError, OutputError) as error:
        failure = error
    except Interrupted as error:
        interrupted = error
    finally:
        progress.finish()
    history = loop.records.history
    kept = _restore(loop, broken=bool(failure or interrupted))
    best = _best_epoch(loop.stopping, history) if kept is not None else None
    stopped = str(failure or interrupted or _reason(training, loop.stopping, loop.equal))
    return Outcome(history, best, kept, stopped, failure, interrupted)


def _restore(loop: Loop, broken: bool) -> int | None:
    """Give the model its best weights where they were kept; else, after a break, those of the last good epoch.

    Returns that epoch. (After an unbroken run the weights are the last epoch's, or their average with `use_ema`.)
    """
    stopping, guard = loop.stopping, loop.guard
    if stopping is not None and stopping.best_weights is not None:
        loop.set_weights(stopping.best_weights)
        return int(stopping.best_epoch) + 1
    if broken and guard.last_good is not None:
        loop.set_weights(guard.last_good)
    return guard.good_epochs or None


def _best_epoch(stopping: Any, history: History) -> int | None:
    """By EarlyStopping's own judgement; without it, by the lowest validation or training loss."""
    if stopping is not None and stopping.best is not None:
        return int(stopping.best_epoch) + 1
    losses = history.get("val_loss") or history.get("loss")
    if not losses:
        return None
    finite = [value if math.isfinite(value) else math.inf for value in losses]
    return finite.index(min(finite)) + 1


def _reason(training: TrainingConfig, stopping: Any, equal: AccuraciesMeet | None) -> str:
    if equal is not None and equal.met:
        return f"training and validation {equal.metric} met"
    if stopping is not None and stopping.stopped_epoch:
        epochs = max(stopping.patience, 1)  # with a patience of 0, too, it takes one bad epoch
        beaten = stopping.baseline is None or stopping.monitor_op(stopping.best, stopping.baseline)
        what = "improved" if beaten else f"beaten the baseline {stopping.baseline:g}"
        return f"{stopping.monitor} had not {what} for {epochs} epoch{'s' if epochs > 1 else ''}"
    return f"all {training.epochs} epochs were done" if training.epochs > 1 else "the only epoch was done"


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


def _ordered(columns: Iterable[str]) -> list[str]:
    """Training before validation, the loss before the metrics; Keras has them by the alphabet."""
    return sorted(columns, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))


def _not_finite(what: str, epoch: int, rate: float) -> str:
    return (
        f"{what} after epoch {epoch + 1}: the steps are too large; lower training.optimizer.learning_rate"
        f" (now {rate:g}), set training.optimizer.clipnorm: 1.0, or scale the data (data.scaling: auto)"
    )
