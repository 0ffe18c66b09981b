"""The steps of a prediction: each writes into an array that is used again for the next rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.dense import Dense
from mlpcli.numpy_engine.layer import Layer


class Step(Protocol):
    """One step for some rows."""

    def buffer(self, rows: int, dtype: np.dtype[Any]) -> Array | None:
        """An array for the results of so many rows; None where it needs none."""
        ...

    def run(self, x: Array, out: Array | None) -> Array:
        """The results for rows x, in `out` or in a new array; only `InPlace` writes into x."""
        ...


@dataclass(frozen=True)
class Affine:
    """x @ kernel + bias."""

    kernel: Array
    bias: Array | None

    @classmethod
    def of(cls, layer: Dense, scale: float, dtype: np.dtype[Any]) -> Affine:
        """A dense layer whose inputs are to be multiplied by `scale` first."""
        kernel = layer.parameters["kernel"]
        return cls((kernel * scale).astype(dtype) if scale != 1 else kernel, layer.parameters.get("bias"))

    def then(self, scale: Array, shift: Array, dtype: np.dtype[Any]) -> Affine:
        """The same with its results times `scale` plus `shift`."""
        bias = shift if self.bias is None else self.bias * scale + shift
        return Affine((self.kernel * scale).astype(dtype), bias.astype(dtype))

    def buffer(self, rows: int, dtype: np.dtype[Any]) -> Array | None:
        return np.empty((rows, self.kernel.shape[1]), dtype)

    def run(self, x: Array, out: Array | None) -> Array:
        y = np.matmul(x, self.kernel, out=out if x.ndim == 2 else None)
        if self.bias is not None:
            y += self.bias
        return y


@dataclass(frozen=True)
class ScaleShift:
    """x * scale + shift."""

    scale: Array
    shift: Array
    in_place: bool

    @classmethod
    def of(cls, scale: Array, shift: Array, dtype: np.dtype[Any], in_place: bool) -> ScaleShift:
        """From numbers of any precision."""
        return cls(scale.astype(dtype), shift.astype(dtype), in_place)

    def buffer(self, rows: int, dtype: np.dtype[Any]) -> Array | None:
        return None

    def run(self, x: Array, out: Array | None) -> Array:
        y = np.multiply(x, self.scale, out=x if self.in_place else None)
        y += self.shift
        return y


@dataclass(frozen=True)
class Normalize:
    """(x - mean) / deviation."""

    mean: Array
    deviation: Array

    def buffer(self, rows: int, dtype: np.dtype[Any]) -> Array | None:
        return None

    def run(self, x: Array, out: Array | None) -> Array:
        y = x - self.mean
        y /= self.deviation
        return y


@dataclass(frozen=True)
class InPlace:
    """An activation that needs no array of its own."""

    kind: str

    FUNCTIONS: ClassVar[dict[str, Callable[[Array], Array]]] = {
        "relu": lambda x: np.maximum(x, 0, out=x),
        "tanh": lambda x: np.tanh(x, out=x),
    }

    def buffer(self, rows: int, dtype: np.dtype[Any]) -> Array | None:
        return None

    def run(self, x: Array, out: Array | None) -> Array:
        return self.FUNCTIONS[self.kind](x)


@dataclass(frozen=True)
class Forward:
    """Whatever the layer itself does."""

    layer: Layer

    def buffer(self, rows: int, dtype: np.dtype[Any]) -> Array | None:
        return None

    def run(self, x: Array, out: Array | None) -> Array:
        return self.layer.forward(x)
