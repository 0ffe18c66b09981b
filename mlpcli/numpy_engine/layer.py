"""The base class of layers (forward, backward, weights by name), dense layers, and activations as layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import LeftToKerasError
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine import activations as rectifiers
from mlpcli.numpy_engine import activations as smooth_activations
from mlpcli.numpy_engine.activations import RECTIFIERS, ROWWISE, SMOOTH, Pointwise, Rowwise


class Layer:
    """One step of a network; subclasses say what it computes.

    parameters: trainable weights by name; gradients: of the loss by each parameter, same names and shapes,
        written by `backward`. statistics: weights that training only tracks, such as BatchNorm's means.
    values_per_row: the most numbers that it computes for one example, where that is known.
    input_gradient: False if nothing needs the gradient by the inputs; `backward` may then return anything.
    """

    keeps_rows_when_predicting: ClassVar[bool] = False
    """Whether it hands its inputs through unchanged unless it trains, as Dropout does."""

    def __init__(self, parameters: Mapping[str, Array | None], statistics: Mapping[str, Array] | None = None) -> None:
        self.name = ""
        self.values_per_row = 0
        self.trainable = True
        self.input_gradient = True
        self.parameters = {name: array for name, array in parameters.items() if array is not None}
        self.statistics = dict(statistics or {})
        self.gradients: dict[str, Array] = {}

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        """The layer that a component of the schema describes; its attributes are Keras's arguments.

        Raises:
            LeftToKerasError: an argument is not supported here.
        """
        return cls({})

    def forward(self, x: Array, training: bool = False) -> Array:
        """Outputs (n, ...) for inputs (n, ...). `x` is not changed; in training, what `backward` needs is kept."""
        raise NotImplementedError

    def backward(self, gradient: Array) -> Array:
        """From the gradient of the loss by the outputs to that by the inputs; fills `gradients`."""
        raise NotImplementedError

    def gradient_array(self, name: str) -> Array:
        """Where the gradient of a parameter is written: always the same array, which may be part of a larger one."""
        if name not in self.gradients:
            self.gradients[name] = self.parameters[name].copy()
        return self.gradients[name]


class Dense(Layer):
    """y = x @ kernel + bias, along the last axis of x."""

    def __init__(self, kernel: Array, bias: Array | None = None) -> None:
        """kernel: (inputs, units); bias: (units,)."""
        super().__init__({"kernel": kernel, "bias": bias})

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        return cls(weights["kernel"], weights.get("bias"))

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self.x = x
        y = product(x, self.parameters["kernel"])
        if "bias" in self.parameters:
            y += self.parameters["bias"]
        return y

    def backward(self, gradient: Array) -> Array:
        """dkernel = x.T @ g, dbias = sum of g over the rows, dx = g @ kernel.T."""
        kernel = self.parameters["kernel"]
        x, g = (self.x, gradient) if gradient.ndim == 2 else (_rows(self.x), _rows(gradient))
        np.matmul(x.T, g, out=self.gradient_array("kernel"))
        if "bias" in self.parameters:
            np.add.reduce(g, axis=0, out=self.gradient_array("bias"))
        return product(gradient, kernel.T) if self.input_gradient else gradient


def product(x: Array, kernel: Array) -> Array:
    """x @ kernel along the last axis of x, as one product of matrices, which is many times faster than one a row."""
    return x @ kernel if x.ndim == 2 else (_rows(x) @ kernel).reshape(*x.shape[:-1], kernel.shape[1])


def _rows(x: Array) -> Array:
    """All axes but the last are rows to a dense layer."""
    return x.reshape(-1, x.shape[-1])


FUNCTIONS: dict[str, Pointwise | Rowwise] = {**RECTIFIERS, **SMOOTH, **ROWWISE}
"""Every activation of the schema but "linear", which needs no step."""
PROBABILITIES = ("softmax", "sigmoid")
"""Keras computes crossentropies from what went into these, which keeps digits that they round away."""


class Activation(Layer):
    """y = f(x) for each number, or for each row where f looks at all units of it."""

    def __init__(self, function: Pointwise | Rowwise, kind: str = "") -> None:
        """`kind`: Keras's name of the function, where it gets special treatment."""
        super().__init__({})
        self.function, self.kind = function, kind
        self.x: Array | None = None
        self.y: Array | None = None

    @classmethod
    def named(cls, name: str | None) -> Activation | None:
        """The activation of the schema by that name; None for "linear" and where there is none.

        Raises:
            LeftToKerasError: the activation is not supported.
        """
        if name in (None, "linear"):
            return None
        if name not in FUNCTIONS:
            raise LeftToKerasError(f"the activation {name}")
        return cls(FUNCTIONS[name], name)

    def forward(self, x: Array, training: bool = False) -> Array:
        y = self.function.value(x)
        if training:
            self.x, self.y = x, y
        return y

    def backward(self, gradient: Array) -> Array:
        assert self.x is not None
        assert self.y is not None
        if isinstance(self.function, Rowwise):
            return self.function.slope(gradient, self.x, self.y)
        return gradient * self.function.slope(self.x, self.y)


Weights = Mapping[str, Array]


def relu(described: Any, input_shape: Shape, weights: Weights) -> Layer:
    """Keras's ReLU, with its limit, slope and threshold."""
    if described.negative_slope and described.max_value is not None:
        raise LeftToKerasError("a ReLU with both a slope and a limit")
    return Activation(rectifiers.relu(described.max_value, described.negative_slope, described.threshold))


def leaky_relu(described: Any, input_shape: Shape, weights: Weights) -> Layer:
    """Keras's LeakyReLU."""
    return Activation(rectifiers.leaky_relu(described.negative_slope))


def elu(described: Any, input_shape: Shape, weights: Weights) -> Layer:
    """Keras's ELU."""
    return Activation(smooth_activations.elu(described.alpha))


def softmax(described: Any, input_shape: Shape, weights: Weights) -> Layer:
    """Keras's Softmax."""
    last_axis_only(described.axis, len(input_shape))
    return Activation(ROWWISE["softmax"], "softmax")


class PReLU(Layer):
    """x above 0, alpha * x below, with one alpha per unit that is learnt."""

    def __init__(self, alpha: Array) -> None:
        """alpha: the shape of one example, with sides of 1 where it is shared."""
        super().__init__({"alpha": alpha})

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Weights) -> Layer:
        return cls(weights["alpha"])

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self.x = x
        return np.where(x > 0, x, self.parameters["alpha"] * x)

    def backward(self, gradient: Array) -> Array:
        below = self.x < 0
        alpha = self.parameters["alpha"]
        by_alpha = np.where(below, gradient * self.x, 0)
        shared = tuple(axis + 1 for axis, side in enumerate(alpha.shape) if side == 1)
        self.gradient_array("alpha")[...] = by_alpha.sum(axis=(0, *shared), keepdims=True)[0]
        return gradient * np.where(below, alpha, (self.x > 0).astype(gradient.dtype))


def last_axis_only(axis: int, rank: int) -> None:
    """Check that a layer works along the last axis, the only one supported; `rank`: axes of one example.

    Raises:
        LeftToKerasError: it works along another axis.
    """
    if axis not in (-1, rank):
        raise LeftToKerasError("it works along an axis other than the last")
