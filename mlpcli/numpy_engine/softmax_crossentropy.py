"""Softmax and crossentropy as one layer: together their slope is as simple as it gets, softmax(z) - y."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array


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
        """The slopes of the sum of all rows by the logits (n, classes)."""
        y, p = self.y, self.probabilities
        if y.ndim == p.ndim:
            return p * y.sum(axis=-1, keepdims=True) - y
        slopes = p.copy()
        rows = slopes.reshape(-1, p.shape[-1])
        rows[np.arange(len(rows)), y.reshape(-1)] -= 1
        return slopes
