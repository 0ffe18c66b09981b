"""Initial weights, drawn by NumPy from Keras's distributions (not from Keras's random numbers)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import LeftToKerasError
from mlpcli.model.members import ADAPT, OWN_OUTPUT, EinsumDense
from mlpcli.model.shapes import Shape

Draw = Callable[[Any, Shape, "np.random.Generator"], Array]
"""From a component of the schema."""
_TRUNCATED_DEVIATION = 0.87962566103423978
"""The standard deviation of a standard normal distribution that is cut off at -2 and 2."""


def initial(described: Any, name: str, shape: Shape, draws: np.random.Generator) -> Array:
    """The weight called `name` of the layer that a component of the schema describes, in float64.

    Raises:
        LeftToKerasError: its initializer is not supported.
    """
    check_initializer(described, name, shape)
    initializer = getattr(described, f"{name}_initializer")
    draw = INITIALIZERS[initializer.tag]
    if name != "kernel" or not isinstance(described, EinsumDense):
        return draw(initializer, shape, draws)
    if described.equation == ADAPT:
        return np.where(draw(initializer, shape, draws) < 0, -1.0, 1.0)
    if described.equation != OWN_OUTPUT:
        return draw(initializer, shape, draws)
    return np.stack([draw(initializer, shape[1:], draws) for _ in range(shape[0])])  # for each member its own


def check_initializer(described: Any, name: str, shape: Shape) -> None:
    """Check what `initial` would find, without drawing.

    Raises:
        LeftToKerasError: the initializer is not supported, or not for this shape.
    """
    tag = getattr(described, f"{name}_initializer").tag
    if name == "kernel" and isinstance(described, EinsumDense) and described.equation == OWN_OUTPUT:
        shape = shape[1:]
    if tag not in INITIALIZERS:
        raise LeftToKerasError(f"the initializer {tag}")
    if (tag == "orthogonal" and len(shape) < 2) or (tag == "identity" and len(shape) != 2):
        raise LeftToKerasError(f"{tag} weights of shape {shape}")


def fans(shape: Shape) -> tuple[int, int]:
    """How many inputs a unit has, and how many units an input goes to; a convolution counts its window."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def truncated_normal(shape: Shape, draws: np.random.Generator) -> Array:
    """Draws from a standard normal distribution; values beyond 2 are drawn again."""
    values = draws.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = draws.standard_normal(int(outside.sum()))
    return values


def scaled(scale: float, mode: str, distribution: str, shape: Shape, draws: np.random.Generator) -> Array:
    """Weights whose variance is `scale` over the number of inputs, of outputs, or the mean of both."""
    fan_in, fan_out = fans(shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    variance = scale / max(1.0, fan)
    if distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return draws.uniform(-limit, limit, shape)
    if distribution == "untruncated_normal":
        return draws.standard_normal(shape) * math.sqrt(variance)
    return truncated_normal(shape, draws) * (math.sqrt(variance) / _TRUNCATED_DEVIATION)


def _named(scale: float, mode: str, distribution: str) -> Draw:
    return lambda given, shape, draws: scaled(scale, mode, distribution, shape, draws)


def _orthogonal(given: Any, shape: Shape, draws: np.random.Generator) -> Array:
    """Rows (or columns, whichever are fewer) at right angles and of length `gain`."""
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(draws.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))
    return given.gain * (q.T if rows < columns else q).reshape(shape)


def _identity(given: Any, shape: Shape, draws: np.random.Generator) -> Array:
    return given.gain * np.eye(shape[0], shape[1])


INITIALIZERS: dict[str, Draw] = {
    "zeros": lambda given, shape, draws: np.zeros(shape),
    "ones": lambda given, shape, draws: np.ones(shape),
    "constant": lambda given, shape, draws: np.full(shape, given.value),
    "glorot_uniform": _named(1.0, "fan_avg", "uniform"),
    "glorot_normal": _named(1.0, "fan_avg", "truncated_normal"),
    "he_uniform": _named(2.0, "fan_in", "uniform"),
    "he_normal": _named(2.0, "fan_in", "truncated_normal"),
    "lecun_uniform": _named(1.0, "fan_in", "uniform"),
    "lecun_normal": _named(1.0, "fan_in", "truncated_normal"),
    "random_normal": lambda given, shape, draws: given.mean + given.stddev * draws.standard_normal(shape),
    "truncated_normal": lambda given, shape, draws: given.mean + given.stddev * truncated_normal(shape, draws),
    "random_uniform": lambda given, shape, draws: draws.uniform(given.minval, given.maxval, shape),
    "variance_scaling": lambda given, shape, draws: scaled(given.scale, given.mode, given.distribution, shape, draws),
    "orthogonal": _orthogonal,
    "identity": _identity,
}
"""By the schema's tags: every initializer that it has."""
