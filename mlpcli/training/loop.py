"""The loop over epochs, for either engine; however it ends, the model gets the best weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypedDict, runtime_checkable

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.config.metrics import Metric
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config, best_epoch_rule
from mlpcli.config.sections import EarlyStopping, StopWhenEqual, TrainingConfig
from mlpcli.data.batches import RowBatches, encode_targets, row_weights
from mlpcli.data.dataset import Part
from mlpcli.errors import MlpcliError, OutputError, TrainingError
from mlpcli.model.plan import Prepared
from mlpcli.runs import directory as run_directory
from mlpcli.runs.history import FIRST_COLUMNS, History, HistoryWriter
from mlpcli.training.diagnosis import likely_cause
from mlpcli.training.progress import Interrupted, Progress
from mlpcli.training.stopping import (
    AccuraciesMeet,
    AccuraciesMeetState,
    Logs,
    LowerRate,
    LowerRateState,
    StopEarly,
    StopEarlyState,
)


@dataclass(frozen=True)
class Outcome:
    """How a training went; epochs count from 1."""

    history: History
    monitor: str
    """The column of the history by which an epoch is the best."""
    best_epoch: int | None
    """The epoch with the best monitored value; None if no epoch finished."""
    kept_epoch: int | None
    """The epoch whose weights the model now has."""
    stopped: str
    """Why it stopped, in words."""
    failure: MlpcliError | None = None
    interrupted: Interrupted | None = None


class Weights(Protocol):
    """What either kind of training offers between epochs: learning rate and weights."""

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""

    def get_weights(self) -> list[Array]:
        """Copies of all weights, in the order of Keras's `get_weights`."""

    def set_weights(self, weights: list[Array]) -> None:
        """The reverse of `get_weights`."""


class Epochs(Weights, Protocol):
    """A training that runs epoch by epoch; epochs count from 0."""

    def set_learning_rate(self, rate: float) -> None:
        """Set it for the steps from now on."""

    def running(self) -> AbstractContextManager[None]:
        """A context in which all epochs run."""

    def epoch(self, number: int) -> Logs:
        """Train for one epoch, then evaluate the validation rows; returns the logs by name."""

    def ended(self, number: int, logs: Logs) -> bool:
        """Tell the callbacks that an epoch is done and recorded; returns whether one of them asks to stop."""

    def finish(self) -> None:
        """Called after the last epoch, unless training broke off."""

    def get_state(self) -> Any:
        """Everything beside the config that the next epoch depends on, as numbers and arrays."""

    def set_state(self, state: Any) -> None:
        """The reverse of `get_state`, of the same type."""


@runtime_checkable
class Fit(Weights, Protocol):
    """Training by Keras's `model.fit`, with its own loop and callbacks: the reference."""

    stopping: Any
    """Keras's EarlyStopping, or None."""

    def fit(self, begin: Callable[[], None], end: Callable[[int, Logs], bool]) -> None:
        """Run all epochs, calling `begin` and `end` for each; stop when `end` returns True."""


class Engine(Protocol):
    """Keras or NumPy, with its model."""

    config: Config
    prepared: Prepared

    @property
    def make_batches(self) -> type[RowBatches]:
        """The class of batches that it takes."""

    def start(
        self,
        batches: tuple[Any, Any | None],
        folder: Path,
        compiled: bool,
        after_step: Callable[[int], None],
        note: Callable[[str], None],
    ) -> Epochs | Fit:
        """A new training.

        Args:
            batches: of `make_batches`: of the training rows, and of the validation rows if there are any.
            folder: the run directory, for what only this engine writes.
            compiled: whether Keras's resident epochs are compiled.
            after_step: called with the number of steps of the epoch done so far; what it raises ends the training.
            note: called with texts that the user should read.
        """


def fit_model(engine: Engine, folder: Path, progress: Progress, noted: list[Interrupted], compiled: bool) -> Outcome:
    """Run the epochs and leave the model with its best weights (or its last, where the config says so).

    A loss that is not finite, a full disk and an interruption end the training but raise nothing here: they are in the
    outcome, so that what was best before can be saved first.

    Args:
        engine: has the model, the config and the rows.
        folder: the run directory; it gets the history.
        noted: signals that came; they are asked for after each step, or after each chunk of resident epochs.
        compiled: see `Engine.start`.
    """

    def after_step(steps: int) -> None:
        progress.step(steps)
        if noted:
            raise noted[0]

    training, batches = engine.config.training, _batches(engine)
    started = engine.start(batches, folder, compiled, after_step, progress.note)
    records = EpochRecords(HistoryWriter(folder / run_directory.HISTORY), progress)
    metrics = engine.prepared.plan.metrics
    loop: Loop | FitLoop
    if isinstance(started, Fit):
        loop = FitLoop(started, training, records)
    else:
        loop = Loop(started, training, best_epoch_rule(engine.config), metrics, records)
    loop.guard.explain = lambda: likely_cause(engine.config, engine.prepared)
    progress.start(training.epochs, len(batches[0]), len(batches[0].part))
    return _outcome(loop, progress)


