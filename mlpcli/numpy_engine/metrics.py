"""The base class of metrics, accuracies, and counts at one threshold: precision, recall, F scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import NeedsKerasError
from mlpcli.numpy_engine.losses import EPSILON, aligned

CELLS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class Metric:
    """Accumulates over batches. `name` is its column in the history; y, p, z are as in `Loss`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def add(self, y: Array, p: Array, z: Array | None) -> None:
        """Add the rows of one batch."""
        raise NotImplementedError

    def result(self) -> float:
        """The value over all rows added so far."""
        raise NotImplementedError


class Counting(Metric):
    """True and false positives and negatives at one threshold, over all units; or precision or recall of them.

    >>> precision = Counting("precision", gives="precision")
    >>> precision.add(np.array([[1], [0], [1]]), np.array([[0.9], [0.8], [0.2]]), None)
    >>> precision.result()  # two positives, one of them right
    0.5
    """

    def __init__(
        self,
        name: str,
        gives: str,
        threshold: float | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> None:
        """gives: one of CELLS, "precision" or "recall"; top_k: only the largest outputs of a row count as positive."""
        super().__init__(name)
        self.gives, self.top_k, self.class_id = gives, top_k, class_id
        self.threshold = threshold if threshold is not None else (0.5 if top_k is None else -np.inf)
        self.counts = dict.fromkeys(CELLS, 0)

    def add(self, y: Array, p: Array, z: Array | None) -> None:
        true = aligned(y, p).astype(bool)
        positive = p > self.threshold
        if self.top_k is not None:
            positive &= _largest(p, self.top_k)
        if self.class_id is not None:
            true, positive = one_class(self.name, self.class_id, true, positive)
        for cell, counted in zip(
            CELLS, (true & positive, ~true & positive, ~true & ~positive, true & ~positive), strict=True
        ):
            self.counts[cell] += int(np.count_nonzero(counted))

    def result(self) -> float:
        if self.gives in CELLS:
            return float(self.counts[self.gives])
        other = "false_positives" if self.gives == "precision" else "false_negatives"
        right = self.counts["true_positives"]
        whole = right + self.counts[other]
        return right / whole if whole else 0.0


def _largest(p: Array, k: int) -> Array:
    """Where the k largest outputs of each row are; of equal ones the first."""
    chosen = np.zeros(p.shape, bool)
    np.put_along_axis(chosen, np.argsort(-p, axis=-1, kind="stable")[..., :k], True, axis=-1)
    return chosen


class FBetaScore(Metric):
    """(1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall), over all units or averaged over them."""

    def __init__(self, name: str, average: str = "macro", beta: float = 1.0, threshold: float | None = None) -> None:
        """average: micro, macro, weighted; threshold: None for "the largest output of a row is its class"."""
        super().__init__(name)
        self.average, self.beta, self.threshold = average, beta, threshold
        self.axis = None if average == "micro" else 0
        self.right: Any = 0.0
        self.claimed: Any = 0.0
        self.missed: Any = 0.0

    def add(self, y: Array, p: Array, z: Array | None) -> None:
        true = aligned(y, p).astype(np.float64)
        if self.threshold is None:
            positive = (p >= p.max(axis=-1, keepdims=True)) & (np.abs(p) > 1e-9)
        else:
            positive = p > self.threshold
        self.right = self.right + (true * positive).sum(axis=self.axis)
        self.claimed = self.claimed + ((1 - true) * positive).sum(axis=self.axis)
        self.missed = self.missed + (true * ~positive).sum(axis=self.axis)

    def result(self) -> float:
        precision = self.right / (self.right + self.claimed + EPSILON)
        recall = self.right / (self.right + self.missed + EPSILON)
        scores = (1 + self.beta**2) * precision * recall / (self.beta**2 * precision + recall + EPSILON)
        if self.average == "weighted":
            support = self.right + self.missed
            return float((scores * support).sum() / (support.sum() + EPSILON))
        return float(np.mean(scores))


class R2Score(Metric):
    """1 - the squared errors over the spread of the targets; the mean over the targets."""

    def __init__(self, name: str, num_regressors: int = 0) -> None:
        """num_regressors: above 0 for the adjusted score."""
        super().__init__(name)
        self.num_regressors = num_regressors
        self.rows, self.values = 0, 0
        self.first: Array | None = None
        self.sum: Any = 0.0
        self.squares: Any = 0.0
        self.errors: Any = 0.0

    def add(self, y: Array, p: Array, z: Array | None) -> None:
        y = aligned(y, p).astype(np.float64)
        if self.first is None:
            self.first = y[0].copy()  # taken off all targets, so that large numbers close together lose no digits
        self.rows, self.values = self.rows + len(y), self.values + y.size
        self.sum = self.sum + (y - self.first).sum(axis=0)
        self.squares = self.squares + np.square(y - self.first).sum(axis=0)
        self.errors = self.errors + np.square(y - p).sum(axis=0)

    def result(self) -> float:
        spread = self.squares - self.sum**2 / self.rows
        scores = np.where(spread > 0, 1 - self.errors / np.where(spread > 0, spread, 1), 0)
        score, rest = float(np.mean(scores)), self.values - self.num_regressors - 1
        return 1 - (1 - score) * (self.values - 1) / rest if self.num_regressors and rest > 0 else score


Rows = Callable[[Array, Array, "Array | None"], Array]


class MeanOfRows(Metric):
    """The mean of one number per row; `finish` is applied to it at the end."""

    def __init__(self, name: str, rows: Rows, finish: Callable[[float], float] = float) -> None:
        super().__init__(name)
        self.rows, self.finish = rows, finish
        self.total, self.count = 0.0, 0

    def add(self, y: Array, p: Array, z: Array | None) -> None:
        values = self.rows(y, p, z)
        if values.ndim > 1:
            values = values.reshape(len(values), -1).mean(axis=1)
        self.total += float(values.sum(dtype=np.float64))
        self.count += len(values)

    def result(self) -> float:
        return self.finish(self.total / self.count) if self.count else 0.0


def share(part: Array, whole: Array) -> Array:
    """part / whole in float32, as Keras keeps it, and 0 where the whole is 0."""
    part, whole = np.asarray(part, np.float32), np.asarray(whole, np.float32)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def one_class(name: str, class_id: int, true: Array, outputs: Array) -> tuple[Array, Array]:
    """Labels and outputs of one class alone.

    Raises:
        NeedsKerasError: the class does not exist.
    """
    if not 0 <= class_id < outputs.shape[-1]:
        raise NeedsKerasError(f"the metric {name}", f"class {class_id} does not exist")
    return true[..., class_id], outputs[..., class_id]


def binary_accuracy(threshold: float) -> Rows:
    """1 where the thresholded output equals the label (0 or 1), else 0; the mean over the units, (n,)."""

    def rows(y: Array, p: Array, z: Array | None) -> Array:
        return np.mean((p > threshold) == aligned(y, p), axis=-1)

    return rows


def categorical_accuracy(y: Array, p: Array, z: Array | None) -> Array:
    """Whether the class with the largest output is that with the largest label, (n,)."""
    return y.argmax(axis=-1) == p.argmax(axis=-1)


def sparse_categorical_accuracy(y: Array, p: Array, z: Array | None) -> Array:
    """Whether the largest output is that of the class index y (n,)."""
    return y.reshape(p.shape[:-1]) == p.argmax(axis=-1)


def top_k_categorical_accuracy(k: int) -> Rows:
    """Whether the true class is among the k largest outputs; labels are rows."""

    def rows(y: Array, p: Array, z: Array | None) -> Array:
        return among_largest(y.argmax(axis=-1), p, k)

    return rows


def sparse_top_k_categorical_accuracy(k: int) -> Rows:
    """The same for class indices (n,)."""

    def rows(y: Array, p: Array, z: Array | None) -> Array:
        return among_largest(y.reshape(p.shape[:-1]).astype(np.intp, copy=False), p, k)

    return rows


def among_largest(classes: Array, p: Array, k: int) -> Array:
    """Whether fewer than k outputs are larger than that of the class; outputs that are not finite are not."""
    true = np.take_along_axis(p, classes[..., np.newaxis], axis=-1)
    return ((p > true).sum(axis=-1) < k) & np.isfinite(true[..., 0])
