"""Keras callbacks: each hands what it is told to something that knows nothing of Keras (see `watching`)."""

from __future__ import annotations

from typing import Any

from mlpcli import backend
from mlpcli.artifacts.history import HistoryWriter
from mlpcli.training.feed import RowBatches
from mlpcli.training.interrupts import Interrupted
from mlpcli.training.progress import Progress
from mlpcli.training.watching import AccuraciesMeet, EpochRecords, LastGood

Callback = backend.keras().callbacks.Callback


class Shuffle(Callback):  # type: ignore[misc, valid-type]
    """Gives the training batches a new order in each epoch."""

    def __init__(self, batches: RowBatches) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.batches.set_epoch(epoch)


class Recorder(Callback, EpochRecords):  # type: ignore[misc, valid-type]
    """Writes history.csv row by row as epochs end."""

    def __init__(self, writer: HistoryWriter, progress: Progress) -> None:
        Callback.__init__(self)
        EpochRecords.__init__(self, writer, progress)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.begin()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.end(epoch, logs, _rate(self.model))


class StepReporter(Callback):  # type: ignore[misc, valid-type]
    """Tells the progress display how far an epoch is."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.progress.step(batch + 1)


class FiniteGuard(Callback, LastGood):  # type: ignore[misc, valid-type]
    """Ends training at the first epoch whose losses or weights are not finite."""

    def __init__(self) -> None:
        Callback.__init__(self)
        LastGood.__init__(self)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.look(epoch, logs, self.model.get_weights(), _rate(self.model))


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


class StopWhenEqual(Callback, AccuraciesMeet):  # type: ignore[misc, valid-type]
    """Stops when training and validation accuracy meet."""

    def __init__(self, tolerance: float) -> None:
        Callback.__init__(self)
        AccuraciesMeet.__init__(self, tolerance)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.look(logs):  # Keras names its metrics only once they have been computed
            self.model.stop_training = True


def _rate(model: Any) -> float:
    return float(model.optimizer.learning_rate)
