"""The base class of losses, regression losses with Keras's formulas, and penalties on weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import LeftToKerasError
from mlpcli.numpy_engine.activations import softplus


class Loss:
    """y: targets; p: outputs; z: logits, or None where the network does not end in a softmax or a sigmoid.

    Targets and outputs have the same shape (n, units), but for class indices (n,).
    """

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        """The loss of each row (n,), or one number () for a loss of the whole batch."""
        raise NotImplementedError

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        """The gradients of the sum over all rows."""
        raise NotImplementedError

    def value(self, y: Array, p: Array, z: Array | None, row_weights: Array | None = None) -> float:
        """The mean over the rows, each times its weight."""
        rows = self.rows(y, p, z)
        if row_weights is not None:
            rows = rows * row_weights
        return float(np.mean(rows, dtype=np.float64))

    def gradient(self, y: Array, p: Array, z: Array | None, row_weights: Array | None = None) -> Slopes:
        """The gradients of `value`."""
        by_p, by_z = self.slopes(y, p, z)
        share = self.share(y, p, row_weights)
        return None if by_p is None else by_p * share, None if by_z is None else by_z * share

    def share(self, y: Array, p: Array, row_weights: Array | None) -> float | Array:
        """The weight of each row in the mean: one number for all rows, or an array that broadcasts with p."""
        count = p[..., 0].size
        if row_weights is None:
            return 1 / count
        weights: Array = (row_weights / count).astype(p.dtype).reshape(-1, *[1] * (p.ndim - 1))
        return weights


class MeanOverUnits(Loss):
    """A loss that is the mean, over the units of a row, of something between one target and one output."""

    def each(self, y: Array, p: Array) -> Array:
        """The loss of every pair of target and output, (n, units)."""
        raise NotImplementedError

    def slope(self, y: Array, p: Array) -> Array:
        """Its derivative by the output, (n, units)."""
        raise NotImplementedError

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        return np.mean(self.each(aligned(y, p), p), axis=-1)

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        return self.slope(aligned(y, p), p) / p.shape[-1], None


class MeanSquaredError(MeanOverUnits):
    """(p - y) ** 2."""

    def each(self, y: Array, p: Array) -> Array:
        return np.square(p - y)

    def slope(self, y: Array, p: Array) -> Array:
        return 2 * (p - y)


class MeanAbsoluteError(MeanOverUnits):
    """|p - y|."""

    def each(self, y: Array, p: Array) -> Array:
        return np.abs(p - y)

    def slope(self, y: Array, p: Array) -> Array:
        return np.sign(p - y)


class MeanAbsolutePercentageError(MeanOverUnits):
    """100 * |p - y| / |y|; targets next to 0 count as 1e-7."""

    def each(self, y: Array, p: Array) -> Array:
        return 100 * np.abs((y - p) / np.maximum(np.abs(y), EPSILON))

    def slope(self, y: Array, p: Array) -> Array:
        return 100 * np.sign(p - y) / np.maximum(np.abs(y), EPSILON)


class MeanSquaredLogarithmicError(MeanOverUnits):
    """(log(1 + p) - log(1 + y)) ** 2; what lies below 0 counts as 0."""

    def each(self, y: Array, p: Array) -> Array:
        return np.square(self._difference(y, p))

    def slope(self, y: Array, p: Array) -> Array:
        return np.where(p >= EPSILON, 2 * self._difference(y, p) / (np.maximum(p, EPSILON) + 1), 0)

    def _difference(self, y: Array, p: Array) -> Array:
        return np.log(np.maximum(p, EPSILON) + 1) - np.log(np.maximum(y, EPSILON) + 1)


@dataclass(frozen=True)
class Huber(MeanOverUnits):
    """A parabola up to delta, a straight line beyond."""

    delta: float = 1.0

    def each(self, y: Array, p: Array) -> Array:
        error = np.abs(p - y)
        return np.where(error <= self.delta, error * error / 2, self.delta * error - self.delta**2 / 2)

    def slope(self, y: Array, p: Array) -> Array:
        return np.clip(p - y, -self.delta, self.delta)


class LogCosh(MeanOverUnits):
    """log(cosh(p - y)): a parabola near 0, a straight line far away."""

    def each(self, y: Array, p: Array) -> Array:
        error = p - y
        return error + softplus(-2 * error) - float(np.log(2))

    def slope(self, y: Array, p: Array) -> Array:
        return np.tanh(p - y)


class Poisson(MeanOverUnits):
    """p - y * log(p)."""

    def each(self, y: Array, p: Array) -> Array:
        return p - y * np.log(p + EPSILON)

    def slope(self, y: Array, p: Array) -> Array:
        return 1 - y / (p + EPSILON)


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between targets and outputs: -1 where they point the same way."""

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        cosine: Array = -(unit(aligned(y, p)) * unit(p)).sum(axis=-1)
        return cosine

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        direction, target = unit(p), unit(aligned(y, p))
        along = (direction * target).sum(axis=-1, keepdims=True)
        return (direction * along - target) * _inverse_length(p), None


