"""Layers that add noise in training and do nothing in prediction: Dropout and its relatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from mlpcli.arrays import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer


class NoiseLayer(Layer):
    """y = x * factor + offset, with both drawn anew for each batch in training; `on` False switches that off."""

    keeps_rows_when_predicting = True
    argument: ClassVar[str] = "rate"

    def __init__(self, strength: float, seed: int = 0) -> None:
        """`strength` is Keras's rate, or the standard deviation."""
        super().__init__({})
        self.strength, self.on = strength, True
        self.draws = np.random.default_rng(seed)
        self.factor: Array | None = None

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        return cls(getattr(described, cls.argument))

    def draw(self, x: Array) -> tuple[Array | None, Array | None]:
        """Factor and offset for inputs x, in their type and a shape that broadcasts to theirs; None: not used."""
        raise NotImplementedError

    def forward(self, x: Array, training: bool = False) -> Array:
        self.factor = None
        if not (training and self.on and self.strength > 0):
            return x
        self.factor, offset = self.draw(x)
        y = x if self.factor is None else x * self.factor
        return y if offset is None else y + offset

    def backward(self, gradient: Array) -> Array:
        return gradient if self.factor is None else gradient * self.factor


class Dropout(NoiseLayer):
    """Each value is 0 with probability `rate`; the others grow by 1 / (1 - rate), so that the expected sum stays."""

    def draw(self, x: Array) -> tuple[Array | None, Array | None]:
        kept = self.draws.random(self.noise_shape(x), x.dtype) >= self.strength
        return kept * x.dtype.type(1 / (1 - self.strength)), None

    def noise_shape(self, x: Array) -> tuple[int, ...]:
        """The shape of the noise for inputs x; sides of 1 share one draw."""
        return x.shape


class SpatialDropout2D(Dropout):
    """Dropout of whole channels."""

    def noise_shape(self, x: Array) -> tuple[int, ...]:
        return (x.shape[0], 1, 1, x.shape[-1])


class GaussianDropout(NoiseLayer):
    """Each value times a number around 1, with the spread that Dropout has."""

    def draw(self, x: Array) -> tuple[Array | None, Array | None]:
        deviation = (self.strength / (1 - self.strength)) ** 0.5
        return 1 + self.draws.standard_normal(x.shape, x.dtype) * deviation, None


class GaussianNoise(NoiseLayer):
    """Each value plus a number around 0."""

    argument = "stddev"

    def draw(self, x: Array) -> tuple[Array | None, Array | None]:
        return None, self.draws.standard_normal(x.shape, x.dtype) * self.strength


class AlphaDropout(NoiseLayer):
    """Dropout to selu's lowest value, then scaled so that mean 0 and variance 1 stay what they are."""

    lowest = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946

    def draw(self, x: Array) -> tuple[Array | None, Array | None]:
        kept = self.draws.random(x.shape, x.dtype) >= self.strength
        keep = 1 - self.strength
        scale = (keep + keep * self.strength * self.lowest**2) ** -0.5
        dropped = np.where(kept, x.dtype.type(0), x.dtype.type(self.lowest))
        return kept * x.dtype.type(scale), scale * dropped - scale * self.strength * self.lowest
