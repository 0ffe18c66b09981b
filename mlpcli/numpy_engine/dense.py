"""The affine map: every unit adds up its inputs, each times its weight, and a bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer


class Dense(Layer):
    """y = x @ kernel + bias, along the last axis of x."""

    def __init__(self, kernel: Array, bias: Array | None = None) -> None:
        """kernel: (inputs, units); bias: (units,)."""
        super().__init__({"kernel": kernel, "bias": bias})

    @classmethod
    def weight_names(cls, described: Any) -> tuple[str, ...]:
        return ("kernel", "bias") if described.use_bias else ("kernel",)

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        return cls(weights["kernel"], weights.get("bias"))

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self.x = x
        y = x @ self.parameters["kernel"]
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
        return gradient @ kernel.T if self.input_gradient else gradient


def _rows(x: Array) -> Array:
    """All axes but the last are rows to a dense layer."""
    return x.reshape(-1, x.shape[-1])