def _batches(engine: Engine) -> tuple[RowBatches, RowBatches | None]:
    """Of the training rows, shuffled and weighted, and of the validation rows, if there are any."""
    prepared, config, make = engine.prepared, engine.config, engine.make_batches
    splits, size = prepared.splits, config.training.batch_size
    weights = row_weights(prepared.class_weights, splits.train.y)
    train = make(splits.train, targets_of(prepared, splits.train), size, config.seed, weights)
    if splits.validation is None:
        return train, None
    shared = splits.validation.y is splits.train.y
    return train, make(splits.validation, train.targets if shared else targets_of(prepared, splits.validation), size)


def targets_of(prepared: Prepared, part: Part) -> Array:
    """The targets of all rows that the part comes from, as the loss takes them."""
    return encode_targets(part.y, prepared.plan.labels, len(prepared.plan.class_names or ()))


class LoopState(TypedDict):
    """Numbers, arrays, and dicts of them; the states of rules that the config does not ask for are None."""

    done: int
    stopped: bool
    history: History
    last_good: list[Array] | None
    stopping: StopEarlyState | None
    equal: AccuraciesMeetState | None
    plateau: LowerRateState | None
    engine: Any


class Loop:
    """Epochs, and after each the history, the check for NaN, and the rules of the config."""

    def __init__(
        self,
        engine: Epochs,
        training: TrainingConfig,
        rule: EarlyStopping | None,
        metrics: Sequence[Metric],
        records: EpochRecords,
    ) -> None:
        """rule: see `best_epoch_rule`. metrics: of the model; which way each is better."""
        self.engine, self.training, self.records, self.guard = engine, training, records, LastGood()
        equal, schedule = training.stop_when_equal, training.learning_rate_schedule
        self.stopping = StopEarly(rule, metrics) if rule is not None else None
        self.equal = AccuraciesMeet(equal.tolerance) if isinstance(equal, StopWhenEqual) else None
        self.plateau = LowerRate(schedule, metrics) if isinstance(schedule, ReduceLROnPlateau) else None
        self.done, self.stopped = 0, False

    def run(self) -> None:
        """Run the remaining epochs until a rule of the config stops them.

        Raises:
            TrainingError: a loss or weights are not finite.
            OutputError: the disk is full.
            Interrupted: a signal came.
        """
        with self.engine.running():
            while self.done < self.training.epochs and not self.stopped:
                self.records.begin()
                self._end(self.done, self.engine.epoch(self.done))
            self.engine.finish()

    def _end(self, epoch: int, logs: Logs) -> None:
        """In the order in which `FitLoop` has Keras's callbacks."""
        engine = self.engine
        rate = engine.learning_rate
        self.records.end(epoch, logs, rate)
        weights = engine.get_weights()
        self.guard.look(epoch, logs, weights, rate)
        stop = self.stopping is not None and self.stopping.look(epoch, logs, weights)
        stop = (self.equal is not None and self.equal.look(logs)) or stop
        if self.plateau is not None:
            engine.set_learning_rate(self.plateau.look(logs, rate))
        self.done, self.stopped = epoch + 1, engine.ended(epoch, logs) or stop

    def get_state(self) -> LoopState:
        """Everything beside the config that the next epochs depend on. Kept weights are not copied."""
        return {
            "done": self.done,
            "stopped": self.stopped,
            "history": {name: list(values) for name, values in self.records.history.items()},
            "last_good": self.guard.last_good,
            "stopping": None if self.stopping is None else self.stopping.get_state(),
            "equal": None if self.equal is None else self.equal.get_state(),
            "plateau": None if self.plateau is None else self.plateau.get_state(),
            "engine": self.engine.get_state(),
        }

    def set_state(self, state: LoopState) -> None:
        """The reverse of `get_state`, for a loop of the same config; `run` then goes on with the next epoch."""
        self.done, self.stopped = state["done"], state["stopped"]
        self.records.history = {name: list(values) for name, values in state["history"].items()}
        self.guard.last_good, self.guard.good_epochs = state["last_good"], state["done"]
        if self.stopping is not None and state["stopping"] is not None:
            self.stopping.set_state(state["stopping"])
        if self.equal is not None and state["equal"] is not None:
            self.equal.set_state(state["equal"])
        if self.plateau is not None and state["plateau"] is not None:
            self.plateau.set_state(state["plateau"])
        self.engine.set_state(state["engine"])


