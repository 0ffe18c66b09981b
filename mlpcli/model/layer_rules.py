"""Output shapes and parameter counts of Keras's image layers, worked out without Keras."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from mlpcli.config.base import Component
from mlpcli.config.initializers import Identity, Orthogonal
from mlpcli.config.layers import IMAGE_LAYERS, Layer
from mlpcli.config.regularizers import OrthogonalRegularizer
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


def weight_shapes(tag: str, layer: Any, shape: Shape) -> list[Shape]:
    """The shapes of the weights of the layer called `tag` for inputs of `shape`; layers without an entry have none.

    `layer` has Keras's argument names as attributes, and `layer_size` must have accepted it for that shape.
    """
    rule = _WEIGHT_RULES.get(tag)
    return rule(layer, shape) if rule else []


def _biased(kernels: list[Shape], units: int, use_bias: bool) -> list[Shape]:
    return [*kernels, (units,)] if use_bias else kernels


def _dense_weights(layer: Any, shape: Shape) -> list[Shape]:
    return _biased([(shape[-1], layer.units)], layer.units, layer.use_bias)


def _conv2d_weights(layer: Any, shape: Shape) -> list[Shape]:
    kernel = (*_sides(layer.kernel_size), shape[-1] // layer.groups, layer.filters)
    return _biased([kernel], layer.filters, layer.use_bias)


def _depthwise_conv2d_weights(layer: Any, shape: Shape) -> list[Shape]:
    kernel = (*_sides(layer.kernel_size), shape[-1], layer.depth_multiplier)
    return _biased([kernel], shape[-1] * layer.depth_multiplier, layer.use_bias)


def _separable_conv2d_weights(layer: Any, shape: Shape) -> list[Shape]:
    depthwise = (*_sides(layer.kernel_size), shape[-1], layer.depth_multiplier)
    pointwise = (1, 1, shape[-1] * layer.depth_multiplier, layer.filters)
    return _biased([depthwise, pointwise], layer.filters, layer.use_bias)


def _normalization_weights(layer: Any, shape: Shape) -> list[Shape]:
    """Mean, variance and count, where Keras's `adapt` found them; a given mean is no weight."""
    if layer.mean is not None:
        return []
    statistics: Shape = () if layer.axis is None else (_side(layer.axis, shape),)
    return [statistics, statistics, ()]


def _normalizing(statistics: int) -> Callable[[Any, Shape], list[Shape]]:
    """Scale, offset, and what training tracks."""
    return lambda layer, shape: [(_side(layer.axis, shape),)] * (layer.scale + layer.center + statistics)


def _prelu_weights(layer: Any, shape: Shape) -> list[Shape]:
    shared = layer.shared_axes or []
    return [tuple(1 if axis in shared else side for axis, side in enumerate(shape, start=1))]


def _side(axis: int, shape: Shape) -> int:
    """As in Keras, 0 is the batch: 1 and -len(shape) are the first side."""
    return shape[axis if axis < 0 else axis - 1]


def _sides(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


_WEIGHT_RULES: dict[str, Callable[[Any, Shape], list[Shape]]] = {
    "dense": _dense_weights,
    "conv2d": _conv2d_weights,
    "depthwise_conv2d": _depthwise_conv2d_weights,
    "separable_conv2d": _separable_conv2d_weights,
    "normalization": _normalization_weights,
    "batch_normalization": _normalizing(2),
    "layer_normalization": _normalizing(0),
    "group_normalization": _normalizing(0),
    "prelu": _prelu_weights,
}


def check_ranks(layer: Layer, shape: Shape) -> None:
    """Refuse what cannot be applied to the weights of `layer`, for inputs of `shape`.

    Raises:
        ShapeError: naming the argument.
    """
    for argument in type(layer).model_fields:
        value = getattr(layer, argument)
        if isinstance(value, Component):
            _check(argument, value, _rank(layer, argument, shape))


def _rank(layer: Layer, argument: str, shape: Shape) -> int:
    """How many axes the weight has that the argument is for: biases and the vectors of normalization one."""
    weight = argument.split("_")[0]
    if weight == "alpha":
        return len(shape)
    if weight in ("kernel", "depthwise", "pointwise"):
        return 4 if isinstance(layer, IMAGE_LAYERS) else 2
    return 1


def _check(argument: str, value: Component, rank: int) -> None:
    if isinstance(value, (Identity, OrthogonalRegularizer)) and rank != 2 and argument != "activity_regularizer":
        raise ShapeError(
            f"{argument}: {value.tag} is for matrices, such as the kernel of a dense layer; choose another"
        )
    if isinstance(value, Orthogonal) and rank < 2:
        raise ShapeError(
            f"{argument}: {value.tag} is for matrices, and this weight is one row of numbers; choose another"
        )
    if value.family == "constraints" and not -rank <= getattr(value, "axis", 0) < rank:
        raise ShapeError(
            f"{argument}: axis {getattr(value, 'axis', 0)} does not exist; this weight has axes 0 to {rank - 1}"
        )
