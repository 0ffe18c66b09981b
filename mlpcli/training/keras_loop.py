"""The epochs by Keras's own `model.fit`, plain or with resident epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlpcli import backend
from mlpcli.artifacts.history import HistoryWriter
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.training import EarlyStopping, TrainingConfig
from mlpcli.config.training import StopWhenEqual as StopWhenEqualConfig
from mlpcli.data.dataset import Array
from mlpcli.model.builder import keras_object
from mlpcli.training.callbacks import FiniteGuard, Recorder, Shuffle, StepReporter, StopOnSignal, StopWhenEqual
from mlpcli.training.engine_choice import EngineChoice
from mlpcli.training.interrupts import Interrupted
from mlpcli.training.keras_feed import Batches
from mlpcli.training.progress import Progress
from mlpcli.training.resident import ResidentEngine


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
