"""Fits a model with Keras's own loop, and brings back the weights worth keeping, however it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mlpcli import backend
from mlpcli.artifacts.history import History, HistoryWriter
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.training import EarlyStopping, TrainingConfig
from mlpcli.config.training import StopWhenEqual as StopWhenEqualConfig
from mlpcli.errors import MlpcliError, OutputError, TrainingError
from mlpcli.model.builder import keras_object
from mlpcli.training.callbacks import FiniteGuard, Recorder, Shuffle, StepReporter, StopWhenEqual
from mlpcli.training.engine_choice import EngineChoice
from mlpcli.training.feed import Batches
from mlpcli.training.interrupts import Interrupted
from mlpcli.training.progress import Progress
from mlpcli.training.resident import ResidentEngine


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


def fit_model(
    model: Any,
    training: TrainingConfig,
    train: Batches,
    validation: Batches | None,
    writer: HistoryWriter,
    progress: Progress,
    choice: EngineChoice,
    step_callbacks: tuple[Any, ...] = (),
    epoch_callbacks: tuple[Any, ...] = (),
) -> Outcome:
    """Run `model.fit` and leave the model with its best weights (or its last, where the config says so).

    `step_callbacks` are asked after each batch, or after each chunk of resident epochs.

    A loss that is not finite, a full disk and an interruption end the training but raise nothing here: they are in the
    outcome, so that what was best before can be saved first.
    """
    stopping = _early_stopping(training)
    equal = _stop_when_equal(training)
    guard, recorder = FiniteGuard(), Recorder(writer, progress)
    watchers = [Shuffle(train), recorder, guard, stopping, equal, _plateau(training), *epoch_callbacks]
    callbacks = [watcher for watcher in watchers if watcher is not None]
    steppers = (StepReporter(progress), *step_callbacks)
    failure: TrainingError | OutputError | None = None
    interrupted: Interrupted | None = None
    progress.start(training.epochs, len(train), len(train.part))
    try:
        _run_epochs(model, training.epochs, train, validation, choice, progress, callbacks, steppers)
    except (TrainingError, OutputError) as error:
        failure = error
    except Interrupted as error:
        interrupted = error
    finally:
        progress.finish()
    kept = _restore(model, stopping, guard, broken=bool(failure or interrupted))
    best = _best_epoch(stopping, recorder.history) if kept is not None else None
    stopped = str(failure or interrupted or _reason(training, stopping, equal))
    return Outcome(recorder.history, best, kept, stopped, failure, interrupted)


def _run_epochs(
    model: Any,
    epochs: int,
    train: Batches,
    validation: Batches | None,
    choice: EngineChoice,
    progress: Progress,
    callbacks: list[Any],
    steppers: tuple[Any, ...],
) -> None:
    """`model.fit`, plain or with resident epochs."""
    if choice.engine == "keras":
        data = {"x": train, "validation_data": validation, "shuffle": False}
        model.fit(**data, epochs=epochs, verbose=0, callbacks=[*callbacks, *steppers])
        return

    def after_chunk(steps: int) -> None:
        for stepper in steppers:
            stepper.on_train_batch_end(steps - 1)

    engine = ResidentEngine(model, train, validation, choice.compiled, progress.note, after_chunk)
    engine.install()
    try:
        model.fit(**engine.fit_arguments(), epochs=epochs, verbose=0, callbacks=callbacks)
    finally:
        engine.remove()


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


def _restore(model: Any, stopping: Any, guard: FiniteGuard, broken: bool) -> int | None:
    """Give the model its best weights where they were kept; else, after a break, those of the last good epoch.

    Returns that epoch. (After an unbroken run the weights are the last epoch's, or their average with `use_ema`.)
    """
    if stopping is not None and stopping.best_weights is not None:
        model.set_weights(stopping.best_weights)
        return int(stopping.best_epoch) + 1
    if broken and guard.last_good is not None:
        model.set_weights(guard.last_good)
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


def _reason(training: TrainingConfig, stopping: Any, equal: StopWhenEqual | None) -> str:
    if equal is not None and equal.met:
        return f"training and validation {equal.metric} met"
    if stopping is not None and stopping.stopped_epoch:
        epochs = max(stopping.patience, 1)  # with a patience of 0, too, it takes one bad epoch
        beaten = stopping.baseline is None or stopping.monitor_op(stopping.best, stopping.baseline)
        what = "improved" if beaten else f"beaten the baseline {stopping.baseline:g}"
        return f"{stopping.monitor} had not {what} for {epochs} epoch{'s' if epochs > 1 else ''}"
    return f"all {training.epochs} epochs were done" if training.epochs > 1 else "the only epoch was done"
