"""Layers that shift and scale: batch normalization (Ioffe and Szegedy, 2015), layer normalization, rescaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import LeftToKerasError
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer, last_axis_only
from mlpcli.numpy_engine.losses import EPSILON


class BatchNormalization(Layer):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, per unit of the last axis.

    In training mean and variance are those of the batch, and running averages of them are kept for predicting.
    frozen: take the running averages in training, too.
    """

    def __init__(
        self,
        gamma: Array | None,
        beta: Array | None,
        moving_mean: Array,
        moving_variance: Array,
        momentum: float = 0.99,
        epsilon: float = 0.001,
    ) -> None:
        """All arrays: (units,)."""
        statistics = {"moving_mean": moving_mean, "moving_variance": moving_variance}
        super().__init__({"gamma": gamma, "beta": beta}, statistics)
        self.momentum, self.epsilon = momentum, epsilon
        self.frozen = self.uses_batch = False

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        last_axis_only(described.axis, len(input_shape))
        arrays = weights.get("gamma"), weights.get("beta"), weights["moving_mean"], weights["moving_variance"]
        return cls(*arrays, described.momentum, described.epsilon)

    def scale_and_shift(self) -> tuple[Array, Array]:
        """In prediction, y = x * scale + shift; both (units,), in float64."""
        mean, variance = (self.statistics[name].astype(np.float64) for name in ("moving_mean", "moving_variance"))
        scale = 1 / np.sqrt(variance + self.epsilon)
        if "gamma" in self.parameters:
            scale = scale * self.parameters["gamma"]
        shift = -mean * scale
        return scale, shift + self.parameters["beta"] if "beta" in self.parameters else shift

    def forward(self, x: Array, training: bool = False) -> Array:
        self.uses_batch = training and self.trainable and not self.frozen
        if self.uses_batch:
            mean, variance = self._batch_statistics(x)
        else:
            mean, variance = self.statistics["moving_mean"], self.statistics["moving_variance"]
        self.inverse = 1 / np.sqrt(variance + self.epsilon)
        normalized = x - mean
        normalized *= self.inverse
        if training:
            self.normalized = normalized
        y = normalized * self.parameters["gamma"] if "gamma" in self.parameters else normalized.copy()
        if "beta" in self.parameters:
            y += self.parameters["beta"]
        return y

    def _batch_statistics(self, x: Array) -> tuple[Array, Array]:
        rows = x.reshape(-1, x.shape[-1])
        mean = np.add.reduce(rows, axis=0) / len(rows)
        centred = rows - mean
        variance = np.einsum("ij,ij->j", centred, centred) / len(rows)
        for name, now in (("moving_mean", mean), ("moving_variance", variance)):
            average = self.statistics[name]
            average *= self.momentum
            average += now * (1 - self.momentum)
        return mean, variance

    def backward(self, gradient: Array) -> Array:
        """Mean and variance depend on every row of the batch, so their share of the gradient is subtracted."""
        g = gradient.reshape(-1, gradient.shape[-1])
        normalized = self.normalized.reshape(g.shape)
        by_shift = np.add.reduce(g, axis=0)
        by_scale = np.einsum("ij,ij->j", g, normalized)
        if "beta" in self.parameters:
            self.gradient_array("beta")[...] = by_shift
        if "gamma" in self.parameters:
            self.gradient_array("gamma")[...] = by_scale
        if self.uses_batch:
            g = g - (by_shift + normalized * by_scale) / len(g)
        scale = self.inverse * self.parameters["gamma"] if "gamma" in self.parameters else self.inverse
        return (g * scale).reshape(gradient.shape)


class LayerNormalization(Layer):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance over the units of a row."""

    def __init__(self, gamma: Array | None, beta: Array | None, epsilon: float = 0.001) -> None:
        """gamma, beta: (units,)."""
        super().__init__({"gamma": gamma, "beta": beta})
        self.epsilon = epsilon

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
        """Mean and variance depend on every unit of the row, so their share of the gradient is subtracted."""
        axes = tuple(range(gradient.ndim - 1))
        if "beta" in self.parameters:
            self.gradient_array("beta")[...] = gradient.sum(axis=axes)
        g = gradient
        if "gamma" in self.parameters:
            self.gradient_array("gamma")[...] = (gradient * self.normalized).sum(axis=axes)
            g = gradient * self.parameters["gamma"]
        along = (g * self.normalized).mean(axis=-1, keepdims=True)
        return (g - g.mean(axis=-1, keepdims=True) - self.normalized * along) * self.inverse


class ChannelNormalization(Layer):
    """y = (x - mean) / sqrt(variance + epsilon), with mean and variance over the pixels of a channel, row by row.

    It is Keras's GroupNormalization with a channel in each group and no weights, as `data.scaling: robust` has it.
    """

    def __init__(self, epsilon: float = 0.001) -> None:
        super().__init__({})
        self.epsilon = epsilon

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        last_axis_only(described.axis, len(input_shape))
        if described.groups not in (-1, input_shape[-1]) or weights:
            raise LeftToKerasError("the NumPy engine has no GroupNormalization of several channels, or with weights")
        return cls(described.epsilon)

    def forward(self, x: Array, training: bool = False) -> Array:
        self.axes = tuple(range(1, x.ndim - 1))
        y = x - x.mean(axis=self.axes, keepdims=True)
        self.inverse = 1 / np.sqrt(np.square(y).mean(axis=self.axes, keepdims=True) + x.dtype.type(self.epsilon))
        y *= self.inverse
        if training:
            self.y = y
        return y

    def backward(self, gradient: Array) -> Array:
        """Mean and variance depend on every pixel of the channel, so their share of the gradient is subtracted."""
        mean, along = (values.mean(axis=self.axes, keepdims=True) for values in (gradient, gradient * self.y))
        return (gradient - mean - self.y * along) * self.inverse


class UnitNormalization(Layer):
    """Each row divided by its Euclidean length."""

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
        """mean, deviation: broadcast to one example; statistics: the weights that Keras stored, if any."""
        super().__init__({}, statistics)
        self.mean, self.deviation = mean, deviation

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
