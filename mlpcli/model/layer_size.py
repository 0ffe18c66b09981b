"""Output shapes and parameter counts of Keras layers, worked out without Keras."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from mlpcli.model.image_sizes import IMAGE_RULES
from mlpcli.model.shapes import LayerSize, Shape, ShapeError, kernel_size


def layer_size(tag: str, arguments: Any, shape: Shape) -> LayerSize:
    """The size of the layer called `tag` (a name of the schema) for inputs of `shape`.

    `arguments` has Keras's argument names as attributes. Layers without an entry keep their input's shape.

    Raises:
        ShapeError: the layer cannot follow that shape.
    """
    rule = _RULES.get(tag)
    return rule(arguments, shape) if rule else LayerSize(shape)


def _dense(dense: Any, shape: Shape) -> LayerSize:
    count, arithmetic = kernel_size([shape[-1], dense.units], dense.units if dense.use_bias else 0)
    return LayerSize((*shape[:-1], dense.units), count, 0, arithmetic)


def _width(axis: int, shape: Shape) -> int:
    """The side of `axis`, which counts as in Keras: 1 and -len(shape) are the first side, for 0 is the batch."""
    if not (1 <= axis <= len(shape) or -len(shape) <= axis <= -1):
        raise ShapeError(f"axis {axis} does not exist in inputs of shape {shape}; -1 is the last, 1 the first")
    return shape[axis if axis < 0 else axis - 1]


def _along_axis(layer: Any, shape: Shape) -> LayerSize:
    _width(layer.axis, shape)
    return LayerSize(shape)


def _normalization(layer: Any, shape: Shape) -> LayerSize:
    """With its mean given it has no weights; adapted by Keras it has mean, variance and a count."""
    if layer.mean is not None:
        return LayerSize(shape)
    width = 1 if layer.axis in (None, []) else _width(layer.axis, shape)
    return LayerSize(shape, 0, 2 * width + 1, f"2x{width}+1")


def _normalized(layer: Any, shape: Shape, statistics: int) -> LayerSize:
    width = _width(layer.axis, shape)
    vectors = layer.center + layer.scale
    return LayerSize(shape, width * vectors, width * statistics, f"{vectors + statistics}x{width}")


def _group_normalization(layer: Any, shape: Shape) -> LayerSize:
    size, width = _normalized(layer, shape, 0), _width(layer.axis, shape)
    if layer.groups == 0 or width % layer.groups:
        raise ShapeError(
            f"{width} values cannot be split into {layer.groups} equal groups; choose a divisor of {width}"
        )
    return size


def _reshape(layer: Any, shape: Shape) -> LayerSize:
    target, size = list(layer.target_shape), prod(shape)
    known = prod(side for side in target if side != -1)
    fits = size % known == 0 if target.count(-1) == 1 and known else known == size
    if target.count(-1) > 1 or not fits:
        raise ShapeError(f"{shape} holds {size} values, which do not fill {tuple(target)}")
    return LayerSize(tuple(size // known if side == -1 else side for side in target))


def _permute(layer: Any, shape: Shape) -> LayerSize:
    if sorted(layer.dims) != list(range(1, len(shape) + 1)):
        raise ShapeError(f"dims must name each of 1..{len(shape)} once (got {list(layer.dims)})")
    return LayerSize(tuple(shape[side - 1] for side in layer.dims))


def _prelu(layer: Any, shape: Shape) -> LayerSize:
    shared = layer.shared_axes or []
    for axis in shared:
        _width(axis, shape)
    return LayerSize(shape, prod(1 if axis + 1 in shared else side for axis, side in enumerate(shape)))


_RULES: dict[str, Callable[[Any, Shape], LayerSize]] = {
    "dense": _dense,
    "normalization": _normalization,
    "softmax": _along_axis,
    "unit_normalization": _along_axis,
    "batch_normalization": lambda layer, shape: _normalized(layer, shape, 2),
    "layer_normalization": lambda layer, shape: _normalized(layer, shape, 0),
    "group_normalization": _group_normalization,
    "flatten": lambda layer, shape: LayerSize((prod(shape),)),
    "reshape": _reshape,
    "permute": _permute,
    "prelu": _prelu,
    **IMAGE_RULES,
}
