"""Normalizing each row by itself: to mean 0 and variance 1, or to length 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.needs_keras import last_axis_only


class LayerNormalization(Layer):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance over the units of a row."""

    def __init__(self, gamma: Array | None, beta: Array | None, epsilon: float = 0.001) -> None:
        """gamma, beta: (units,)."""
        super().__init__({"gamma": gamma, "beta": beta})
        self.epsilon = epsilon

    @classmethod
    def weight_names(cls, described: Any) -> tuple[str, ...]:
        return tuple(name for name, has in (("gamma", described.scale), ("beta", described.center)) if has)

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        last_axis_only(described.axis, len(input_shape))
        return cls(weights.get("gamma"), weights.get("beta"), described.epsilon)

    def forward(self, x: Array, training: bool = False) -> Array:
        normalized = x - x.mean(axis=-1, keepdims=True)
        inverse = 1 / np.sqrt(np.square(normalized).mean(axis=-1, keepdims=True) + self.epsilon)
        normalized *= inverse
        if training:
            self.normalized, self.inverse = normalized, inverse
        y = normalized * self.parameters["gamma"] if "gamma" in self.parameters else normalized.copy()
        if "beta" in self.parameters:
            y += self.parameters["beta"]
        return y

    def backward(self, gradient: Array) -> Array:
        """Mean and variance depend on every unit of the row: their share of each slope is taken off."""
        axes = tuple(range(gradient.ndim - 1))
        if "beta" in self.parameters:
            self.gradient_array("beta")[...] = gradient.sum(axis=axes)
        g = gradient
        if "gamma" in self.parameters:
            self.gradient_array("gamma")[...] = (gradient * self.normalized).sum(axis=axes)
            g = gradient * self.parameters["gamma"]
        along = (g * self.normalized).mean(axis=-1, keepdims=True)
        return (g - g.mean(axis=-1, keepdims=True) - self.normalized * along) * self.inverse


class UnitNormalization(Layer):
    """Each row over its length."""

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        last_axis_only(described.axis, len(input_shape))
        return cls({})

    def forward(self, x: Array, training: bool = False) -> Array:
        squares = np.square(x).sum(axis=-1, keepdims=True)
        self.inverse = np.minimum(1 / np.sqrt(np.maximum(squares, np.finfo(x.dtype).tiny)), 1e12)
        self.y = x * self.inverse
        return self.y

    def backward(self, gradient: Array) -> Array:
        along = (gradient * self.y).sum(axis=-1, keepdims=True)
        return (gradient - self.y * along) * self.inverse
