"""The output shape and the weights of each of Keras's layers, worked out without Keras."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from mlpcli.config.base import Component
from mlpcli.config.initializers import Identity, Orthogonal
from mlpcli.config.layers import Layer
from mlpcli.config.regularizers import OrthogonalRegularizer
from mlpcli.model.shapes import LayerSize, Shape, ShapeError
from mlpcli.text import printable

LARGEST_OUTPUT = 1 << 26
"""The most values a layer may make from one row: an up-sampling of a few bytes could take all memory."""
Rule = Callable[[Any, Shape], LayerSize]
"""From a layer (Keras's argument names as attributes) and its input shape to its size."""


def layer_size(tag: str, layer: Any, shape: Shape) -> LayerSize:
    """The output shape and the weights of the layer called `tag` (a name of the schema) for inputs of `shape`.

    `layer` has Keras's argument names as attributes. A layer without a rule keeps its input's shape and has no weights.

    Raises:
        ShapeError: the layer does not accept inputs of that shape, or makes too many values of them.

    >>> from mlpcli.config.layers import Conv2D
    >>> size = layer_size("conv2d", Conv2D(filters=8, kernel_size=3), (28, 28, 1))
    >>> size.output_shape, size.weights, size.parameters
    ((26, 26, 8), {'kernel': (3, 3, 1, 8), 'bias': (8,)}, 80)
    """
    rule = _RULES.get(tag)
    size = rule(layer, shape) if rule else LayerSize(shape)
    if prod(size.output_shape) > LARGEST_OUTPUT:
        raise ShapeError(f"it makes {prod(size.output_shape):,} values from one row; the limit is {LARGEST_OUTPUT:,}")
    return size


def _dense(layer: Any, shape: Shape) -> LayerSize:
    weights = _biased({"kernel": (shape[-1], layer.units)}, layer.units, layer.use_bias)
    return LayerSize((*shape[:-1], layer.units), weights, arithmetic=_sum(weights))


def _biased(kernels: dict[str, Shape], units: int, use_bias: bool) -> dict[str, Shape]:
    return {**kernels, "bias": (units,)} if use_bias else kernels


def _sum(weights: dict[str, Shape]) -> str:
    """The parameter count as a sum of products: 784x100+100."""
    return "+".join("x".join(map(str, shape)) for shape in weights.values())


def _along_axis(layer: Any, shape: Shape) -> LayerSize:
    _width(layer.axis, shape)
    return LayerSize(shape)


def _width(axis: int, shape: Shape) -> int:
    """The length of `axis`, counted as in Keras: 1 and -len(shape) are the first axis, since 0 is the batch."""
    if not (1 <= axis <= len(shape) or -len(shape) <= axis <= -1):
        raise ShapeError(
            f"axis {printable(axis, 40)} does not exist in inputs of shape {shape}; -1 is the last, 1 the first"
        )
    return shape[axis if axis < 0 else axis - 1]


def _normalization(layer: Any, shape: Shape) -> LayerSize:
    """With `mean` given, it has no weights; adapted by Keras, it has mean, variance and count."""
    side: Shape = () if layer.axis is None else (_width(layer.axis, shape),)
    for name in ("mean", "variance") if layer.mean is not None else ():
        given = getattr(layer, name)
        if isinstance(given, list) and len(given) not in (0, 1, prod(side)):  # 0: not fitted yet
            raise ShapeError(f"{name} has {len(given):,} numbers, but axis {layer.axis} of {shape} has {prod(side):,}")
    if layer.mean is not None:
        return LayerSize(shape)
    weights: dict[str, Shape] = {"mean": side, "variance": side, "count": ()}
    return LayerSize(shape, weights, tuple(weights), f"2x{prod(side)}+1")


def _batch_normalization(layer: Any, shape: Shape) -> LayerSize:
    return _normalized(layer, shape, ("moving_mean", "moving_variance"))


def _layer_normalization(layer: Any, shape: Shape) -> LayerSize:
    return _normalized(layer, shape, ())


def _normalized(layer: Any, shape: Shape, tracked: tuple[str, ...]) -> LayerSize:
    """Scale, offset, and what training tracks."""
    width = _width(layer.axis, shape)
    learnt = [name for name, has in (("gamma", layer.scale), ("beta", layer.center)) if has]
    names = [*learnt, *tracked]
    return LayerSize(shape, dict.fromkeys(names, (width,)), tracked, f"{len(names)}x{width}" if names else "")


def _group_normalization(layer: Any, shape: Shape) -> LayerSize:
    size, width = _normalized(layer, shape, ()), _width(layer.axis, shape)
    if layer.groups == 0 or width % layer.groups:
        raise ShapeError(
            f"{width} values cannot be split into {layer.groups} equal groups; choose a divisor of {width}"
        )
    return size


def _repeat_vector(layer: Any, shape: Shape) -> LayerSize:
    if len(shape) != 1:
        raise ShapeError(f"repeats rows of numbers, but its input has shape {shape}")
    return LayerSize((layer.n, *shape))


def _einsum_dense(layer: Any, shape: Shape) -> LayerSize:
    """Keras's names of the axes: b for the rows, k for the members, i for the inputs, o for the units."""
    inputs, kernel, made = layer.equation.replace("->", ",").split(",")
    if len(shape) != len(inputs) - 1:
        rows = "rows of numbers" if len(inputs) == 2 else "a row of numbers for each member"
        raise ShapeError(f"takes {rows}, but its input has shape {shape}")
    if len(layer.output_shape) != len(made) - 1:
        raise ShapeError(
            f"an output_shape of {len(layer.output_shape)} axes does not fit the equation {layer.equation}"
        )
    sides = dict(zip(made[1:], layer.output_shape, strict=True)) | dict(zip(inputs[1:], shape, strict=True))
    output = tuple(sides[axis] for axis in made[1:])
    if output != tuple(layer.output_shape):
        raise ShapeError(f"an input of shape {shape} makes {output}, not {tuple(layer.output_shape)}")
    weights = {"kernel": tuple(sides[axis] for axis in kernel)}
    if layer.bias_axes:
        if "o" not in sides:
            raise ShapeError(f"a bias does not fit the equation {layer.equation}")
        weights["bias"] = tuple(sides[axis] for axis in layer.bias_axes)
    return LayerSize(output, weights, arithmetic=_sum(weights))


def _mean_of_steps(layer: Any, shape: Shape) -> LayerSize:
    if len(shape) != 2:
        raise ShapeError(f"averages rows of numbers, but its input has shape {shape}")
    return LayerSize(shape[1:])


def _flatten(layer: Any, shape: Shape) -> LayerSize:
    return LayerSize((prod(shape),))


def _reshape(layer: Any, shape: Shape) -> LayerSize:
    target, size = list(layer.target_shape), prod(shape)
    known = prod(side for side in target if side != -1)
    fits = size % known == 0 if target.count(-1) == 1 and known else known == size
    if target.count(-1) > 1 or not fits:
        raise ShapeError(f"an input of shape {shape} has {size} values and cannot become {tuple(target)}")
    return LayerSize(tuple(size // known if side == -1 else side for side in target))


def _permute(layer: Any, shape: Shape) -> LayerSize:
    if sorted(layer.dims) != list(range(1, len(shape) + 1)):
        raise ShapeError(f"dims must name each of 1..{len(shape)} once (got {list(layer.dims)})")
    return LayerSize(tuple(shape[side - 1] for side in layer.dims))


def _prelu(layer: Any, shape: Shape) -> LayerSize:
    shared = layer.shared_axes or []
    for axis in shared:
        _width(axis, shape)
    alpha = tuple(1 if axis in shared else side for axis, side in enumerate(shape, start=1))
    return LayerSize(shape, {"alpha": alpha})


def _conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    if channels % layer.groups or layer.filters % layer.groups:
        raise ShapeError(
            f"groups {layer.groups} must divide both the {channels} input channels and the {layer.filters} filters"
        )
    if max(_pair(layer.strides)) > 1 and max(_pair(layer.dilation_rate)) > 1:
        raise ShapeError("strides and dilation_rate cannot both be greater than 1; leave one of them at 1")
    kernel = (*_pair(layer.kernel_size), channels // layer.groups, layer.filters)
    weights = _biased({"kernel": kernel}, layer.filters, layer.use_bias)
    windows = _windows(layer, layer.kernel_size, height, width)
    return LayerSize((*windows, layer.filters), weights, arithmetic=_sum(weights))


def _depthwise_conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    made = channels * layer.depth_multiplier
    kernel = (*_pair(layer.kernel_size), channels, layer.depth_multiplier)
    weights = _biased({"depthwise": kernel}, made, layer.use_bias)
    windows = _windows(layer, layer.kernel_size, height, width)
    return LayerSize((*windows, made), weights, arithmetic=_sum(weights))


def _separable_conv2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    made = channels * layer.depth_multiplier
    depthwise = (*_pair(layer.kernel_size), channels, layer.depth_multiplier)
    kernels: dict[str, Shape] = {"depthwise": depthwise, "pointwise": (1, 1, made, layer.filters)}
    weights = _biased(kernels, layer.filters, layer.use_bias)
    windows = _windows(layer, layer.kernel_size, height, width)
    # People write the pointwise kernel, 1 by 1, as the matrix that it is.
    return LayerSize((*windows, layer.filters), weights, (), _sum({**weights, "pointwise": (made, layer.filters)}))


def _pooling2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    return LayerSize((*_windows(layer, layer.pool_size, height, width), channels))


def _spatial_dropout2d(layer: Any, shape: Shape) -> LayerSize:
    return LayerSize(_image(shape))


def _global_pooling2d(layer: Any, shape: Shape) -> LayerSize:
    _, _, channels = _image(shape)
    return LayerSize((1, 1, channels) if layer.keepdims else (channels,))


def _padded(margin: str, sign: int) -> Rule:
    def rule(layer: Any, shape: Shape) -> LayerSize:
        height, width, channels = _image(shape)
        rows, columns = (_both_sides(side) for side in _pair(getattr(layer, margin)))
        padded = (height + sign * rows, width + sign * columns)
        if min(padded) < 1:
            raise ShapeError(f"crops away all of an input of shape {shape}")
        return LayerSize((*padded, channels))

    return rule


def _up_sampling2d(layer: Any, shape: Shape) -> LayerSize:
    height, width, channels = _image(shape)
    rows, columns = _pair(layer.size)
    return LayerSize((height * rows, width * columns, channels))


def _windows(layer: Any, window: Any, height: int, width: int) -> tuple[int, int]:
    """The number of window positions, (rows, columns), for padding "valid" or "same"."""
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
        raise ShapeError(f"needs images of shape (height, width, channels), but its input has shape {shape}")
    return shape


def _pair(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _both_sides(margin: Any) -> int:
    """Keras's files write a margin as [before, after]; a config as one number for both."""
    return 2 * margin if isinstance(margin, int) else sum(margin)


_RULES: dict[str, Rule] = {
    "dense": _dense,
    "normalization": _normalization,
    "softmax": _along_axis,
    "unit_normalization": _along_axis,
    "batch_normalization": _batch_normalization,
    "layer_normalization": _layer_normalization,
    "group_normalization": _group_normalization,
    "repeat_vector": _repeat_vector,
    "einsum_dense": _einsum_dense,
    "global_average_pooling1d": _mean_of_steps,
    "flatten": _flatten,
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
    "spatial_dropout2d": _spatial_dropout2d,
    "zero_padding2d": _padded("padding", 1),
    "cropping2d": _padded("cropping", -1),
    "up_sampling2d": _up_sampling2d,
}
"""By the schema's tags: every layer that changes the shape, refuses one, or has weights."""


def check_ranks(layer: Layer, size: LayerSize) -> None:
    """Refuse initializers, regularizers and constraints that do not fit the weights of `layer` of this `size`.

    Raises:
        ShapeError: naming the argument.
    """
    for argument in type(layer).model_fields:
        value = getattr(layer, argument)
        if isinstance(value, Component):
            _check(argument, value, _rank(argument, size))


def _rank(argument: str, size: LayerSize) -> int:
    """The number of axes of the weight that the argument is for; optional weights are vectors; outputs are batches."""
    if argument == "activity_regularizer":
        return 1 + len(size.output_shape)
    weight = argument.rsplit("_", 1)[0]
    return len(size.weights[weight]) if weight in size.weights else 1


def _check(argument: str, value: Component, rank: int) -> None:
    if isinstance(value, (Identity, OrthogonalRegularizer)) and rank != 2:
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
