"""Output shapes and parameter counts of Keras's image layers, worked out without Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlpcli.model.shapes import LayerSize, Shape, ShapeError, kernel_size


def _conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    if channels % layer.groups or layer.filters % layer.groups:
        raise ShapeError(
            f"groups {layer.groups} must divide both the {channels} input channels and the {layer.filters} filters"
        )
    if max(_pair(layer.strides)) > 1 and max(_pair(layer.dilation_rate)) > 1:
        raise ShapeError("strides and dilation_rate cannot both be greater than 1; leave one of them at 1")
    sides = [*_pair(layer.kernel_size), channels // layer.groups, layer.filters]
    count, arithmetic = kernel_size(sides, layer.filters if layer.use_bias else 0)
    return LayerSize((*_windows(layer, layer.kernel_size, height, width), layer.filters), count, 0, arithmetic)


def _depthwise_conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    made = channels * layer.depth_multiplier
    sides = [*_pair(layer.kernel_size), channels, layer.depth_multiplier]
    count, arithmetic = kernel_size(sides, made if layer.use_bias else 0)
    return LayerSize((*_windows(layer, layer.kernel_size, height, width), made), count, 0, arithmetic)


def _separable_conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    made = channels * layer.depth_multiplier
    depth, first = kernel_size([*_pair(layer.kernel_size), channels, layer.depth_multiplier], 0)
    point, second = kernel_size([made, layer.filters], layer.filters if layer.use_bias else 0)
    windows = _windows(layer, layer.kernel_size, height, width)
    return LayerSize((*windows, layer.filters), depth + point, 0, f"{first}+{second}")


def _pooling2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    return LayerSize((*_windows(layer, layer.pool_size, height, width), channels))


def _spatial_dropout2d(layer: Any, shape: Shape) -> LayerSize:
    return LayerSize(_image(shape))


def _global_pooling2d(layer: Any, shape: Shape) -> LayerSize:
    _, _, channels = _image(shape)
    return LayerSize((1, 1, channels) if layer.keepdims else (channels,))


def _padded(margin: str, sign: int) -> Callable[[Any, Shape], LayerSize]:
    def rule(layer: Any, shape: Shape) -> LayerSize:
        height, width, channels = _image(shape)
        rows, columns = (_both_sides(side) for side in _pair(getattr(layer, margin)))
        padded = (height + sign * rows, width + sign * columns)
        if min(padded) < 1:
            raise ShapeError(f"cuts more than there is of {shape}")
        return LayerSize((*padded, channels))

    return rule


def _up_sampling2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    rows, columns = _pair(layer.size)
    return LayerSize((height * rows, width * columns, channels))


def _windows(layer: Any, window: Any, height: int, width: int) -> tuple[int, int]:
    """How many positions a sliding window takes, rows and columns ("valid" stays inside, "same" pads)."""
    strides = _pair(layer.strides if layer.strides is not None else window)
    dilation = _pair(getattr(layer, "dilation_rate", 1))
    sides = []
    for side, length, step, spread in zip((height, width), _pair(window), strides, dilation, strict=True):
        reach = spread * (length - 1) + 1
        count = -(-side // step) if layer.padding == "same" else (side - reach) // step + 1
        if count < 1:
            raise ShapeError(
                f"a window of {_pair(window)} does not fit into {height}x{width}; use a smaller one or padding: same"
            )
        sides.append(count)
    return sides[0], sides[1]


def _image(shape: Shape) -> Shape:
    if len(shape) != 3:
        raise ShapeError(f"needs images of shape (height, width, channels), and what comes in has shape {shape}")
    return shape


def _pair(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _both_sides(margin: Any) -> int:
    """Keras's files write a margin as [before, after]; a config as one number for both."""
    return 2 * margin if isinstance(margin, int) else sum(margin)


IMAGE_RULES: dict[str, Callable[[Any, Shape], LayerSize]] = {
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "separable_conv2d": _separable_conv2d,
    "max_pooling2d": _pooling2d,
    "average_pooling2d": _pooling2d,
    "global_average_pooling2d": _global_pooling2d,
    "global_max_pooling2d": _global_pooling2d,
    "spatial_dropout2d": _spatial_dropout2d,
    "zero_padding2d": _padded("padding", 1),
    "cropping2d": _padded("cropping", -1),
    "up_sampling2d": _up_sampling2d,
}