def unit(x: Array) -> Array:
    """Each row with length 1."""
    return x * _inverse_length(x)


def _inverse_length(x: Array) -> Array:
    squares = np.square(x).sum(axis=-1, keepdims=True)
    return np.minimum(1 / np.sqrt(np.maximum(squares, np.finfo(x.dtype).tiny)), 1 / EPSILON)


EPSILON = 1e-7
"""Keras's: probabilities are held between it and 1 - it before their logarithm is taken."""
Slopes = tuple[Array | None, Array | None]
"""Gradients by the outputs and by the logits (inputs of the final softmax or sigmoid); None for no gradient there."""


class OverTheBatch(Loss):
    """A loss that is one ratio over the whole batch instead of a mean over rows."""

    def share(self, y: Array, p: Array, row_weights: Array | None) -> float | Array:
        return 1.0 if row_weights is None else float(row_weights.mean())


def aligned(y: Array, p: Array) -> Array:
    """Targets in the type and the rank of the outputs: (n,) becomes (n, 1)."""
    y = y.astype(p.dtype, copy=False)
    return y[..., np.newaxis] if y.ndim == p.ndim - 1 else y


def smoothed(y: Array, amount: float, floor: float) -> Array:
    """Labels moved by `amount` towards `floor`."""
    return y * (1 - amount) + amount * floor if amount else y


def clipped(p: Array) -> tuple[Array, Array]:
    """Probabilities clipped so that their logarithms are finite, and a mask of those left unchanged."""
    low, high = p.dtype.type(EPSILON), p.dtype.type(1 - EPSILON)
    return np.clip(p, low, high), (p >= low) & (p <= high)


@dataclass(frozen=True, eq=False)
class InUnits(Loss):
    """Another loss, of targets and outputs that are divided by the deviations (units,) of the targets."""

    loss: Loss
    deviations: tuple[float, ...]

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        deviations = np.asarray(self.deviations, p.dtype)
        return self.loss.rows(y / deviations, p / deviations, z)

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        deviations = np.asarray(self.deviations, p.dtype)
        by_p, by_z = self.loss.slopes(y / deviations, p / deviations, z)
        return None if by_p is None else by_p / deviations, by_z


@dataclass(frozen=True)
class Penalty:
    """l1 times the sum of the absolute weights, plus l2 times the sum of their squares."""

    l1: float = 0.0
    l2: float = 0.0

    @classmethod
    def of(cls, described: Any) -> Penalty | None:
        """From a component of the schema; None where there is none.

        Raises:
            LeftToKerasError: it is not l1, l2 or l1_l2.
        """
        if described is None:
            return None
        if described.tag not in ("l1", "l2", "l1_l2"):
            raise LeftToKerasError("a regularizer other than l1 and l2")
        return cls(getattr(described, "l1", 0.0), getattr(described, "l2", 0.0))

    def value(self, weights: Array) -> float:
        """What it adds to the loss."""
        total = 0.0
        if self.l1:
            total += self.l1 * float(np.abs(weights).sum(dtype=np.float64))
        if self.l2:
            total += self.l2 * float(np.square(weights).sum(dtype=np.float64))
        return total

    def add_slope(self, weights: Array, gradient: Array) -> None:
        """Add its gradient to `gradient`, in place."""
        if self.l1:
            gradient += self.l1 * np.sign(weights)
        if self.l2:
            gradient += (2 * self.l2) * weights
