"""A network as a few prediction steps, whose result arrays are reused from batch to batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from mlpcli.arrays import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import PROBABILITIES, Activation, Dense, Layer, product
from mlpcli.numpy_engine.members import RepeatVector
from mlpcli.numpy_engine.normalization import BatchNormalization, ChannelNormalization, Normalization, Rescaling
from mlpcli.numpy_engine.reshaping import Margins, Permute, Reshape


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
        y = np.matmul(x, self.kernel, out=out) if x.ndim == 2 else product(x, self.kernel)
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
class BetweenZeros:
    """What `ChannelNormalization` makes of a value between two zeros (`mlpcli.model.input_layers`), and no more."""

    epsilon: float

    LAYERS: ClassVar[int] = 4
    """Reshape, padding, normalization, cropping."""

    def buffer(self, rows: int, dtype: np.dtype[Any]) -> Array | None:
        return None

    def run(self, x: Array, out: Array | None) -> Array:
        y = np.square(x)
        y *= 2 / 9
        y += self.epsilon
        np.sqrt(y, out=y)
        np.divide(x, y, out=y)
        y *= 2 / 3
        return y


def between_zeros(layers: Sequence[Layer]) -> BetweenZeros | None:
    """The step that is the same as the first four layers, if they are a smooth clip's."""
    if len(layers) < BetweenZeros.LAYERS:
        return None
    reshape, padding, normalization, cropping = layers[: BetweenZeros.LAYERS]
    if not (isinstance(reshape, Reshape) and isinstance(normalization, ChannelNormalization)):
        return None
    if not (isinstance(padding, Margins) and isinstance(cropping, Margins) and padding.add and not cropping.add):
        return None
    margins = {(margin.rows, margin.columns) for margin in (padding, cropping)}
    fits = reshape.shape[:2] == (1, 1) and len(reshape.shape) == 3 and margins == {((0, 0), (1, 1))}
    return BetweenZeros(normalization.epsilon) if fits else None


@dataclass(frozen=True)
class Forward:
    """A step that calls the layer's own `forward`."""

    layer: Layer

    def buffer(self, rows: int, dtype: np.dtype[Any]) -> Array | None:
        return None

    def run(self, x: Array, out: Array | None) -> Array:
        return self.layer.forward(x)


VALUES_AT_ONCE = 1 << 19
"""Values that one step computes at a time: 2 MiB in float32, which fits the processor's cache."""


@dataclass(frozen=True)
class InferencePlan:
    """steps: up to the logits, where the network ends in probabilities; last: that softmax or sigmoid, or None."""

    steps: tuple[Step, ...]
    last: Activation | None
    batch_rows: int
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, layers: Sequence[Layer], input_shape: Shape, dtype: np.dtype[Any]) -> InferencePlan:
        """The plan for these layers, with their weights as they are now."""
        working = [layer for layer in layers if not layer.keeps_rows_when_predicting]
        last = working[-1] if working else None
        ends = last if isinstance(last, Activation) and last.kind in PROBABILITIES else None
        widest = max([int(np.prod(input_shape)), *(layer.values_per_row for layer in working)])
        rows = max(1, VALUES_AT_ONCE // max(widest, 1))
        return cls(tuple(steps_of(working[:-1] if ends else working, dtype)), ends, rows, dtype)

    def run(self, x: Array) -> Array:
        """Outputs (n, ...) of raw rows (n, ...) of any number type."""
        logits = self.logits(x)
        return logits if self.last is None else self.last.forward(logits)

    def logits(self, x: Array) -> Array:
        """The inputs of the final softmax or sigmoid, (n, units); without one, the outputs."""
        rows = min(self.batch_rows, len(x))
        buffers = [step.buffer(rows, self.dtype) for step in self.steps]
        raw = None if x.dtype == self.dtype else np.empty((rows, *x.shape[1:]), self.dtype)
        if len(x) <= rows:
            return self._chunk(x, raw, buffers)
        first = self._chunk(x[:rows], raw, buffers)
        outputs = np.empty((len(x), *first.shape[1:]), self.dtype)
        outputs[:rows] = first
        for start in range(rows, len(x), rows):
            outputs[start : start + rows] = self._chunk(x[start : start + rows], raw, buffers)
        return outputs

    def _chunk(self, x: Array, raw: Array | None, buffers: list[Array | None]) -> Array:
        values = x
        if raw is not None:
            values = raw[: len(x)]
            np.copyto(values, x, casting="same_kind")
        for step, buffer in zip(self.steps, buffers, strict=True):
            values = step.run(values, None if buffer is None else buffer[: len(x)])
        return values


def steps_of(layers: Sequence[Layer], dtype: np.dtype[Any]) -> list[Step]:
    """What each layer amounts to, folded into the one before where that loses no digits."""
    steps: list[Step] = []
    scale = 1.0  # a factor that waits for the next dense layer
    ours = False  # whether the values so far lie in an array that is nobody else's
    clipped = 0  # so many of the next layers are in a step already
    for index, layer in enumerate(layers):
        previous = steps[-1] if steps else None
        if clipped:
            clipped -= 1
            continue
        if (clip := between_zeros(layers[index:])) is not None:
            steps += [Forward(layer), clip]
            clipped, ours = BetweenZeros.LAYERS - 1, True
            continue
        if isinstance(layer, Rescaling) and _one_factor(layer) and _dense_follows(layers[index + 1 :]):
            scale *= float(np.asarray(layer.scale))
            continue
        if isinstance(layer, Dense):
            steps.append(Affine.of(layer, scale, dtype))
            scale = 1.0
        elif isinstance(layer, BatchNormalization) and isinstance(previous, Affine):
            steps[-1] = previous.then(*layer.scale_and_shift(), dtype)
        elif isinstance(layer, BatchNormalization):
            steps.append(ScaleShift.of(*layer.scale_and_shift(), dtype, ours))
        elif isinstance(layer, Normalization):
            steps.append(Normalize(layer.mean.astype(dtype), layer.deviation.astype(dtype)))
        elif isinstance(layer, Activation) and ours and layer.kind in InPlace.FUNCTIONS:
            steps.append(InPlace(layer.kind))
        else:
            steps.append(Forward(layer))
        same = isinstance(layer, (Reshape, Permute, Margins))
        ours = ours if same else not isinstance(layer, RepeatVector)  # whose rows are one in memory
    return steps


def _one_factor(layer: Rescaling) -> bool:
    return np.ndim(layer.scale) == 0 and not np.any(layer.offset)


def _dense_follows(layers: Sequence[Layer]) -> bool:
    """Whether the next layer that computes anything is a dense one."""
    return isinstance(next((layer for layer in layers if not isinstance(layer, (Reshape, Permute))), None), Dense)
