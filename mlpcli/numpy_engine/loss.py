"""What every loss is: one number per row, and the slopes of their mean by the outputs of the network."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array

EPSILON = 1e-7
"""Keras's: probabilities are held between it and 1 - it before their logarithm is taken."""

Slopes = tuple[Array | None, Array | None]
"""By the outputs, and by the logits (what went into the softmax or the sigmoid at the end); None for no slope there."""


class Loss:
    """y: targets; p: outputs; z: logits, or None where the network does not end in a softmax or a sigmoid.

    Targets and outputs have the same shape (n, units), but for class indices (n,).
    """

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        """The loss of each row (n,), or one number () where it is made of the whole batch."""
        raise NotImplementedError

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        """The slopes of the sum over all rows."""
        raise NotImplementedError

    def value(self, y: Array, p: Array, z: Array | None, row_weights: Array | None = None) -> float:
        """The mean over the rows, each times its weight."""
        rows = self.rows(y, p, z)
        if row_weights is not None:
            rows = rows * row_weights
        return float(np.mean(rows, dtype=np.float64))

    def gradient(self, y: Array, p: Array, z: Array | None, row_weights: Array | None = None) -> Slopes:
        """The slopes of `value`."""
        by_p, by_z = self.slopes(y, p, z)
        share = self.share(y, p, row_weights)
        return None if by_p is None else by_p * share, None if by_z is None else by_z * share

    def share(self, y: Array, p: Array, row_weights: Array | None) -> float | Array:
        """What one row counts in the mean."""
        count = p[..., 0].size
        if row_weights is None:
            return 1 / count
        weights: Array = (row_weights / count).astype(p.dtype).reshape(-1, *[1] * (p.ndim - 1))
        return weights


class MeanOverUnits(Loss):
    """A loss that is the mean, over the units of a row, of something between one target and one output."""

    def each(self, y: Array, p: Array) -> Array:
        """For every pair of numbers."""
        raise NotImplementedError

    def slope(self, y: Array, p: Array) -> Array:
        """By the output."""
        raise NotImplementedError

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        return np.mean(self.each(aligned(y, p), p), axis=-1)

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        return self.slope(aligned(y, p), p) / p.shape[-1], None


class OverTheBatch(Loss):
    """A loss that is one ratio for the whole batch, and not a mean of rows."""

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
    """Probabilities with finite logarithms, and where that changed nothing (elsewhere there is no slope)."""
    low, high = p.dtype.type(EPSILON), p.dtype.type(1 - EPSILON)
    return np.clip(p, low, high), (p >= low) & (p <= high)
