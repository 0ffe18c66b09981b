"""Convolution of images: the same dense layer in every window that slides over the image (im2col)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mlpcli.arrays import Array
from mlpcli.errors import LeftToKerasError
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer


class Conv2D(Layer):
    """Every window of the image, as a row of numbers, times the kernel, plus the bias."""

    def __init__(self, kernel: Array, bias: Array | None, windows: Windows) -> None:
        """kernel: (rows, columns, channels, filters); bias: (filters,)."""
        super().__init__({"kernel": kernel, "bias": bias})
        self.windows = windows

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


MOST_VALUES = 1 << 28
"""Values that the windows of one image may hold together; a layer that needs more is left to Keras."""


@dataclass(frozen=True)
class Windows:
    """A sliding window. size, step (stride), spread (dilation): (rows, columns); same: padded as Keras's "same"."""

    size: tuple[int, int]
    step: tuple[int, int]
    spread: tuple[int, int] = (1, 1)
    same: bool = False

    @classmethod
    def of(cls, described: Any, size: Any, input_shape: Shape) -> Windows:
        """From a component of the schema; `size` is the window's.

        Raises:
            LeftToKerasError: the windows of one image would hold more than MOST_VALUES values.
        """
        window = pair(size)
        step = window if described.strides is None else pair(described.strides)
        height, width, channels = input_shape
        if height * width * channels * window[0] * window[1] > MOST_VALUES:
            raise LeftToKerasError(f"windows of {window} on images of {height}x{width}x{channels}")
        return cls(window, step, pair(getattr(described, "dilation_rate", 1)), described.padding == "same")

    def margins(self, sides: tuple[int, int]) -> list[tuple[int, int]]:
        """Rows above and below, columns left and right, that "same" adds to an image of these sides, as in Keras."""
        if not self.same:
            return [(0, 0), (0, 0)]
        missing = [
            max((-(-side // step) - 1) * step + spread * (length - 1) + 1 - side, 0)
            for side, length, step, spread in zip(sides, self.size, self.step, self.spread, strict=True)
        ]
        return [(total // 2, total - total // 2) for total in missing]

    def padded(self, x: Array, filled_with: float = 0.0) -> Array:
        """The images with their margins."""
        margins = self.margins((x.shape[1], x.shape[2]))
        if margins == [(0, 0), (0, 0)]:
            return x
        return np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=filled_with)

    def view(self, padded: Array) -> Array:
        """(n, rows, columns, channels, *size): every window, without a copy."""
        reach = tuple(spread * (length - 1) + 1 for length, spread in zip(self.size, self.spread, strict=True))
        every = sliding_window_view(padded, reach, axis=(1, 2))
        return every[:, :: self.step[0], :: self.step[1], :, :: self.spread[0], :: self.spread[1]]

    def places(self, padded: Array, rows: int, columns: int) -> Iterator[tuple[int, int, Array]]:
        """For each place (i, j) in the window: the pixels that lie there, (n, rows, columns, channels), as a view."""
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                top, left = i * self.spread[0], j * self.spread[1]
                bottom, right = top + rows * self.step[0], left + columns * self.step[1]
                yield i, j, padded[:, top : bottom : self.step[0], left : right : self.step[1]][:, :rows, :columns]

    def without_margins(self, padded: Array, sides: tuple[int, int]) -> Array:
        """The images that `padded` was made from."""
        (top, _), (left, _) = self.margins(sides)
        return padded[:, top : top + sides[0], left : left + sides[1]]


def pair(value: Any) -> tuple[int, int]:
    """Rows and columns, from one number for both or two."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])
