"""Output shapes and parameter counts of Keras layers, worked out without Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

Shape = tuple[int, ...]
"""Without the batch dimension: (784,), (28, 28), (32, 32, 3)."""


@dataclass(frozen=True)
class LayerSize:
    """What one layer makes of its input."""

    output_shape: Shape
    trainable: int = 0
    non_trainable: int = 0
    arithmetic: str = ""
    """How the parameters come about, such as 784x100+100."""

    @property
    def parameters(self) -> int:
        """Trainable and not."""
        return self.trainable + self.non_trainable


class ShapeError(ValueError):
    """A layer cannot take the shape before it; the text says what it needs."""


def layer_size(tag: str, arguments: Any, shape: Shape) -> LayerSize:
    """The size of the layer called `tag` (a name of the schema) for inputs of `shape`.

    `arguments` has Keras's argument names as attributes. Layers without an entry keep their input's shape.

    Raises:
        ShapeError: the layer cannot follow that shape.
    """
    rule = _RULES.get(tag)
    return rule(arguments, shape) if rule else LayerSize(shape)


def _dense(dense: Any, shape: Shape) -> LayerSize:
    count, arithmetic = _kernel([shape[-1], dense.units], dense.units if dense.use_bias else 0)
    return LayerSize((*shape[:-1], dense.units), count, 0, arithmetic)


def _normalized(layer: Any, shape: Shape, statistics: int) -> LayerSize:
    try:
        width = shape[layer.axis if layer.axis < 0 else layer.axis - 1]
    except IndexError:
        raise ShapeError(f"axis {layer.axis} does not exist in inputs of shape {shape}") from None
    vectors = layer.center + layer.scale
    return LayerSize(shape, width * vectors, width * statistics, f"{vectors + statistics}x{width}")


def _group_normalization(layer: Any, shape: Shape) -> LayerSize:
    size = _normalized(layer, shape, 0)
    width = shape[layer.axis if layer.axis < 0 else layer.axis - 1]
    if layer.groups not in (-1, 0) and width % layer.groups:
        raise ShapeError(f"{width} values cannot be split into {layer.groups} equal groups; choose a divisor of {width}")
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
    return LayerSize(shape, prod(1 if axis + 1 in shared else side for axis, side in enumerate(shape)))


def _conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    if channels % layer.groups or layer.filters % layer.groups:
        raise ShapeError(f"groups {layer.groups} must divide both the {channels} input channels and the {layer.filters} filters")
    sides = [*_pair(layer.kernel_size), channels // layer.groups, layer.filters]
    count, arithmetic = _kernel(sides, layer.filters if layer.use_bias else 0)
    return LayerSize((*_windows(layer, layer.kernel_size, height, width), layer.filters), count, 0, arithmetic)


def _depthwise_conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    made = channels * layer.depth_multiplier
    sides = [*_pair(layer.kernel_size), channels, layer.depth_multiplier]
    count, arithmetic = _kernel(sides, made if layer.use_bias else 0)
    return LayerSize((*_windows(layer, layer.kernel_size, height, width), made), count, 0, arithmetic)


def _separable_conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    made = channels * layer.depth_multiplier
    depth, first = _kernel([*_pair(layer.kernel_size), channels, layer.depth_multiplier], 0)
    point, second = _kernel([made, layer.filters], layer.filters if layer.use_bias else 0)
    windows = _windows(layer, layer.kernel_size, height, width)
    return LayerSize((*windows, layer.filters), depth + point, 0, f"{first}+{second}")


def _pooling2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    return LayerSize((*_windows(layer, layer.pool_size, height, width), channels))


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


def _kernel(sides: list[int], bias: int) -> tuple[int, str]:
    """The entries of a kernel with these sides and a bias, and the sum as people write it."""
    arithmetic = "x".join(map(str, sides)) + (f"+{bias}" if bias else "")
    return prod(sides) + bias, arithmetic


def _windows(layer: Any, window: Any, height: int, width: int) -> tuple[int, int]:
    """How many positions a sliding window takes, rows and columns ("valid" stays inside, "same" pads)."""
    strides = _pair(layer.strides if layer.strides is not None else window)
    dilation = _pair(getattr(layer, "dilation_rate", 1))
    sides = []
    for side, length, step, spread in zip((height, width), _pair(window), strides, dilation, strict=True):
        reach = spread * (length - 1) + 1
        count = -(-side // step) if layer.padding == "same" else (side - reach) // step + 1
        if count < 1:
            raise ShapeError(f"a window of {_pair(window)} does not fit into {height}x{width}; use a smaller one or padding: same")
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


_RULES: dict[str, Callable[[Any, Shape], LayerSize]] = {
    "dense": _dense,
    "batch_normalization": lambda layer, shape: _normalized(layer, shape, 2),
    "layer_normalization": lambda layer, shape: _normalized(layer, shape, 0),
    "group_normalization": _group_normalization,
    "flatten": lambda layer, shape: LayerSize((prod(shape),)),
    "reshape": _reshape,
    "permute": _permute,
    "prelu": _prelu,
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "separable_conv2d": _separable_conv2d,
    "max_pooling2d": _pooling2d,
    "average_pooling2d": _pooling2d,
    "global_average_pooling2d": _global_pooling2d,
    "global_max_pooling2d": _global_pooling2d,
    "zero_padding2d": _padded("padding", 1),
    "cropping2d": _padded("cropping", -1),
    "up_sampling2d": _up_sampling2d,
}
