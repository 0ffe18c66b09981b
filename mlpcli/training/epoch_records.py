"""What is kept of each epoch as it ends: a row of history.csv, and the weights of the last one that was good."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import OutputError, TrainingError
from mlpcli.runs.history import FIRST_COLUMNS, History, HistoryWriter
from mlpcli.runs.snapshots import Snapshots
from mlpcli.training.layer_watch import GradientNorms
from mlpcli.training.progress import Progress
from mlpcli.training.stopping import Logs


class EpochRecords:
    """Writes history.csv row by row as epochs end, and keeps the same numbers in `history`; so for gradients.csv.

    snapshots: take the weights of some epochs; None where nobody wants them.
    """

    def __init__(
        self,
        writer: HistoryWriter,
        progress: Progress,
        gradients: GradientNorms | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.writer, self.progress, self.gradients, self.snapshots = writer, progress, gradients, snapshots
        self.history: History = {}
        self._started = 0.0

    def go_on_after(self, epochs: int) -> None:
        """Take over the first `epochs` epochs of an earlier process (raises as `HistoryWriter.go_on_after`)."""
        self.history = self.writer.go_on_after(epochs)
        if self.gradients is not None:
            self.gradients.writer.go_on_after(epochs)
        if self.snapshots is not None:
            self.snapshots.go_on_after(epochs)

    def begin(self) -> None:
        """An epoch begins."""
        self._started = time.perf_counter()

    def end(self, epoch: int, logs: Logs, rate: float) -> None:
        """Record epoch `epoch`, counted from 0; `rate` is the learning rate of the next step.

        Raises:
            OutputError: the disk is full.
        """
        first = (epoch + 1, time.perf_counter() - self._started, rate)
        row = {**dict(zip(FIRST_COLUMNS, first, strict=True)), **{key: float(logs[key]) for key in _ordered(logs)}}
        for key, value in row.items():
            self.history.setdefault(key, []).append(value)
        self.writer.append(row)
        self.progress.epoch(row)

    def weights(self, epoch: int, weights: list[Array]) -> None:
        """Record what is asked for of the good weights with which epoch `epoch` ended (raises as `end`)."""
        if self.gradients is not None:
            self.gradients.look(epoch, weights)
        if self.snapshots is not None:
            self.snapshots.look(epoch + 1, weights)

    def sync(self) -> None:
        """Have all rows so far on the disk itself (raises as `end`)."""
        self.writer.sync()
        if self.gradients is not None:
            self.gradients.writer.sync()
        if self.snapshots is not None:
            with suppress(OutputError):  # what is drawn from them must not end a training
                self.snapshots.write()


class LastGood:
    """Ends training at the first epoch whose losses or weights are not finite; keeps the weights of the one before.

    The weights are looked at too: with oneDNN, relu turns a NaN into 0, so that one NaN cell leaves the loss finite.
    """

    def __init__(self) -> None:
        self.last_good: list[Array] | None = None
        self.good_epochs = 0
        self.explain: Callable[[], str | None] = lambda: None
        """Looks for a cause before the first step; asked where no epoch was good."""

    def look(self, epoch: int, logs: Logs, weights: list[Array], rate: float, bad_step: int | None = None) -> None:
        """Called after each epoch (from 0); the weights are kept, not copied. bad_step: see `Weights.bad_step`.

        Raises:
            TrainingError: a loss or a weight is NaN or infinite.
        """
        for name, value in logs.items():
            if name.endswith("loss") and not math.isfinite(value):
                raise self._not_finite(f"{name} is {float(value)}", epoch, rate, bad_step)
        if not all(np.isfinite(array).all() for array in weights):
            raise self._not_finite("the weights hold NaN or infinity", epoch, rate, bad_step)
        self.last_good, self.good_epochs = weights, epoch + 1

    def _not_finite(self, what: str, epoch: int, rate: float, bad_step: int | None) -> TrainingError:
        cause = self.explain() if not self.good_epochs else None
        steps = (
            f"the steps are too large; lower training.optimizer.learning_rate (now {rate:g}), set"
            " training.optimizer.clipnorm: 1.0, or scale the data (data.scaling: auto)"
        )
        since = f" (first at step {bad_step:,})" if bad_step is not None else ""
        return TrainingError(f"{what} after epoch {epoch + 1}{since}: {cause or steps}")


def _ordered(columns: Iterable[str]) -> list[str]:
    """Training before validation, the loss before the metrics; Keras has them by the alphabet."""
    return sorted(columns, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))