class FitLoop:
    """The same around `model.fit`, with Keras's EarlyStopping and ReduceLROnPlateau instead of the rules here."""

    def __init__(self, engine: Fit, training: TrainingConfig, records: EpochRecords) -> None:
        """Args as of `Loop`; Keras knows the rest."""
        self.engine, self.training, self.records, self.guard = engine, training, records, LastGood()
        equal = training.stop_when_equal
        self.stopping = engine.stopping
        self.equal = AccuraciesMeet(equal.tolerance) if isinstance(equal, StopWhenEqual) else None

    def run(self) -> None:
        """As `Loop.run`."""
        self.engine.fit(self.records.begin, self._end)

    def _end(self, epoch: int, logs: Logs) -> bool:
        rate = self.engine.learning_rate
        self.records.end(epoch, logs, rate)
        self.guard.look(epoch, logs, self.engine.get_weights(), rate)
        return self.equal is not None and self.equal.look(logs)


def _outcome(loop: Loop | FitLoop, progress: Progress) -> Outcome:
    """Run the loop, and leave the best weights in the model."""
    failure: TrainingError | OutputError | None = None
    interrupted: Interrupted | None = None
    try:
        with backend.out_of_memory(TrainingError):
            loop.run()
    except (TrainingError, OutputError) as error:
        failure = error
    except Interrupted as error:
        interrupted = error
    finally:
        progress.finish()
    history = loop.records.history
    kept = _restore(loop, broken=bool(failure or interrupted))
    monitor = "val_loss" if "val_loss" in history else "loss"
    if loop.stopping is not None:
        monitor = loop.stopping.monitor
    best = _best_epoch(loop.stopping, history) if kept is not None else None
    if best is not None:
        progress.best(best)
    done = len(history.get("epoch", ()))
    stopped = str(failure or interrupted or _reason(loop.training, loop.stopping, loop.equal, done))
    return Outcome(history, monitor, best, kept, stopped, failure, interrupted)


def _restore(loop: Loop | FitLoop, broken: bool) -> int | None:
    """Give the model its best weights where they were kept; else, after a break, those of the last good epoch.

    Returns that epoch. (After an unbroken run the weights are the last epoch's, or their average with `use_ema`.)
    """
    stopping, guard = loop.stopping, loop.guard
    if stopping is not None and stopping.best_weights is not None:
        loop.engine.set_weights(stopping.best_weights)
        return int(stopping.best_epoch) + 1
    if broken and guard.last_good is not None:
        loop.engine.set_weights(guard.last_good)
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


def _reason(training: TrainingConfig, stopping: Any, equal: AccuraciesMeet | None, done: int) -> str:
    if equal is not None and equal.met:
        return f"training and validation {equal.metric} met"
    if stopping is not None and stopping.stopped_epoch:
        epochs = max(stopping.patience, 1)  # with a patience of 0, too, it takes one bad epoch
        beaten = stopping.baseline is None or stopping.monitor_op(stopping.best, stopping.baseline)
        what = "improved" if beaten else f"beaten the baseline {stopping.baseline:g}"
        return f"{stopping.monitor} had not {what} for {epochs} epoch{'s' if epochs > 1 else ''}"
    if done < training.epochs:
        return "a callback asked for it"
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


class LastGood:
    """Ends training at the first epoch whose losses or weights are not finite; keeps the weights of the one before.

    The weights are looked at too: with oneDNN, relu turns a NaN into 0, so that one NaN cell leaves the loss finite.
    """

    def __init__(self) -> None:
        self.last_good: list[Array] | None = None
        self.good_epochs = 0
        self.explain: Callable[[], str | None] = lambda: None
        """Looks for a cause before the first step; asked where no epoch was good."""

    def look(self, epoch: int, logs: Logs, weights: list[Array], rate: float) -> None:
        """Called after each epoch (from 0); the weights are kept, not copied.

        Raises:
            TrainingError: a loss or a weight is NaN or infinite.
        """
        for name, value in logs.items():
            if name.endswith("loss") and not math.isfinite(value):
                raise self._not_finite(f"{name} is {float(value)}", epoch, rate)
        if not all(np.isfinite(array).all() for array in weights):
            raise self._not_finite("the weights hold NaN or infinity", epoch, rate)
        self.last_good, self.good_epochs = weights, epoch + 1

    def _not_finite(self, what: str, epoch: int, rate: float) -> TrainingError:
        cause = self.explain() if not self.good_epochs else None
        steps = (
            f"the steps are too large; lower training.optimizer.learning_rate (now {rate:g}), set"
            " training.optimizer.clipnorm: 1.0, or scale the data (data.scaling: auto)"
        )
        return TrainingError(f"{what} after epoch {epoch + 1}: {cause or steps}")


def _ordered(columns: Iterable[str]) -> list[str]:
    """Training before validation, the loss before the metrics; Keras has them by the alphabet."""
    return sorted(columns, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))
