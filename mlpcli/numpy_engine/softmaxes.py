"""Activations that look at all units of a row at once: softmax, its logarithm, and sparsemax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlpcli.data.dataset import Array


@dataclass(frozen=True)
class Rowwise:
    """A function of a whole row: `value(x)` is y, `slope(g, x, y)` turns slopes by y into slopes by x."""

    value: Callable[[Array], Array]
    slope: Callable[[Array, Array, Array], Array]


def softmax(x: Array) -> Array:
    """exp(x) over its sum in each row; the largest x is taken off first, so that nothing overflows."""
    y = x - np.maximum.reduce(x, axis=-1, keepdims=True)
    np.exp(y, out=y)
    y /= np.add.reduce(y, axis=-1, keepdims=True)
    return y


def softmax_slope(gradient: Array, x: Array, y: Array) -> Array:
    """y * (g - sum(g * y)): each unit gives to all others of its row."""
    return y * (gradient - np.add.reduce(gradient * y, axis=-1, keepdims=True))


def log_softmax(x: Array) -> Array:
    """log(softmax(x)), also where softmax(x) itself would be rounded to 0."""
    y = x - np.maximum.reduce(x, axis=-1, keepdims=True)
    y -= np.log(np.add.reduce(np.exp(y), axis=-1, keepdims=True))
    return y


def _log_softmax_slope(gradient: Array, x: Array, y: Array) -> Array:
    return gradient - np.exp(y) * np.add.reduce(gradient, axis=-1, keepdims=True)


def _threshold(x: Array) -> tuple[Array, Array, Array]:
    """What Keras takes off each row (n, 1), the ranks of its units from 1, and how many units that threshold counts.

    Keras adds up the running sums of the counted units where the paper (Martins and Astudillo, 2016) has their last
    one, so that its rows need not add up to 1. The numbers here are Keras's.
    """
    order = np.argsort(-x, axis=-1, kind="stable")
    ranked = np.take_along_axis(x, order, axis=-1)
    running = np.cumsum(ranked, axis=-1)
    rank = np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    counted = ranked - (running - 1) / rank > 0
    count = counted.sum(axis=-1, keepdims=True, dtype=x.dtype)
    threshold = (np.where(counted, running, 0).sum(axis=-1, keepdims=True) - 1) / count
    ranks = np.empty_like(x)
    np.put_along_axis(ranks, order, np.broadcast_to(rank, x.shape), axis=-1)
    return threshold, ranks, count


def _sparsemax(x: Array) -> Array:
    """Small units become exactly 0."""
    return np.maximum(x - _threshold(x)[0], 0)


def _sparsemax_slope(gradient: Array, x: Array, y: Array) -> Array:
    """A unit moves itself, and by way of the threshold all others that are above 0."""
    _, rank, count = _threshold(x)
    active = np.where(y > 0, gradient, 0)
    share = np.maximum(count - rank + 1, 0) / count
    return active - share * active.sum(axis=-1, keepdims=True)


ROWWISE = {
    "softmax": Rowwise(softmax, softmax_slope),
    "log_softmax": Rowwise(log_softmax, _log_softmax_slope),
    "sparsemax": Rowwise(_sparsemax, _sparsemax_slope),
}
"""By Keras's names."""
