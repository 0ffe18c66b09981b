"""Activations that are made of straight pieces (one of parabolas), each with its slope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlpcli.data.dataset import Array


@dataclass(frozen=True)
class Pointwise:
    """A function of one number, applied to each: `value(x)` is y, `slope(x, y)` is dy/dx."""

    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]


def leaky_relu(negative_slope: float) -> Pointwise:
    """x above 0, and negative_slope * x below."""

    def value(x: Array) -> Array:
        return np.where(x > 0, x, x * negative_slope)

    def slope(x: Array, y: Array) -> Array:
        return np.where(x > 0, x.dtype.type(1), x.dtype.type(negative_slope))

    return Pointwise(value, slope)


def relu(max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0) -> Pointwise:
    """Keras's ReLU layer: f(x) = x from the threshold to max_value, negative_slope * (x - threshold) below."""

    def value(x: Array) -> Array:
        above = np.where(x > threshold, x, 0 * x) if threshold else np.maximum(x, 0)
        limited = above if max_value is None else np.minimum(above, max_value)
        return limited - negative_slope * np.maximum(threshold - x, 0) if negative_slope else limited

    def slope(x: Array, y: Array) -> Array:
        rising = x > threshold if max_value is None else (x > threshold) & (x < max_value)
        return np.where(x < threshold, x.dtype.type(negative_slope), _ones(rising, x))

    return Pointwise(value, slope)


def _ones(where: Array, x: Array) -> Array:
    """1 where it holds, 0 elsewhere, in the type of x."""
    return where.astype(x.dtype)


def _hard_sigmoid(x: Array) -> Array:
    return np.clip(x + 3, 0, 6) / 6


def _hard_sigmoid_slope(x: Array, y: Array) -> Array:
    return _ones(np.abs(x) < 3, x) / 6


def _soft_shrink(x: Array) -> Array:
    return np.where(np.abs(x) > 0.5, x - np.copysign(x.dtype.type(0.5), x), 0 * x)


def _sparse_plus(x: Array) -> Array:
    return np.where(x < 1, np.square(np.maximum(x, -1).clip(max=1) + 1) / 4, x)


RELU = Pointwise(lambda x: np.maximum(x, 0), lambda x, y: _ones(x > 0, x))
HARD_SILU = Pointwise(
    lambda x: x * _hard_sigmoid(x), lambda x, y: _hard_sigmoid(x) + x * _hard_sigmoid_slope(x, y)
)  # fmt: skip

RECTIFIERS = {
    "relu": RELU,
    "relu6": relu(max_value=6.0),
    "leaky_relu": leaky_relu(0.2),
    "hard_sigmoid": Pointwise(_hard_sigmoid, _hard_sigmoid_slope),
    "hard_silu": HARD_SILU,
    "hard_swish": HARD_SILU,
    "hard_tanh": Pointwise(lambda x: np.clip(x, -1, 1), lambda x, y: _ones(np.abs(x) <= 1, x)),
    "hard_shrink": Pointwise(lambda x: np.where(np.abs(x) > 0.5, x, 0 * x), lambda x, y: _ones(np.abs(x) > 0.5, x)),
    "soft_shrink": Pointwise(_soft_shrink, lambda x, y: _ones(np.abs(x) > 0.5, x)),
    "sparse_plus": Pointwise(_sparse_plus, lambda x, y: np.clip((x + 1) / 2, 0, 1)),
}
"""By Keras's names, with Keras's constants."""
