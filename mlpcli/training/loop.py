"""The loop over epochs, for either engine; however it ends, the model gets the best weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.config.metrics import Metric
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config, best_epoch_rule
from mlpcli.config.sections import EarlyStopping, StopWhenEqual, TrainingConfig
from mlpcli.data.batches import RowBatches, encode_targets, row_weights
from mlpcli.data.dataset import Part
from mlpcli.errors import MlpcliError, OutputError, RunDirectoryError, TrainingError
from mlpcli.model.plan import Prepared
from mlpcli.runs import directory as run_directory
from mlpcli.runs.checkpoint import Checkpoint
from mlpcli.runs.history import History, HistoryWriter
from mlpcli.runs.snapshots import Snapshots
from mlpcli.training.diagnosis import likely_cause
from mlpcli.training.epoch_records import EpochRecords, LastGood
from mlpcli.training.keeper import KeptLoop, LoopState, kept_state
from mlpcli.training.layer_watch import GradientNorms
from mlpcli.training.progress import Interrupted, Progress
from mlpcli.training.stopping import (
    AccuraciesMeet,
    Logs,
    LowerRate,
    LowerRateState,
    StopEarly,
    StopEarlyState,
)

if TYPE_CHECKING:
    from typing_extensions import TypeIs


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
    """What either kind of training offers between epochs: learning rate, weights, and its state."""

    @property
    def bad_step(self) -> int | None:
        """The first step of the last epoch, from 1, whose loss was not finite."""

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""

    def get_weights(self) -> list[Array]:
        """Copies of all weights, in the order of Keras's `get_weights`."""

    def set_weights(self, weights: list[Array]) -> None:
        """The reverse of `get_weights`."""

    def set_learning_rate(self, rate: float) -> None:
        """Set it for the steps from now on; only without a schedule of the optimizer's own."""

    def get_state(self) -> Any:
        """Everything beside the config that the next epoch depends on, as numbers and arrays."""

    def set_state(self, state: Any) -> None:
        """The reverse of `get_state`, of the same type."""


class Epochs(Weights, Protocol):
    """A training that runs epoch by epoch; epochs count from 0."""

    def running(self) -> AbstractContextManager[None]:
        """A context in which all epochs run."""

    def epoch(self, number: int) -> Logs:
        """Train for one epoch, then evaluate the validation rows; returns the logs by name."""

    def ended(self, number: int, logs: Logs) -> bool:
        """Tell the callbacks that an epoch is done and recorded; returns whether one of them asks to stop."""

    def finish(self) -> None:
        """Called after the last epoch, unless training broke off."""


class Fit(Weights, Protocol):
    """Training by Keras's `model.fit`, with its own loop and callbacks: the reference."""

    stopping: Any
    """Keras's EarlyStopping, or None."""
    plateau: Any
    """Keras's ReduceLROnPlateau, or None."""

    def fit(
        self,
        first: int,
        begin: Callable[[], None],
        end: Callable[[int, Logs], bool],
        after: Callable[[int, bool], None],
    ) -> None:
        """Run the epochs from `first`, counted from 0; a state that was set before is that of the epoch before it.

        Args:
            begin, end: called for each epoch; `end` returns whether to stop.
            after: called when Keras's callbacks have seen the epoch, too, with whether it is the last.
        """


class Keeps(Protocol):
    """A `Keeper`, or what stands in its place."""

    earlier: Checkpoint | None
    """The checkpoint that the training goes on from."""

    def look(self, loop: KeptLoop, last: bool = False) -> None:
        """Called after each good epoch, and again with `last` after the last."""


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


def fit_model(
    engine: Engine,
    folder: Path,
    progress: Progress,
    noted: list[Interrupted],
    compiled: bool,
    keeper: Keeps | None = None,
    snapshots: Snapshots | None = None,
) -> Outcome:
    """Run the epochs and leave the model with its best weights (or its last, where the config says so).

    A loss that is not finite, a full disk and an interruption end the training but raise nothing here: they are in the
    outcome, so that what was best before can be saved first.

    Args:
        engine: has the model, the config and the rows.
        folder: the run directory; it gets the history.
        noted: signals that came; they are asked for after each step, or after each chunk of resident epochs.
        compiled: see `Engine.start`.
        keeper: keeps checkpoints; the training goes on from the one that it comes with.
        snapshots: take the weights before the first epoch and after each.

    Raises:
        RunDirectoryError: that checkpoint does not fit the network, or the history has fewer epochs.
    """

    def after_step(steps: int) -> None:
        progress.step(steps)
        if noted:
            raise noted[0]

    training, batches = engine.config.training, _batches(engine)
    started = engine.start(batches, folder, compiled, after_step, progress.note)
    gradients = GradientNorms(folder, engine.prepared) if engine.config.output.gradient_norms else None
    records = EpochRecords(HistoryWriter(folder / run_directory.HISTORY), progress, gradients, snapshots)
    metrics = engine.prepared.plan.metrics
    loop: Loop | FitLoop
    if _is_fit(started):
        loop = FitLoop(started, training, records, keeper)
    else:
        loop = Loop(started, training, best_epoch_rule(engine.config), metrics, records, keeper)
    loop.guard.explain = lambda: likely_cause(engine.config, engine.prepared)
    if keeper is not None:
        _go_on(loop, keeper.earlier, folder)
    if snapshots is not None and not loop.done:
        snapshots.look(0, started.get_weights())
    progress.start(training.epochs, len(batches[0]), len(batches[0].part))
    return _outcome(loop, progress)


