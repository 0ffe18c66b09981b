"""Keras's layers as nodes of ONNX: what each does when it predicts.

Keras has the channels of an image last, and ONNX has them second: each operator for images stands between two
transpositions, of which runtimes remove those that cancel out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.exporters.network import (
    NO_EFFECT,
    Step,
    Window,
    both_sides,
    gamma_and_beta,
    grouped,
    mean_and_deviation,
    pair,
    position,
    scale_and_shift,
)
from mlpcli.exporters.onnx_activations import activate, relu_layer
from mlpcli.exporters.onnx_graph import Graph
from mlpcli.model.members import OWN_OUTPUT

Emit = Callable[[Graph, Any, str, Step], str]
"""From a component of the schema, the name of its input, and the rest of the step, to the name of the output."""


def add_layer(graph: Graph, step: Step, x: str) -> str:
    """Add the nodes of a layer and of its activation; the name of the output."""
    component = step.layer.component
    if component.tag not in NO_EFFECT:
        x = _EMITTERS[component.tag](graph, component, x, step)
    return activate(graph, getattr(component, "activation", None), x, step.layer.size.output_shape[-1])


def _dense(graph: Graph, layer: Any, x: str, step: Step) -> str:
    y = graph.add("MatMul", x, graph.constant(step.weights["kernel"]))
    return graph.affine(y, None, step.weights.get("bias"))


def _einsum_dense(graph: Graph, layer: Any, x: str, step: Step) -> str:
    if layer.equation != OWN_OUTPUT:
        return graph.affine(x, step.weights["kernel"], step.weights.get("bias"))
    y = graph.add("Einsum", x, graph.constant(step.weights["kernel"]), equation=layer.equation)
    return graph.affine(y, None, step.weights.get("bias"))


def _repeat_vector(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("Tile", graph.reshape(x, (1, *step.shape)), graph.integers(1, layer.n, 1))


def _mean_of_members(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("ReduceMean", x, axes=[1], keepdims=0)


def _flatten(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return x if len(step.shape) == 1 else graph.reshape(x, (math.prod(step.shape),))


def _reshape(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.reshape(x, step.layer.size.output_shape)


def _permute(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("Transpose", x, perm=[0, *layer.dims])


def _rescaling(graph: Graph, layer: Any, x: str, step: Step) -> str:
    scale, offset = (np.asarray(values, np.float32) for values in (layer.scale, layer.offset))
    return graph.affine(x, scale, offset if offset.any() else None)


def _normalization(graph: Graph, layer: Any, x: str, step: Step) -> str:
    mean, deviation = mean_and_deviation(step)
    if getattr(layer, "invert", False):
        return graph.affine(x, deviation, mean)
    return graph.add("Div", graph.add("Sub", x, graph.constant(mean)), graph.constant(deviation))


def _batch_normalization(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.affine(x, *scale_and_shift(step))


def _standardized(graph: Graph, x: str, axes: Sequence[int], epsilon: float) -> str:
    """(x - mean) / sqrt(variance + epsilon) over these axes."""
    centred = graph.add("Sub", x, graph.add("ReduceMean", x, axes=axes, keepdims=1))
    variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), axes=axes, keepdims=1)
    return graph.add("Div", centred, graph.add("Sqrt", graph.add("Add", variance, graph.constant(epsilon))))


def _layer_normalization(graph: Graph, layer: Any, x: str, step: Step) -> str:
    y = _standardized(graph, x, [position(layer.axis, step.shape)], layer.epsilon)
    return graph.affine(y, *gamma_and_beta(step))


def _group_normalization(graph: Graph, layer: Any, x: str, step: Step) -> str:
    shape, axes = grouped(step)
    y = _standardized(graph, graph.reshape(x, shape), axes, layer.epsilon)
    return graph.affine(graph.reshape(y, step.shape), *gamma_and_beta(step))


def _unit_normalization(graph: Graph, layer: Any, x: str, step: Step) -> str:
    axis = graph.integers(position(layer.axis, step.shape))
    length = graph.add("Sqrt", graph.add("ReduceSum", graph.add("Mul", x, x), axis, keepdims=1))
    return graph.add("Div", x, graph.add("Max", length, graph.constant(LEAST_LENGTH)))


LEAST_LENGTH = 1e-12
"""What Keras's UnitNormalization divides by at least."""


