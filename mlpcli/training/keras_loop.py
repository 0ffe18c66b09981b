"""The epochs by Keras's own `model.fit`, plain or with resident epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.sections import EarlyStopping, TrainingConfig
from mlpcli.config.sections import StopWhenEqual as StopWhenEqualConfig
from mlpcli.data.batches import RowBatches
from mlpcli.keras_engine.build import keras_object
from mlpcli.keras_engine.keras_epochs import Batches
from mlpcli.keras_engine.resident import ResidentEngine
from mlpcli.runs.history import HistoryWriter
from mlpcli.training.engine_choice import EngineChoice
from mlpcli.training.loop import EpochRecords, LastGood
from mlpcli.training.progress import Interrupted, Progress
from mlpcli.training.stopping import AccuraciesMeet


class KerasLoop:
    """`model.fit` with the callbacks that the config asks for (see `mlpcli.training.fit.Loop`)."""

    def __init__(
        self,
        model: Any,
        training: TrainingConfig,
        batches: tuple[Batches, Batches | None],
        writer: HistoryWriter,
        progress: Progress,
        choice: EngineChoice,
        noted: list[Interrupted],
        epoch_callbacks: Sequence[Any] = (),
    ) -> None:
        """batches: of the training rows, and of the validation rows if there are any; noted: signals that came.

        Signals are asked for after each batch, or after each chunk of resident epochs.
        """
        self.model, self.epochs, self.choice, self.progress = model, training.epochs, choice, progress
        self.train, self.validation = batches
        self.guard, self.records = FiniteGuard(), Recorder(writer, progress)
        self.stopping = _early_stopping(training)
        self.equal = _stop_when_equal(training)
        watchers = [Shuffle(self.train), self.records, self.guard, self.stopping, self.equal, _plateau(training)]
        self.callbacks = [watcher for watcher in (*watchers, *epoch_callbacks) if watcher is not None]
        self.steppers = (StepReporter(progress), StopOnSignal(noted))

    def set_weights(self, weights: list[Array]) -> None:
        """Give the model other weights."""
        self.model.set_weights(weights)

    def run(self) -> None:
        """All epochs, or as many as it takes; see `Loop.run` for what is raised."""
        with backend.gradients_forgotten():
            self._run()

    def _run(self) -> None:
        if self.choice.engine == "keras":
            data = {"x": self.train, "validation_data": self.validation, "shuffle": False}
            self.model.fit(**data, epochs=self.epochs, verbose=0, callbacks=[*self.callbacks, *self.steppers])
            return
        compiled = self.choice.compiled
        engine = ResidentEngine(
            self.model, self.train, self.validation, compiled, self.progress.note, self._after_chunk
        )
        engine.install()
        try:
            self.model.fit(**engine.fit_arguments(), epochs=self.epochs, verbose=0, callbacks=self.callbacks)
        finally:
            engine.remove()

    def _after_chunk(self, steps: int) -> None:
        for stepper in self.steppers:
            stepper.on_train_batch_end(steps - 1)


def _early_stopping(training: TrainingConfig) -> Any:
    settings = training.early_stopping
    if not isinstance(settings, EarlyStopping):
        return None
    return backend.keras().callbacks.EarlyStopping(**dict(settings))


def _plateau(training: TrainingConfig) -> Any:
    schedule = training.learning_rate_schedule
    return keras_object(schedule) if isinstance(schedule, ReduceLROnPlateau) else None


def _stop_when_equal(training: TrainingConfig) -> StopWhenEqual | None:
    settings = training.stop_when_equal
    return StopWhenEqual(settings.tolerance) if isinstance(settings, StopWhenEqualConfig) else None


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
