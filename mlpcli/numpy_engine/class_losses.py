"""Losses for classes other than plain crossentropy: hinge, focal and overlap losses, with Keras's formulas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.numpy_engine.crossentropy import binary_crossentropy, binary_slopes, through_shares
from mlpcli.numpy_engine.losses import EPSILON, Loss, MeanOverUnits, OverTheBatch, Slopes, aligned, clipped, smoothed


class Hinge(MeanOverUnits):
    """max(1 - y * p, 0), with 0 and 1 read as -1 and 1."""

    def each(self, y: Array, p: Array) -> Array:
        return np.maximum(1 - signed(y) * p, 0)

    def slope(self, y: Array, p: Array) -> Array:
        sides = signed(y)
        return np.where(sides * p <= 1, -sides, 0)


class SquaredHinge(MeanOverUnits):
    """The square of the hinge loss."""

    def each(self, y: Array, p: Array) -> Array:
        return np.square(np.maximum(1 - signed(y) * p, 0))

    def slope(self, y: Array, p: Array) -> Array:
        sides = signed(y)
        return -2 * sides * np.maximum(1 - sides * p, 0)


class CategoricalHinge(Loss):
    """max(largest wrong output - true output + 1, 0)."""

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        y = aligned(y, p)
        return np.maximum(((1 - y) * p).max(axis=-1) - (y * p).sum(axis=-1) + 1, 0)

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        y = aligned(y, p)
        wrong = (1 - y) * p
        largest = (wrong == wrong.max(axis=-1, keepdims=True)).astype(p.dtype)
        largest /= largest.sum(axis=-1, keepdims=True)
        active = self.rows(y, p, z)[..., np.newaxis] > 0
        return np.where(active, largest * (1 - y) - y, 0), None


@dataclass(frozen=True)
class CategoricalFocalCrossentropy(Loss):
    """Crossentropy that gives less weight to rows that are already classified well."""

    alpha: float = 0.25
    gamma: float = 2.0
    label_smoothing: float = 0.0

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        y = smoothed(aligned(y, p), self.label_smoothing, 1 / p.shape[-1])
        shares = clipped(p / p.sum(axis=-1, keepdims=True))[0]
        total: Array = (self.alpha * (1 - shares) ** self.gamma * -y * np.log(shares)).sum(axis=-1)
        return total

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        y = smoothed(aligned(y, p), self.label_smoothing, 1 / p.shape[-1])

        def slope(shares: Array) -> Array:
            rest = 1 - shares
            return self.alpha * y * rest**self.gamma * (self.gamma * np.log(shares) / rest - 1 / shares)

        return through_shares(p, slope), None


@dataclass(frozen=True)
class BinaryFocalCrossentropy(Loss):
    """The focal crossentropy of each unit by itself."""

    apply_class_balancing: bool = False
    alpha: float = 0.25
    gamma: float = 2.0
    label_smoothing: float = 0.0

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        y = smoothed(aligned(y, p), self.label_smoothing, 0.5)
        return np.mean(self._weight(y) * self._wrong(y, p) ** self.gamma * binary_crossentropy(y, p, z), axis=-1)

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        y = smoothed(aligned(y, p), self.label_smoothing, 0.5)
        weight, wrong = self._weight(y) / p.shape[-1], self._wrong(y, p)
        by_p = -self.gamma * wrong ** (self.gamma - 1) * (2 * y - 1) * binary_crossentropy(y, p, z) * weight
        inner_p, inner_z = binary_slopes(y, p, z)
        focus = weight * wrong**self.gamma
        if inner_p is not None:
            by_p = by_p + focus * inner_p
        return by_p, None if inner_z is None else focus * inner_z

    def _wrong(self, y: Array, p: Array) -> Array:
        """The probability given to the wrong side, for each unit."""
        return 1 - (y * p + (1 - y) * (1 - p))

    def _weight(self, y: Array) -> Array:
        return y * self.alpha + (1 - y) * (1 - self.alpha) if self.apply_class_balancing else np.ones_like(y)


class Dice(OverTheBatch):
    """1 - twice the overlap of targets and outputs over the sum of both."""

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        y = aligned(y, p)
        return np.asarray(1 - 2 * (y * p).sum() / (y.sum() + p.sum() + EPSILON))

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        y = aligned(y, p)
        whole = y.sum() + p.sum() + EPSILON
        return -2 * (y * whole - (y * p).sum()) / whole**2, None


@dataclass(frozen=True)
class Tversky(OverTheBatch):
    """As Dice, with a weight alpha for what was missed, and beta for what was claimed wrongly."""

    alpha: float = 0.5
    beta: float = 0.5

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        overlap, whole = self._parts(aligned(y, p), p)
        return np.asarray(1 - overlap / whole)

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        y = aligned(y, p)
        overlap, whole = self._parts(y, p)
        growth = y - self.alpha * y + self.beta * (1 - y)
        return -(y * whole - overlap * growth) / whole**2, None

    def _parts(self, y: Array, p: Array) -> tuple[Array, Array]:
        overlap = (y * p).sum()
        missed, claimed = ((1 - p) * y).sum(), (p * (1 - y)).sum()
        return overlap, overlap + self.alpha * missed + self.beta * claimed + EPSILON


def signed(y: Array) -> Array:
    """Labels 0 and 1 as -1 and 1; others as they are."""
    return 2 * y - 1 if np.all((y == 0) | (y == 1)) else y
