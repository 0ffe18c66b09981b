"""Layers that only move values: Flatten, Reshape, Permute, and the margins and enlargement of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import LeftToKerasError
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.convolution import pair
from mlpcli.numpy_engine.layer import Layer


class Reshape(Layer):
    """Each example in another shape; the values keep their order."""

    def __init__(self, shape: Shape) -> None:
        """shape: of one example; one side may be -1, for what is left."""
        super().__init__({})
        self.shape = shape

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        return cls(tuple(described.target_shape))

    @classmethod
    def flatten(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        """Keras's Flatten."""
        return cls((-1,))

    def forward(self, x: Array, training: bool = False) -> Array:
        self.came_as = x.shape
        return x.reshape(len(x), *self.shape)

    def backward(self, gradient: Array) -> Array:
        return gradient.reshape(self.came_as)


class Permute(Layer):
    """Each example with its axes in another order."""

    def __init__(self, dims: tuple[int, ...]) -> None:
        """dims: which axis comes where, counted from 1 as in Keras."""
        super().__init__({})
        self.order = (0, *dims)

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        return cls(tuple(described.dims))

    def forward(self, x: Array, training: bool = False) -> Array:
        return np.ascontiguousarray(x.transpose(self.order))

    def backward(self, gradient: Array) -> Array:
        return gradient.transpose(np.argsort(self.order))


class Margins(Layer):
    """Images padded with rows and columns of 0, or cropped."""

    def __init__(self, rows: tuple[int, int], columns: tuple[int, int], add: bool) -> None:
        """rows: how many above and below; columns: left and right."""
        super().__init__({})
        self.rows, self.columns, self.add = rows, columns, add

    @classmethod
    def zero_padding(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        """Keras's ZeroPadding2D."""
        return cls(*_sides(described.padding), add=True)

    @classmethod
    def cropping(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        """Keras's Cropping2D."""
        return cls(*_sides(described.cropping), add=False)

    def forward(self, x: Array, training: bool = False) -> Array:
        return self._padded(x) if self.add else self._cut(x)

    def backward(self, gradient: Array) -> Array:
        return self._cut(gradient) if self.add else self._padded(gradient)

    def _padded(self, x: Array) -> Array:
        return np.pad(x, ((0, 0), self.rows, self.columns, (0, 0)))

    def _cut(self, x: Array) -> Array:
        (top, bottom), (left, right) = self.rows, self.columns
        return np.ascontiguousarray(x[:, top : x.shape[1] - bottom, left : x.shape[2] - right])


class UpSampling2D(Layer):
    """Each pixel repeated as a block."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__({})
        self.size = size

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        if described.interpolation != "nearest":
            raise LeftToKerasError("interpolation between pixels")
        return cls(pair(described.size))

    def forward(self, x: Array, training: bool = False) -> Array:
        return x.repeat(self.size[0], axis=1).repeat(self.size[1], axis=2)

    def backward(self, gradient: Array) -> Array:
        rows, height, width, channels = gradient.shape
        blocks = (rows, height // self.size[0], self.size[0], width // self.size[1], self.size[1], channels)
        total: Array = gradient.reshape(blocks).sum(axis=(2, 4))
        return total


def _sides(margin: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """A margin as Keras's arguments have it: 1, [1, 2], [[1, 1], [2, 2]]."""
    both: Any = (margin, margin) if isinstance(margin, int) else margin
    rows, columns = ((side, side) if isinstance(side, int) else (side[0], side[1]) for side in both)
    return rows, columns