def _is_fit(started: Epochs | Fit) -> TypeIs[Fit]:
    """Whether it is `model.fit`.

    `isinstance` of a protocol may read the learning rate, an operation of TensorFlow: before Python 3.12, it looks for
    the members in an order that changes from process to process, and reads them, until one is missing.
    """
    return hasattr(started, "fit")


def _go_on(loop: Loop | FitLoop, earlier: Checkpoint | None, folder: Path) -> None:
    """Put the loop behind the epoch of a checkpoint, or before the first; later rows of the history go."""
    loop.records.go_on_after(earlier.epoch if earlier is not None else 0)
    if earlier is None:
        return
    state = kept_state(earlier)["loop"]
    try:
        if state["stopping"] is not None:
            is_last = earlier.best_epoch == earlier.epoch
            state["stopping"]["best_weights"] = state["engine"]["weights"] if is_last else earlier.best_weights
        loop.set_state(state)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise RunDirectoryError(
            f"{folder}: its checkpoint does not fit the network of config.yaml ({error}); restore that file, or delete"
            " the folder checkpoint/ to train from the first epoch"
        ) from error
    rate, schedule = loop.training.optimizer.learning_rate, loop.training.learning_rate_schedule
    if rate != state["learning_rate"] and (schedule is None or isinstance(schedule, ReduceLROnPlateau)):
        loop.engine.set_learning_rate(rate)


def _batches(engine: Engine) -> tuple[RowBatches, RowBatches | None]:
    """Of the training rows, shuffled and weighted, and of the validation rows, if there are any."""
    prepared, config, make = engine.prepared, engine.config, engine.make_batches
    splits, size = prepared.splits, prepared.plan.batch_size
    weights = row_weights(prepared.class_weights, splits.train.y)
    train = make(splits.train, targets_of(prepared, splits.train), size, config.seed, weights)
    if splits.validation is None:
        return train, None
    shared = splits.validation.y is splits.train.y
    return train, make(splits.validation, train.targets if shared else targets_of(prepared, splits.validation), size)


def targets_of(prepared: Prepared, part: Part) -> Array:
    """The targets of all rows that the part comes from, as the loss takes them."""
    return encode_targets(part.y, prepared.plan.labels, len(prepared.plan.class_names or ()))


class Loop:
    """Epochs, and after each the history, the check for NaN, and the rules of the config."""

    def __init__(
        self,
        engine: Epochs,
        training: TrainingConfig,
        rule: EarlyStopping | None,
        metrics: Sequence[Metric],
        records: EpochRecords,
        keeper: Keeps | None = None,
    ) -> None:
        """rule: see `best_epoch_rule`. metrics: of the model; which way each is better."""
        self.engine, self.training, self.records, self.guard = engine, training, records, LastGood()
        self.keeper = keeper
        equal, schedule = training.stop_when_equal, training.learning_rate_schedule
        self.stopping = StopEarly(rule, metrics, training.min_epochs) if rule is not None else None
        self.equal = AccuraciesMeet(equal.tolerance, training.min_epochs) if isinstance(equal, StopWhenEqual) else None
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
            if self.keeper is not None:
                self.keeper.look(self, last=True)
            self.engine.finish()

    def _end(self, epoch: int, logs: Logs) -> None:
        """In the order in which `FitLoop` has Keras's callbacks."""
        engine = self.engine
        rate = engine.learning_rate
        self.records.end(epoch, logs, rate)
        weights = engine.get_weights()
        self.guard.look(epoch, logs, weights, rate, engine.bad_step)
        self.records.weights(epoch, weights)
        stop = self.stopping is not None and self.stopping.look(epoch, logs, weights)
        stop = (self.equal is not None and self.equal.look(epoch, logs)) or stop
        if self.plateau is not None:
            engine.set_learning_rate(self.plateau.look(logs, rate))
        self.done, self.stopped = epoch + 1, engine.ended(epoch, logs) or stop
        if self.keeper is not None:
            self.keeper.look(self)

    def get_state(self) -> LoopState:
        """Everything beside the config that the next epochs depend on."""
        return {
            "done": self.done,
            "epochs": self.training.epochs,
            "learning_rate": self.training.optimizer.learning_rate,
            "stopped": self.stopped,
            "stopping": None if self.stopping is None else self.stopping.get_state(),
            "equal": None if self.equal is None else self.equal.get_state(),
            "plateau": None if self.plateau is None else self.plateau.get_state(),
            "engine": self.engine.get_state(),
        }

    def set_state(self, state: LoopState) -> None:
        """The reverse of `get_state`, for a loop of the same config; `run` then goes on with the next epoch."""
        self.done = state["done"]
        if self.stopping is not None and state["stopping"] is not None:
            self.stopping.set_state(state["stopping"])
        if self.equal is not None and state["equal"] is not None:
            self.equal.set_state(state["equal"])
        if self.plateau is not None and state["plateau"] is not None:
            self.plateau.set_state(state["plateau"])
        self.engine.set_state(state["engine"])
        self.guard.last_good, self.guard.good_epochs = self.engine.get_weights(), self.done
        self.stopped = _is_stopped(state, self.stopping, self.equal, self.training)


