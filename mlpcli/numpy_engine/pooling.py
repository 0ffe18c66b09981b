"""Pooling of images: the largest or the mean value of each window, or of the whole image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.convolution import Windows
from mlpcli.numpy_engine.layer import Layer


class _Pooling(Layer):
    """A layer with sliding windows and no weights."""

    def __init__(self, windows: Windows) -> None:
        super().__init__({})
        self.windows = windows

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        return cls(Windows.of(described, described.pool_size, input_shape))


class MaxPooling2D(_Pooling):
    """The largest value of each window, channel by channel."""

    def forward(self, x: Array, training: bool = False) -> Array:
        padded = self.windows.padded(x, filled_with=-np.inf)
        view = self.windows.view(padded)
        y: Array = view.max(axis=(4, 5))
        if training:
            self.padded, self.y, self.sides = padded, y, (x.shape[1], x.shape[2])
        return y

    def backward(self, gradient: Array) -> Array:
        """The whole gradient goes to the first pixel with the window's largest value."""
        total = np.zeros(self.padded.shape, gradient.dtype)
        free = np.ones(gradient.shape, bool)
        rows, columns = gradient.shape[1:3]
        places = self.windows.places(self.padded, rows, columns)
        for (_, _, pixels), (_, _, share) in zip(places, self.windows.places(total, rows, columns), strict=True):
            first = free & (pixels == self.y)
            share += first * gradient
            free &= ~first
        return self.windows.without_margins(total, self.sides)


class AveragePooling2D(_Pooling):
    """The mean value of each window, channel by channel; margins do not count."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self.sides = (x.shape[1], x.shape[2])
        pixels = self.windows.padded(np.ones((1, *self.sides, 1), x.dtype))
        self.counts = self.windows.view(pixels).sum(axis=(4, 5))
        padded = self.windows.padded(x)
        self.padded_shape = padded.shape
        total: Array = self.windows.view(padded).sum(axis=(4, 5))
        total /= self.counts
        return total

    def backward(self, gradient: Array) -> Array:
        total = np.zeros(self.padded_shape, gradient.dtype)
        share = gradient / self.counts
        for _, _, place in self.windows.places(total, gradient.shape[1], gradient.shape[2]):
            place += share
        return self.windows.without_margins(total, self.sides)


class GlobalPooling2D(Layer):
    """The mean or the largest value of each channel over the whole image."""

    def __init__(self, largest: bool, keepdims: bool) -> None:
        super().__init__({})
        self.largest, self.keepdims = largest, keepdims

    @classmethod
    def average(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        """Keras's GlobalAveragePooling2D."""
        return cls(False, described.keepdims)

    @classmethod
    def max(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        """Keras's GlobalMaxPooling2D."""
        return cls(True, described.keepdims)

    def forward(self, x: Array, training: bool = False) -> Array:
        self.x = x
        y: Array = x.max(axis=(1, 2), keepdims=True) if self.largest else x.mean(axis=(1, 2), keepdims=True)
        self.y = y
        return y if self.keepdims else y[:, 0, 0]

    def backward(self, gradient: Array) -> Array:
        """The gradient is shared among all pixels for the mean, among the largest ones for the maximum."""
        g = gradient.reshape(self.y.shape)
        if not self.largest:
            return np.broadcast_to(g / (self.x.shape[1] * self.x.shape[2]), self.x.shape)
        chosen = (self.x == self.y).astype(gradient.dtype)
        return chosen * (g / chosen.sum(axis=(1, 2), keepdims=True))
