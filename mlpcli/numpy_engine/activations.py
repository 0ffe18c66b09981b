"""Activation functions and their derivatives: smooth ones, rectifiers, softmaxes.

None overflows on the way to a result that is finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_LARGEST_EXPONENT = {np.dtype(np.float32): 88.0, np.dtype(np.float64): 709.0}
"""exp overflows above it."""


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    y = np.minimum(np.negative(x), _LARGEST_EXPONENT[x.dtype])
    np.exp(y, out=y)
    y += 1
    return np.reciprocal(y, out=y)


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return np.logaddexp(x, x.dtype.type(0))


def elu(alpha: float = 1.0) -> Pointwise:
    """x above 0, alpha * (exp(x) - 1) below."""

    def value(x: Array) -> Array:
        return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))

    def slope(x: Array, y: Array) -> Array:
        return np.where(x > 0, x.dtype.type(1), alpha * np.exp(np.minimum(x, 0)))

    return Pointwise(value, slope)


def erf(x: Array) -> Array:
    """The error function: exact in float64, within 2e-7 in float32 (Abramowitz and Stegun, 7.1.26).

    NumPy has none, and importing scipy.special takes longer than everything else a prediction does.
    """
    if x.dtype == np.float64:
        return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), np.float64)
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.copysign(1 - series * np.exp(-np.minimum(np.square(x), 87)), x)


def _normal_share(x: Array) -> Array:
    """The share of a standard normal distribution below x."""
    return (1 + erf(x * math.sqrt(0.5))) / 2


def _gelu_slope(x: Array, y: Array) -> Array:
    density = np.exp(-np.minimum(np.square(x), 170) / 2) / math.sqrt(2 * math.pi)
    return _normal_share(x) + x * density


def _selu(x: Array) -> Array:
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


def _selu_slope(x: Array, y: Array) -> Array:
    return SELU_SCALE * np.where(x > 0, x.dtype.type(1), SELU_ALPHA * np.exp(np.minimum(x, 0)))


def _silu_slope(x: Array, y: Array) -> Array:
    s = sigmoid(x)
    return s + y * (1 - s)


def _mish_slope(x: Array, y: Array) -> Array:
    t = np.tanh(softplus(x))
    return t + x * (1 - np.square(t)) * sigmoid(x)


def _squareplus_slope(x: Array, y: Array) -> Array:
    return (1 + x / np.sqrt(np.square(x) + 4)) / 2


@dataclass(frozen=True)
class Pointwise:
    """A function of one number, applied to each: `value(x)` is y, `slope(x, y)` is dy/dx."""

    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]


SILU = Pointwise(lambda x: x * sigmoid(x), _silu_slope)
SMOOTH = {
    "sigmoid": Pointwise(sigmoid, lambda x, y: y * (1 - y)),
    "tanh": Pointwise(lambda x: np.tanh(x), lambda x, y: 1 - np.square(y)),
    "gelu": Pointwise(lambda x: x * _normal_share(x), _gelu_slope),
    "elu": elu(),
    "celu": elu(),
    "selu": Pointwise(_selu, _selu_slope),
    "silu": SILU,
    "swish": SILU,
    "softplus": Pointwise(softplus, lambda x, y: sigmoid(x)),
    "mish": Pointwise(lambda x: x * np.tanh(softplus(x)), _mish_slope),
    "exponential": Pointwise(lambda x: np.exp(x), lambda x, y: y),
    "log_sigmoid": Pointwise(lambda x: -softplus(-x), lambda x, y: sigmoid(-x)),
    "softsign": Pointwise(lambda x: x / (1 + np.abs(x)), lambda x, y: 1 / np.square(1 + np.abs(x))),
    "squareplus": Pointwise(lambda x: (x + np.sqrt(np.square(x) + 4)) / 2, _squareplus_slope),
    "tanh_shrink": Pointwise(lambda x: x - np.tanh(x), lambda x, y: np.square(np.tanh(x))),
}
"""By Keras's names; celu with Keras's own alpha of 1 is elu."""


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


@dataclass(frozen=True)
class Rowwise:
    """A function of a whole row: `value(x)` is y; `slope(g, x, y)` turns the gradient by y into that by x."""

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
    """Like softmax, but small probabilities become exactly 0."""
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
