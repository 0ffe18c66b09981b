"""Crossentropies, and softmax with crossentropy as one layer, with Keras's formulas.

Where the network ends in a softmax or a sigmoid, Keras computes them from the logits, whichever of the two it was:
log(softmax(z)) keeps the digits that softmax(z) has lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.numpy_engine.activations import sigmoid, softplus
from mlpcli.numpy_engine.losses import Loss, Slopes, aligned, clipped, smoothed


@dataclass(frozen=True)
class SparseCategoricalCrossentropy(Loss):
    """-log of the true class's probability; targets are class indices (n,)."""

    from_logits: bool = False

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        return SoftmaxCrossentropy().forward(*self._logits(y, p, z))

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        fused = SoftmaxCrossentropy()
        labels, logits = self._logits(y, p, z)
        fused.forward(labels, logits)
        slope = fused.backward()
        if z is not None:
            return None, slope
        if self.from_logits:
            return slope, None
        probabilities, inside = clipped(p)
        return np.where(inside, slope / probabilities, 0), None

    def _logits(self, y: Array, p: Array, z: Array | None) -> tuple[Array, Array]:
        """Without logits, the logarithms of the probabilities serve as such."""
        labels = y.reshape(p.shape[:-1]).astype(np.intp, copy=False)
        if z is None:
            z = p if self.from_logits else np.log(clipped(p)[0])
        return labels, z


@dataclass(frozen=True)
class CategoricalCrossentropy(Loss):
    """As the sparse one; targets are one row of shares per row."""

    label_smoothing: float = 0.0
    from_logits: bool = False

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        y, z = self._smoothed(y, p), p if self.from_logits and z is None else z
        if z is not None:
            return SoftmaxCrossentropy().forward(y, z)
        shares = clipped(p / p.sum(axis=-1, keepdims=True))[0]
        total: Array = -(y * np.log(shares)).sum(axis=-1)
        return total

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        y = self._smoothed(y, p)
        if z is not None or self.from_logits:
            fused = SoftmaxCrossentropy()
            fused.forward(y, p if z is None else z)
            return (None, fused.backward()) if z is not None else (fused.backward(), None)
        return through_shares(p, lambda shares: -y / shares), None

    def _smoothed(self, y: Array, p: Array) -> Array:
        return smoothed(aligned(y, p), self.label_smoothing, 1 / p.shape[-1])


@dataclass(frozen=True)
class BinaryCrossentropy(Loss):
    """-log of the probability of the true label, for each unit by itself; the mean over the units."""

    label_smoothing: float = 0.0
    from_logits: bool = False

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        z = p if self.from_logits and z is None else z
        return np.mean(binary_crossentropy(self._smoothed(y, p), p, z), axis=-1)

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        by_p, by_z = binary_slopes(self._smoothed(y, p), p, p if self.from_logits and z is None else z)
        if by_p is not None:
            return by_p / p.shape[-1], None
        assert by_z is not None
        slope = by_z / p.shape[-1]
        return (None, slope) if z is not None else (slope, None)

    def _smoothed(self, y: Array, p: Array) -> Array:
        return smoothed(aligned(y, p), self.label_smoothing, 0.5)


class KLDivergence(Loss):
    """y * log(y / p): how far the probabilities p are from the shares y."""

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        shares, outputs = (np.clip(values, 1e-7, 1) for values in (aligned(y, p), p))
        total: Array = (shares * np.log(shares / outputs)).sum(axis=-1)
        return total

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        shares = np.clip(aligned(y, p), 1e-7, 1)
        return np.where((p >= 1e-7) & (p <= 1), -shares / np.clip(p, 1e-7, 1), 0), None


def binary_crossentropy(y: Array, p: Array, z: Array | None) -> Array:
    """The loss of every unit, computed from the logits where they are given."""
    if z is not None:
        return softplus(z) - y * z
    p = clipped(p)[0]
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def binary_slopes(y: Array, p: Array, z: Array | None) -> Slopes:
    """The gradient of `binary_crossentropy` by the logits where they are given, else by the outputs."""
    if z is not None:
        return None, sigmoid(z) - y
    held, inside = clipped(p)
    return np.where(inside, (1 - y) / (1 - held) - y / held, 0), None


def through_shares(p: Array, slope: Callable[[Array], Array]) -> Array:
    """The gradient by p, from that by p / sum(p) clipped to [epsilon, 1 - epsilon]."""
    total = p.sum(axis=-1, keepdims=True)
    shares = p / total
    held, inside = clipped(shares)
    by_share = np.where(inside, slope(held), 0)
    return (by_share - (by_share * shares).sum(axis=-1, keepdims=True)) / total


class SoftmaxCrossentropy:
    """-sum(y * log(softmax(z))) for each row; nothing overflows, and no probability is rounded to 0."""

    def forward(self, y: Array, z: Array) -> Array:
        """The loss of each row (n,).

        Args:
            y: class indices (n,), or shares (n, classes).
            z: logits (n, classes).
        """
        shifted = z - np.maximum.reduce(z, axis=-1, keepdims=True)
        powers = np.exp(shifted)
        total = np.add.reduce(powers, axis=-1, keepdims=True)
        powers /= total
        self.y, self.probabilities = y, powers
        if y.ndim == z.ndim:
            shifted -= np.log(total)
            loss: Array = -(y * shifted).sum(axis=-1)
            return loss
        flat = shifted.reshape(-1, z.shape[-1])
        true = flat[np.arange(len(flat)), y.reshape(-1)]
        return np.log(total[..., 0]) - true.reshape(y.shape)

    def backward(self) -> Array:
        """The gradient of the sum over all rows by the logits, (n, classes)."""
        y, p = self.y, self.probabilities
        if y.ndim == p.ndim:
            return p * y.sum(axis=-1, keepdims=True) - y
        slopes = p.copy()
        rows = slopes.reshape(-1, p.shape[-1])
        rows[np.arange(len(rows)), y.reshape(-1)] -= 1
        return slopes