def _is_stopped(state: LoopState, stopping: Any, equal: AccuraciesMeet | None, training: TrainingConfig) -> bool:
    """Whether training was stopped and still is, if the config has changed: more patience, or epochs."""
    if not state["stopped"]:
        return False
    enough = state["done"] >= training.min_epochs
    if stopping is not None and stopping.stopped_epoch:
        if stopping.wait >= stopping.patience and enough:
            return True
        stopping.stopped_epoch = 0
        return False
    if equal is not None and equal.met:
        return enough
    return training.epochs == state["epochs"]  # a callback stopped it


class FitLoop:
    """The same around `model.fit`, with Keras's EarlyStopping and ReduceLROnPlateau instead of the rules here."""

    def __init__(
        self, engine: Fit, training: TrainingConfig, records: EpochRecords, keeper: Keeps | None = None
    ) -> None:
        """Args as of `Loop`; Keras knows the rest."""
        self.engine, self.training, self.records, self.guard = engine, training, records, LastGood()
        self.keeper = keeper
        equal = training.stop_when_equal
        self.stopping = engine.stopping
        self.equal = AccuraciesMeet(equal.tolerance, training.min_epochs) if isinstance(equal, StopWhenEqual) else None
        self.done, self.stopped = 0, False

    def run(self) -> None:
        """As `Loop.run`."""
        first = self.training.epochs if self.stopped else self.done
        self.engine.fit(first, self.records.begin, self._end, self._after)

    def _end(self, epoch: int, logs: Logs) -> bool:
        rate = self.engine.learning_rate
        self.records.end(epoch, logs, rate)
        weights = self.engine.get_weights()
        self.guard.look(epoch, logs, weights, rate, self.engine.bad_step)
        self.records.weights(epoch, weights)
        return self.equal is not None and self.equal.look(epoch, logs)

    def _after(self, epoch: int, last: bool) -> None:
        self.done, self.stopped = epoch + 1, last
        if self.keeper is not None:
            self.keeper.look(self)
            if last:
                self.keeper.look(self, last=True)

    def get_state(self) -> LoopState:
        """As `Loop.get_state`: Keras's callbacks remember the same things as the rules here."""
        stopping, plateau = self.stopping, self.engine.plateau
        return {
            "done": self.done,
            "epochs": self.training.epochs,
            "learning_rate": self.training.optimizer.learning_rate,
            "stopped": self.stopped,
            "stopping": None if stopping is None else cast("StopEarlyState", _remembered(stopping, StopEarlyState)),
            "equal": None if self.equal is None else self.equal.get_state(),
            "plateau": None if plateau is None else cast("LowerRateState", _remembered(plateau, LowerRateState)),
            "engine": self.engine.get_state(),
        }

    def set_state(self, state: LoopState) -> None:
        """As `Loop.set_state`."""
        self.done = state["done"]
        for judge, known in ((self.stopping, state["stopping"]), (self.engine.plateau, state["plateau"])):
            if judge is not None and known is not None:
                for name, value in known.items():
                    setattr(judge, _IN_KERAS.get(name, name), value)
        if self.equal is not None and state["equal"] is not None:
            self.equal.set_state(state["equal"])
        self.engine.set_state(state["engine"])
        self.guard.last_good, self.guard.good_epochs = self.engine.get_weights(), self.done
        self.stopped = _is_stopped(state, self.stopping, self.equal, self.training)


_IN_KERAS = {"cooldown": "cooldown_counter"}
"""Where Keras's callbacks have another name for it."""


def _remembered(judge: Any, state: Any) -> dict[str, Any]:
    """What one of Keras's callbacks has seen. Its `best` may be a tensor."""
    found = {name: getattr(judge, _IN_KERAS.get(name, name)) for name in state.__annotations__}
    return {**found, "best": None if found["best"] is None else float(found["best"])}


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
        # With a patience of 0, too, it takes one bad epoch; until min_epochs there may have been more.
        epochs = stopping.wait if training.min_epochs else max(stopping.patience, 1)
        beaten = stopping.baseline is None or stopping.monitor_op(stopping.best, stopping.baseline)
        what = "improved" if beaten else f"beaten the baseline {stopping.baseline:g}"
        return f"{stopping.monitor} had not {what} for {epochs} epoch{'s' if epochs > 1 else ''}"
    if done < training.epochs:
        return "a callback asked for it"
    return f"all {training.epochs} epochs were done" if training.epochs > 1 else "the only epoch was done"
