"""What the formats that mlpcli writes itself share: the layers of a network with their weights, windows on images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import UserError
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.modelfile.towers import Tower

NO_EFFECT = (
    "activation", "identity", "dropout", "gaussian_dropout", "alpha_dropout", "gaussian_noise", "spatial_dropout2d",
    "activity_regularization",
)  # fmt: skip
"""By the schema's tags: layers that change nothing when a network predicts, but for an activation of their own."""
KERAS_EPSILON = 1e-7
"""The least deviation that Keras's Normalization divides by."""


@dataclass(frozen=True, eq=False)
class Step:
    """A layer, the shape of the example that comes in, and its weights by name; number: from 0."""

    layer: SavedLayer
    shape: Shape
    weights: Mapping[str, Array]
    number: int


def steps(saved: SavedModel, tower: Tower) -> Iterator[Step]:
    """The layers of a network in order."""
    shape = saved.input_shape
    for number, layer in enumerate(tower.layers):
        weights = dict(zip(layer.size.weights, saved.weights.get(layer.name, ()), strict=True))
        yield Step(layer, shape, weights, number)
        shape = layer.size.output_shape


def check_float32(saved: SavedModel, form: str) -> None:
    """Refuse a network that computes in other numbers than the file would.

    Raises:
        UserError: naming the first such layer.
    """
    other = next((layer for layer in saved.layers if layer.precision != "float32"), None)
    if other is not None:
        raise UserError(
            f"{saved.path}: layer {other.name} computes in {other.precision}, and --to {form} writes float32; use --to"
            " savedmodel or keras"
        )


def position(axis: int, shape: Shape) -> int:
    """The axis of a batch, counted from 0, that Keras's `axis` means."""
    return axis if axis >= 0 else axis + len(shape) + 1


def along(axis: int, shape: Shape, values: Any) -> Array:
    """Numbers for the positions of one axis (or one number), float32, so that they broadcast to a batch."""
    array = np.asarray(values, np.float32)
    return array.reshape(()) if array.size == 1 else array.reshape(-1, *[1] * (len(shape) - position(axis, shape)))


def mean_and_deviation(step: Step) -> tuple[Array, Array]:
    """What a Normalization subtracts and divides by."""
    layer: Any = step.layer.component
    numbers = step.weights or {"mean": layer.mean, "variance": layer.variance}
    axis = 1 if layer.axis is None else layer.axis
    mean, variance = (along(axis, step.shape, numbers[name]) for name in ("mean", "variance"))
    return mean, np.maximum(np.sqrt(variance), np.float32(KERAS_EPSILON))


def scale_and_shift(step: Step) -> tuple[Array, Array]:
    """A BatchNormalization as x * scale + shift."""
    layer: Any = step.layer.component
    mean, variance = (step.weights[name].astype(np.float64) for name in ("moving_mean", "moving_variance"))
    scale = step.weights.get("gamma", 1.0) / np.sqrt(variance + layer.epsilon)
    shift = step.weights.get("beta", 0.0) - mean * scale
    return along(layer.axis, step.shape, scale), along(layer.axis, step.shape, shift)


def gamma_and_beta(step: Step) -> tuple[Array | None, Array | None]:
    """What a layer that normalizes has learnt; None where it has none."""
    layer: Any = step.layer.component
    found = {name: along(layer.axis, step.shape, values) for name, values in step.weights.items()}
    return found.get("gamma"), found.get("beta")


def grouped(step: Step) -> tuple[Shape, list[int]]:
    """For a GroupNormalization: the shape of an example with an axis of groups, and the axes of a batch to average."""
    layer: Any = step.layer.component
    shape, at = step.shape, position(layer.axis, step.shape) - 1
    groups = shape[at] if layer.groups == -1 else layer.groups
    split = (*shape[:at], groups, shape[at] // groups, *shape[at + 1 :])
    return split, [axis for axis in range(1, len(split) + 1) if axis != at + 1]


def pair(value: Any) -> tuple[int, int]:
    """Rows and columns, from one number for both or two."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def both_sides(margin: Any) -> list[tuple[int, int]]:
    """A margin as Keras's arguments have it (1, [1, 2], [[1, 1], [2, 2]]): above and below, left and right."""
    return [pair(side) for side in ((margin, margin) if isinstance(margin, int) else margin)]


@dataclass(frozen=True)
class Window:
    """A window that slides over images. margins: above and below, left and right; what padding "same" adds."""

    size: tuple[int, int]
    steps: tuple[int, int]
    spread: tuple[int, int]
    margins: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, layer: Any, shape: Shape) -> Window:
        """From a convolution or pooling, and the shape of an image. As in Keras, the odd margin comes last."""
        size = pair(layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size)
        moves = size if layer.strides is None else pair(layer.strides)
        spread = pair(getattr(layer, "dilation_rate", 1))
        reach = [gap * (length - 1) + 1 for length, gap in zip(size, spread, strict=True)]
        lacking = [
            (math.ceil(side / step) - 1) * step + span - side if layer.padding == "same" else 0
            for side, step, span in zip(shape[:2], moves, reach, strict=True)
        ]
        missing = [max(count, 0) for count in lacking]
        return cls(size, moves, spread, [(total // 2, total - total // 2) for total in missing])
