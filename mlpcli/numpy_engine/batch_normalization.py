"""Batch normalization (Ioffe and Szegedy, 2015): each unit gets mean 0 and variance 1 over the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.needs_keras import last_axis_only


class BatchNormalization(Layer):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, per unit of the last axis.

    In training mean and variance are those of the batch, and running averages of them are kept for predicting.
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
        self.uses_batch = False

    @classmethod
    def weight_names(cls, described: Any) -> tuple[str, ...]:
        names = [name for name, has in (("gamma", described.scale), ("beta", described.center)) if has]
        return (*names, "moving_mean", "moving_variance")

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        last_axis_only(described.axis, len(input_shape))
        arrays = weights.get("gamma"), weights.get("beta"), weights["moving_mean"], weights["moving_variance"]
        return cls(*arrays, described.momentum, described.epsilon)

    def scale_and_shift(self) -> tuple[Array, Array]:
        """What predicting amounts to: y = x * scale + shift, both (units,), in float64."""
        mean, variance = (self.statistics[name].astype(np.float64) for name in ("moving_mean", "moving_variance"))
        scale = 1 / np.sqrt(variance + self.epsilon)
        if "gamma" in self.parameters:
            scale = scale * self.parameters["gamma"]
        shift = -mean * scale
        return scale, shift + self.parameters["beta"] if "beta" in self.parameters else shift

    def forward(self, x: Array, training: bool = False) -> Array:
        self.uses_batch = training and self.trainable
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
        """Mean and variance depend on every row of the batch: their share of each slope is taken off."""
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
