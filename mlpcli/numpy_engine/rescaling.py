"""The first layer of most models: raw values to numbers around 0 or 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.loss import EPSILON
from mlpcli.numpy_engine.needs_keras import LeftToKerasError

Numbers = float | list[float]


class Rescaling(Layer):
    """y = x * scale + offset."""

    def __init__(self, scale: Numbers, offset: Numbers = 0.0) -> None:
        """One number for all values, or one for each along the last axis."""
        super().__init__({})
        self.scale, self.offset = scale, offset

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        for numbers in (described.scale, described.offset):
            _spread(numbers, [input_shape[-1]])
        return cls(described.scale, described.offset)

    def forward(self, x: Array, training: bool = False) -> Array:
        y = x * np.asarray(self.scale, x.dtype)
        if np.any(self.offset):
            y += np.asarray(self.offset, x.dtype)
        return y

    def backward(self, gradient: Array) -> Array:
        return gradient * np.asarray(self.scale, gradient.dtype)


class Normalization(Layer):
    """y = (x - mean) / sqrt(variance), with numbers that were fitted before training."""

    def __init__(self, mean: Array, deviation: Array, statistics: Mapping[str, Array] | None = None) -> None:
        """mean, deviation: of a shape that goes with one example; statistics: as Keras stored them, if it did."""
        super().__init__({}, statistics)
        self.mean, self.deviation = mean, deviation

    @classmethod
    def weight_names(cls, described: Any) -> tuple[str, ...]:
        return ("mean", "variance", "count") if described.mean is None else ()

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        if getattr(described, "invert", False):
            raise LeftToKerasError("a normalization that is inverted")
        axis, rank = described.axis, len(input_shape)
        own = None if axis is None else (axis if axis > 0 else axis + rank + 1) - 1
        shape = [side if place == own else 1 for place, side in enumerate(input_shape)]
        numbers = weights or {"mean": described.mean, "variance": described.variance}
        mean, variance = (_spread(numbers[name], shape) for name in ("mean", "variance"))
        return cls(mean, np.maximum(np.sqrt(variance), np.float32(EPSILON)), weights)

    def forward(self, x: Array, training: bool = False) -> Array:
        y = x - self.mean.astype(x.dtype, copy=False)
        y /= self.deviation.astype(x.dtype, copy=False)
        return y

    def backward(self, gradient: Array) -> Array:
        return gradient / self.deviation.astype(gradient.dtype, copy=False)


def _spread(values: Any, shape: list[int]) -> Array:
    """Numbers in float32, as Keras keeps them: one for all, or one for each position of the shape."""
    array = np.asarray(values, np.float32)
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), shape)
    return array.reshape(shape)
