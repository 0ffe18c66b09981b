"""Which arrays a layer has, in the order of Keras's `layer.weights`, worked out without Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlpcli.model.shapes import Shape


def weight_shapes(tag: str, layer: Any, shape: Shape) -> list[Shape]:
    """The shapes of the weights of the layer called `tag` for inputs of `shape`; layers without an entry have none.

    `layer` has Keras's argument names as attributes, and `layer_size` must have accepted it for that shape.
    """
    rule = _RULES.get(tag)
    return rule(layer, shape) if rule else []


def _biased(kernels: list[Shape], units: int, use_bias: bool) -> list[Shape]:
    return [*kernels, (units,)] if use_bias else kernels


def _dense(layer: Any, shape: Shape) -> list[Shape]:
    return _biased([(shape[-1], layer.units)], layer.units, layer.use_bias)


def _conv2d(layer: Any, shape: Shape) -> list[Shape]:
    kernel = (*_pair(layer.kernel_size), shape[-1] // layer.groups, layer.filters)
    return _biased([kernel], layer.filters, layer.use_bias)


def _depthwise_conv2d(layer: Any, shape: Shape) -> list[Shape]:
    kernel = (*_pair(layer.kernel_size), shape[-1], layer.depth_multiplier)
    return _biased([kernel], shape[-1] * layer.depth_multiplier, layer.use_bias)


def _separable_conv2d(layer: Any, shape: Shape) -> list[Shape]:
    depthwise = (*_pair(layer.kernel_size), shape[-1], layer.depth_multiplier)
    pointwise = (1, 1, shape[-1] * layer.depth_multiplier, layer.filters)
    return _biased([depthwise, pointwise], layer.filters, layer.use_bias)


def _normalization(layer: Any, shape: Shape) -> list[Shape]:
    """Mean, variance and count, where Keras's `adapt` found them; a given mean is no weight."""
    if layer.mean is not None:
        return []
    statistics: Shape = () if layer.axis is None else (_side(layer.axis, shape),)
    return [statistics, statistics, ()]


def _normalizing(statistics: int) -> Callable[[Any, Shape], list[Shape]]:
    """Scale, offset, and what training tracks."""
    return lambda layer, shape: [(_side(layer.axis, shape),)] * (layer.scale + layer.center + statistics)


def _prelu(layer: Any, shape: Shape) -> list[Shape]:
    shared = layer.shared_axes or []
    return [tuple(1 if axis in shared else side for axis, side in enumerate(shape, start=1))]


def _side(axis: int, shape: Shape) -> int:
    """As in Keras, 0 is the batch: 1 and -len(shape) are the first side."""
    return shape[axis if axis < 0 else axis - 1]


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


_RULES: dict[str, Callable[[Any, Shape], list[Shape]]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "separable_conv2d": _separable_conv2d,
    "normalization": _normalization,
    "batch_normalization": _normalizing(2),
    "layer_normalization": _normalizing(0),
    "group_normalization": _normalizing(0),
    "prelu": _prelu,
}
