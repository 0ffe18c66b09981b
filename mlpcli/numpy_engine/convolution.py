"""Convolution of images: the same dense layer at every place of the image (im2col)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.needs_keras import LeftToKerasError
from mlpcli.numpy_engine.windows import Windows


class Conv2D(Layer):
    """Every window of the image, as a row of numbers, times the kernel, plus the bias."""

    def __init__(self, kernel: Array, bias: Array | None, windows: Windows) -> None:
        """kernel: (rows, columns, channels, filters); bias: (filters,)."""
        super().__init__({"kernel": kernel, "bias": bias})
        self.windows = windows

    @classmethod
    def weight_names(cls, described: Any) -> tuple[str, ...]:
        return ("kernel", "bias") if described.use_bias else ("kernel",)

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        if described.groups != 1:
            raise LeftToKerasError("channels in groups")
        windows = Windows.of(described, described.kernel_size, input_shape)
        return cls(weights["kernel"], weights.get("bias"), windows)

    def forward(self, x: Array, training: bool = False) -> Array:
        kernel = self.parameters["kernel"]
        view = self.windows.view(self.windows.padded(x))
        rows = view.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kernel[..., 0].size)
        self.sides = (x.shape[1], x.shape[2])
        if training:
            self.rows = rows
        y = rows @ kernel.reshape(-1, kernel.shape[-1])
        if "bias" in self.parameters:
            y += self.parameters["bias"]
        return y.reshape(*view.shape[:3], -1)

    def backward(self, gradient: Array) -> Array:
        """As for a dense layer; a pixel's slope is the sum over all windows that it lies in."""
        kernel = self.parameters["kernel"]
        flat = kernel.reshape(-1, kernel.shape[-1])
        g = gradient.reshape(-1, kernel.shape[-1])
        np.matmul(self.rows.T, g, out=self.gradient_array("kernel").reshape(flat.shape))
        if "bias" in self.parameters:
            np.add.reduce(g, axis=0, out=self.gradient_array("bias"))
        if not self.input_gradient:
            return gradient
        by_window = (g @ flat.T).reshape(*gradient.shape[:3], *kernel.shape[:3])
        (top, bottom), (left, right) = self.windows.margins(self.sides)
        padded = (len(gradient), self.sides[0] + top + bottom, self.sides[1] + left + right, kernel.shape[2])
        total = np.zeros(padded, gradient.dtype)
        for i, j, place in self.windows.places(total, gradient.shape[1], gradient.shape[2]):
            place += by_window[:, :, :, i, j]
        return self.windows.without_margins(total, self.sides)
