"""Accuracies: how many rows (or units) are right."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.loss import aligned
from mlpcli.numpy_engine.metric import Rows


def binary_accuracy(threshold: float) -> Rows:
    """Whether output and threshold agree with a label of 0 or 1; the mean over the units."""

    def rows(y: Array, p: Array, z: Array | None) -> Array:
        return np.mean((p > threshold) == aligned(y, p), axis=-1)

    return rows


def categorical_accuracy(y: Array, p: Array, z: Array | None) -> Array:
    """Whether the largest output is that of the largest label."""
    return y.argmax(axis=-1) == p.argmax(axis=-1)


def sparse_categorical_accuracy(y: Array, p: Array, z: Array | None) -> Array:
    """Whether the largest output is that of the class (n,)."""
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