def _relu(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return relu_layer(graph, x, layer.max_value, layer.negative_slope, layer.threshold)


def _leaky_relu(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("LeakyRelu", x, alpha=layer.negative_slope)


def _prelu(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("PRelu", x, graph.constant(step.weights["alpha"]))


def _elu(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("Elu", x, alpha=layer.alpha)


def _softmax(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("Softmax", x, axis=position(layer.axis, step.shape))


def _image(graph: Graph, x: str, operator: str, *inputs: str, **attributes: Any) -> str:
    """An operator that takes (rows, channels, height, width)."""
    y = graph.add(operator, graph.add("Transpose", x, perm=[0, 3, 1, 2]), *inputs, **attributes)
    return graph.add("Transpose", y, perm=[0, 2, 3, 1])


def _over_windows(window: Window) -> dict[str, Any]:
    """The attributes of an operator with sliding windows."""
    (top, bottom), (left, right) = window.margins
    return {"kernel_shape": window.size, "strides": window.steps, "pads": [top, left, bottom, right]}


def _convolved(graph: Graph, x: str, step: Step, kernel: Array, groups: int) -> str:
    """kernel: (filters, channels of a group, height, width), as ONNX has it."""
    window = Window.of(step.layer.component, step.shape)
    attributes = {**_over_windows(window), "dilations": window.spread, "group": groups}
    return _image(graph, x, "Conv", graph.constant(kernel), **attributes)


def _conv2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    y = _convolved(graph, x, step, step.weights["kernel"].transpose(3, 2, 0, 1), layer.groups)
    return graph.affine(y, None, step.weights.get("bias"))


def _depthwise(graph: Graph, x: str, step: Step) -> str:
    height, width, channels, multiplier = step.weights["depthwise"].shape
    kernel = step.weights["depthwise"].transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return _convolved(graph, x, step, kernel, channels)


def _depthwise_conv2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.affine(_depthwise(graph, x, step), None, step.weights.get("bias"))


def _separable_conv2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    y = graph.add("MatMul", _depthwise(graph, x, step), graph.constant(step.weights["pointwise"][0, 0]))
    return graph.affine(y, None, step.weights.get("bias"))


def _max_pooling2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return _image(graph, x, "MaxPool", **_over_windows(Window.of(layer, step.shape)))


def _average_pooling2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    """As in Keras, the margins do not count."""
    return _image(graph, x, "AveragePool", **_over_windows(Window.of(layer, step.shape)))


def _global_average_pooling2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("ReduceMean", x, axes=[1, 2], keepdims=int(layer.keepdims))


def _global_max_pooling2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    return graph.add("ReduceMax", x, axes=[1, 2], keepdims=int(layer.keepdims))


def _zero_padding2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    (top, bottom), (left, right) = both_sides(layer.padding)
    return graph.add("Pad", x, graph.integers(0, top, left, 0, 0, bottom, right, 0))


def _cropping2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    (top, bottom), (left, right) = both_sides(layer.cropping)
    starts, ends = graph.integers(top, left), graph.integers(step.shape[0] - bottom, step.shape[1] - right)
    return graph.add("Slice", x, starts, ends, graph.integers(1, 2))


def _up_sampling2d(graph: Graph, layer: Any, x: str, step: Step) -> str:
    way = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    if layer.interpolation == "bilinear":
        way = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    return _image(graph, x, "Resize", "", graph.constant([1, 1, *pair(layer.size)]), **way)


_EMITTERS: dict[str, Emit] = {
    "dense": _dense,
    "einsum_dense": _einsum_dense,
    "repeat_vector": _repeat_vector,
    "global_average_pooling1d": _mean_of_members,
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": _permute,
    "rescaling": _rescaling,
    "normalization": _normalization,
    "batch_normalization": _batch_normalization,
    "layer_normalization": _layer_normalization,
    "group_normalization": _group_normalization,
    "unit_normalization": _unit_normalization,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "prelu": _prelu,
    "elu": _elu,
    "softmax": _softmax,
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "separable_conv2d": _separable_conv2d,
    "max_pooling2d": _max_pooling2d,
    "average_pooling2d": _average_pooling2d,
    "global_average_pooling2d": _global_average_pooling2d,
    "global_max_pooling2d": _global_max_pooling2d,
    "zero_padding2d": _zero_padding2d,
    "cropping2d": _cropping2d,
    "up_sampling2d": _up_sampling2d,
}
"""By the schema's tags."""
