"""Keras's layers that are an activation with numbers of its own: ReLU, LeakyReLU, ELU, Softmax, PReLU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine import rectifiers, smooth_activations
from mlpcli.numpy_engine.activations import Activation
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.needs_keras import LeftToKerasError, last_axis_only
from mlpcli.numpy_engine.softmaxes import ROWWISE

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
    def weight_names(cls, described: Any) -> tuple[str, ...]:
        return ("alpha",)

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
