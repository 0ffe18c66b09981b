"""Several networks in one: a row repeated for its members, weights for each of them, and the mean of their outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.model.members import ADAPT, SCALE
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.losses import Loss, Slopes


class RepeatVector(Layer):
    """(n, inputs) to (n, members, inputs), the same row for each member."""

    def __init__(self, members: int) -> None:
        super().__init__({})
        self.members = members

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        return cls(described.n)

    def forward(self, x: Array, training: bool = False) -> Array:
        return np.broadcast_to(x[:, np.newaxis], (len(x), self.members, *x.shape[1:]))

    def backward(self, gradient: Array) -> Array:
        total: Array = gradient.sum(axis=1)
        return total


class Factors(Layer):
    """y = x * kernel, with a factor for each input, or such a vector for each member."""

    def __init__(self, kernel: Array) -> None:
        """kernel: (inputs,) or (members, inputs)."""
        super().__init__({"kernel": kernel})

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self.x = x
        return x * self.parameters["kernel"]

    def backward(self, gradient: Array) -> Array:
        """dkernel = sum of x * g over the rows, dx = g * kernel."""
        np.einsum("n...i,n...i->...i", self.x, gradient, out=self.gradient_array("kernel"))
        return gradient * self.parameters["kernel"] if self.input_gradient else gradient


class MemberDense(Layer):
    """y = x @ kernel + bias, with a kernel and a bias for each member."""

    def __init__(self, kernel: Array, bias: Array | None = None) -> None:
        """kernel: (members, inputs, units); bias: (members, units)."""
        super().__init__({"kernel": kernel, "bias": bias})

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self.x = x
        y = np.matmul(_member_first(x), self.parameters["kernel"]).transpose(1, 0, 2)
        if "bias" in self.parameters:
            y += self.parameters["bias"]
        return y

    def backward(self, gradient: Array) -> Array:
        """As a dense layer's, member by member."""
        kernel, g = self.parameters["kernel"], _member_first(gradient)
        np.matmul(self.x.transpose(1, 2, 0), g, out=self.gradient_array("kernel"))
        if "bias" in self.parameters:
            np.add.reduce(gradient, axis=0, out=self.gradient_array("bias"))
        return np.matmul(g, kernel.transpose(0, 2, 1)).transpose(1, 0, 2) if self.input_gradient else gradient


def _member_first(x: Array) -> Array:
    """(n, members, ...) as (members, n, ...)."""
    return x.transpose(1, 0, 2)


def einsum_dense(described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
    """Keras's EinsumDense, which is one or the other by its equation."""
    if described.equation in (ADAPT, SCALE):
        return Factors(weights["kernel"])
    return MemberDense(weights["kernel"], weights.get("bias"))


class MeanOfMembers(Layer):
    """(n, members, units) to (n, units)."""

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        return cls({})

    def forward(self, x: Array, training: bool = False) -> Array:
        self.members = x.shape[1]
        mean: Array = x.mean(axis=1)
        return mean

    def backward(self, gradient: Array) -> Array:
        share = gradient[:, np.newaxis] / self.members
        return np.broadcast_to(share, (len(gradient), self.members, *gradient.shape[1:]))


@dataclass(frozen=True, eq=False)
class MeanOverMembers(Loss):
    """The mean of another loss over the members, whose outputs are (n, members, units); a row's target is that of all.

    What a network learns from: the loss of the mean would let members be wrong as long as others make up for it.
    """

    loss: Loss

    def rows(self, y: Array, p: Array, z: Array | None) -> Array:
        mean: Array = self.loss.rows(for_each(y, p), p, z).mean(axis=1)
        return mean

    def slopes(self, y: Array, p: Array, z: Array | None) -> Slopes:
        return self.loss.slopes(for_each(y, p), p, z)


def for_each(y: Array, p: Array) -> Array:
    """Targets (n, ...) repeated for the members of the outputs: (n, members, ...)."""
    return np.repeat(y[:, np.newaxis], p.shape[1], axis=1)
