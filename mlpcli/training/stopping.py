"""Early stopping and the learning rate on a plateau, with the rules of Keras's callbacks of these names.

With `training.engine: keras` they are those callbacks; `tests/training/test_numpy_stopping.py` holds these to them. The
state of a rule is what it has seen so far; a new rule with the same settings and state decides the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.metrics import Metric, higher_is_better
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.sections import EarlyStopping
from mlpcli.model.plan import accuracy_name


class Monitor:
    """The monitored value: its name, whether lower or higher is better, and the best so far."""

    def __init__(self, settings: EarlyStopping | ReduceLROnPlateau, metrics: Sequence[Metric]) -> None:
        self.settings, self.monitor = settings, settings.monitor
        rising = settings.mode == "max" or (settings.mode == "auto" and higher_is_better(settings.monitor, metrics))
        self.monitor_op: Callable[[Any, Any], bool] = operator.gt if rising else operator.lt
        self.margin = settings.min_delta if rising else -settings.min_delta
        self.best: float | None = None

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether the value is better than the reference by more than the margin, in float32 as Keras compares.

        Anything is better than no reference.
        """
        return reference is None or bool(self.monitor_op(np.float32(value - self.margin), np.float32(reference)))


class StopEarlyState(TypedDict):
    """Numbers and arrays; epochs count from 0."""

    best: float | None
    best_epoch: int
    best_weights: list[Array] | None
    wait: int
    stopped_epoch: int


class StopEarly(Monitor):
    """Early stopping that keeps the weights of the best epoch; epochs count from 0."""

    def __init__(self, settings: EarlyStopping, metrics: Sequence[Metric], min_epochs: int = 0) -> None:
        """min_epochs: so many are done in any case."""
        super().__init__(settings, metrics)
        self.min_epochs = min_epochs
        self.settings: EarlyStopping = settings
        self.patience, self.baseline = settings.patience, settings.baseline
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: list[Array] | None = None

    def look(self, epoch: int, logs: Logs, weights: list[Array]) -> bool:
        """Called after each epoch; returns whether to stop. `weights`: the current ones, kept, not copied."""
        current, keeps = logs[self.monitor], self.settings.restore_best_weights
        if epoch < self.settings.start_from_epoch:
            return False
        if keeps and self.best_weights is None:
            self.best_weights, self.best_epoch = weights, epoch
        self.wait += 1
        if self.improves(current, self.best):
            self.best, self.best_epoch = current, epoch
            if keeps:
                self.best_weights = weights
            if self.baseline is None or self.improves(current, self.baseline):
                self.wait = 0
            return False
        if self.settings.ties == "last" and self.best is not None and np.float32(current) == np.float32(self.best):
            self.best_epoch = epoch
            if keeps:
                self.best_weights = weights
        if self.wait >= self.patience and epoch > 0 and epoch + 1 >= self.min_epochs:
            self.stopped_epoch = epoch
            return True
        return False

    def get_state(self) -> StopEarlyState:
        """What the rule has seen; the weights are not copied."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
            "wait": self.wait,
            "stopped_epoch": self.stopped_epoch,
        }

    def set_state(self, state: StopEarlyState) -> None:
        """The reverse of `get_state`."""
        self.best, self.best_epoch, self.best_weights = state["best"], state["best_epoch"], state["best_weights"]
        self.wait, self.stopped_epoch = state["wait"], state["stopped_epoch"]


class LowerRateState(TypedDict):
    """The rate itself is the optimizer's."""

    best: float | None
    wait: int
    cooldown: int


class LowerRate(Monitor):
    """Lowers the learning rate when the monitored value stops improving."""

    def __init__(self, settings: ReduceLROnPlateau, metrics: Sequence[Metric]) -> None:
        super().__init__(settings, metrics)
        self.settings: ReduceLROnPlateau = settings
        self.wait = self.cooldown = 0

    def look(self, logs: Logs, rate: float) -> float:
        """Called after each epoch with the current learning rate; returns the rate from now on."""
        if self.cooldown > 0:
            self.cooldown -= 1
            self.wait = 0
        if self.improves(logs[self.monitor], self.best):
            self.best, self.wait = logs[self.monitor], 0
        elif self.cooldown == 0:
            self.wait += 1
            if self.wait >= self.settings.patience and rate > np.float32(self.settings.min_lr):
                self.cooldown, self.wait = self.settings.cooldown, 0
                return max(rate * self.settings.factor, self.settings.min_lr)
        return rate

    def get_state(self) -> LowerRateState:
        """What the rule has seen."""
        return {"best": self.best, "wait": self.wait, "cooldown": self.cooldown}

    def set_state(self, state: LowerRateState) -> None:
        """The reverse of `get_state`."""
        self.best, self.wait, self.cooldown = state["best"], state["wait"], state["cooldown"]


Logs = Mapping[str, Any]
"""Loss and metrics of an epoch by name, those of the validation rows with val_ before it."""


class AccuraciesMeetState(TypedDict):
    """metric: the accuracy that was last looked at, or ""."""

    metric: str
    met: bool


class AccuraciesMeet:
    """Stops when training and validation accuracy differ by at most `tolerance`."""

    def __init__(self, tolerance: float, min_epochs: int = 0) -> None:
        """min_epochs: so many are done in any case."""
        self.tolerance, self.min_epochs = tolerance, min_epochs
        self.metric = ""
        self.met = False

    def look(self, epoch: int, logs: Logs) -> bool:
        """Called after each epoch, counted from 0; returns whether to stop."""
        self.metric = accuracy_name(list(logs)) or ""
        met = abs(logs[self.metric] - logs[f"val_{self.metric}"]) <= self.tolerance
        self.met = bool(met) and epoch + 1 >= self.min_epochs
        return self.met

    def get_state(self) -> AccuraciesMeetState:
        """What the rule has seen."""
        return {"metric": self.metric, "met": self.met}

    def set_state(self, state: AccuraciesMeetState) -> None:
        """The reverse of `get_state`."""
        self.metric, self.met = state["metric"], state["met"]
