"""Losses between numbers, with Keras's formulas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.loss import EPSILON, Loss, MeanOverUnits, Slopes, aligned
from mlpcli.numpy_engine.smooth_activations import softplus


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
