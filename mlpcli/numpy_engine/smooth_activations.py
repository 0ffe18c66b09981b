"""Activations without corners, each with its slope; none overflows on the way to a result that is finite."""

from __future__ import annotations

import math

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.rectifiers import Pointwise

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_LARGEST_EXPONENT = {np.dtype(np.float32): 88.0, np.dtype(np.float64): 709.0}
"""Above it exp is infinite."""


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
