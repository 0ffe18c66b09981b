"""Keras's layers as lines of NumPy: what each does when it predicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
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
from mlpcli.model.members import OWN_OUTPUT
from mlpcli.model.shapes import Shape


@dataclass
class Code:
    """lines: of the function. arrays: the weights, by the names that the lines have for them. functions: called."""

    lines: list[str] = field(default_factory=list)
    arrays: dict[str, Array] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)

    def array(self, step: Step, name: str, values: Array) -> str:
        """An array of a layer in a line; one number is written out."""
        if values.size == 1 and values.ndim == 0:
            return repr(float(values))
        self.arrays[f"{step.layer.name}/{name}"] = values
        return f"W[{json.dumps(f'{step.layer.name}/{name}', ensure_ascii=False)}]"

    def weight(self, step: Step, name: str) -> str:
        """A weight of the layer."""
        return self.array(step, name, step.weights[name])

    def call(self, function: str, *arguments: object) -> str:
        """A call of one of the functions in `numpy_functions`."""
        self.functions.add(function)
        return f"{function}({', '.join(map(str, arguments))})"

    def affine(self, step: Step, x: str, scale: Array | None, shift: Array | None, names: tuple[str, str]) -> str:
        """x * scale + shift; None for what changes nothing."""
        y = x if scale is None else f"{x} * {self.array(step, names[0], scale)}"
        return y if shift is None else f"{y} + {self.array(step, names[1], shift)}"

    def biased(self, step: Step, x: str) -> str:
        """Plus the bias, if the layer has one."""
        return f"{x} + {self.weight(step, 'bias')}" if "bias" in step.weights else x


Emit = Callable[[Code, Any, Step], str]
"""From a component of the schema and the rest of the step to an expression of x."""


def add_layer(code: Code, step: Step) -> None:
    """Add the line of a layer and its activation; none for a layer that changes nothing."""
    component = step.layer.component
    y = "x" if component.tag in NO_EFFECT else _EMITTERS[component.tag](code, component, step)
    activation = getattr(component, "activation", None)
    if activation not in (None, "linear"):
        y = _activated(code, activation, y)
    if y != "x":
        code.lines.append(f"x = {y}  # {step.layer.name}" if "W[" not in y else f"x = {y}")


_NUMPY = {"tanh": "np.tanh({})", "exponential": "np.exp({})", "relu6": "np.clip({}, 0, 6)"}
_NUMPY |= {"hard_tanh": "np.clip({}, -1, 1)"}
"""Activations that need no function of their own."""
_SAME = {"celu": "elu", "swish": "silu", "hard_swish": "hard_silu"}


def _activated(code: Code, name: str, x: str) -> str:
    if name == "tanh_shrink":
        return f"{x} - np.tanh({x})"
    return _NUMPY[name].format(x) if name in _NUMPY else code.call(_SAME.get(name, name), x)


def _reshaped(x: str, shape: Shape) -> str:
    return f"{x}.reshape({', '.join(map(str, (-1, *shape)))})"


def _dense(code: Code, layer: Any, step: Step) -> str:
    return code.biased(step, f"x @ {code.weight(step, 'kernel')}")


def _einsum_dense(code: Code, layer: Any, step: Step) -> str:
    kernel = code.weight(step, "kernel")
    own = layer.equation == OWN_OUTPUT
    return code.biased(step, f"(x.transpose(1, 0, 2) @ {kernel}).transpose(1, 0, 2)" if own else f"x * {kernel}")


def _repeat_vector(code: Code, layer: Any, step: Step) -> str:
    return f"np.repeat(x[:, np.newaxis], {layer.n}, axis=1)"


def _mean_of_members(code: Code, layer: Any, step: Step) -> str:
    return "x.mean(axis=1)"


def _reshape(code: Code, layer: Any, step: Step) -> str:
    made = step.layer.size.output_shape
    return "x" if made == step.shape else _reshaped("x", made)


def _permute(code: Code, layer: Any, step: Step) -> str:
    return f"x.transpose({', '.join(map(str, (0, *layer.dims)))})"


def _rescaling(code: Code, layer: Any, step: Step) -> str:
    scale, offset = (np.asarray(values, np.float32) for values in (layer.scale, layer.offset))
    return code.affine(step, "x", scale, offset if offset.any() else None, ("scale", "offset"))


def _normalization(code: Code, layer: Any, step: Step) -> str:
    mean, deviation = mean_and_deviation(step)
    if getattr(layer, "invert", False):
        return code.affine(step, "x", deviation, mean, ("deviation", "mean"))
    return f"(x - {code.array(step, 'mean', mean)}) / {code.array(step, 'deviation', deviation)}"


def _batch_normalization(code: Code, layer: Any, step: Step) -> str:
    return code.affine(step, "x", *scale_and_shift(step), ("scale", "shift"))


def _learnt(code: Code, step: Step, x: str) -> str:
    return code.affine(step, x, *gamma_and_beta(step), ("gamma", "beta"))


def _layer_normalization(code: Code, layer: Any, step: Step) -> str:
    return _learnt(code, step, code.call("standardized", "x", position(layer.axis, step.shape), layer.epsilon))


def _group_normalization(code: Code, layer: Any, step: Step) -> str:
    shape, axes = grouped(step)
    y = code.call("standardized", _reshaped("x", shape), tuple(axes), layer.epsilon)
    return _learnt(code, step, _reshaped(y, step.shape))


def _unit_normalization(code: Code, layer: Any, step: Step) -> str:
    return code.call("unit_length", "x", position(layer.axis, step.shape))


def _relu(code: Code, layer: Any, step: Step) -> str:
    if layer.max_value is None and not layer.negative_slope and not layer.threshold:
        return code.call("relu", "x")
    return code.call("rectified", "x", layer.max_value, layer.negative_slope, layer.threshold)


def _leaky_relu(code: Code, layer: Any, step: Step) -> str:
    return code.call("leaky_relu", "x", layer.negative_slope)


def _prelu(code: Code, layer: Any, step: Step) -> str:
    return f"np.where(x > 0, x, {code.weight(step, 'alpha')} * x)"


def _elu(code: Code, layer: Any, step: Step) -> str:
    return code.call("elu", "x", layer.alpha)


def _softmax(code: Code, layer: Any, step: Step) -> str:
    return code.call("softmax", "x", position(layer.axis, step.shape))


def _padded(code: Code, window: Window, value: str = "") -> str:
    """The images with the margins that a window needs."""
    if not any(map(any, window.margins)):
        return "x"
    return code.call("margins", "x", *window.margins, *([value] if value else []))


def _ways(window: Window) -> list[tuple[int, int]]:
    """Step and spread, as far as they are not 1."""
    if window.spread != (1, 1):
        return [window.steps, window.spread]
    return [window.steps] if window.steps != (1, 1) else []


def _conv2d(code: Code, layer: Any, step: Step) -> str:
    window, kernel = Window.of(layer, step.shape), code.weight(step, "kernel")
    x = _padded(code, window)
    if layer.groups == 1:
        return code.biased(step, code.call("convolved", x, kernel, *_ways(window)))
    return code.biased(step, code.call("convolved_in_groups", x, kernel, layer.groups, *_ways(window)))


def _depthwise(code: Code, layer: Any, step: Step) -> str:
    window = Window.of(layer, step.shape)
    return code.call("convolved_by_channel", _padded(code, window), code.weight(step, "depthwise"), *_ways(window))


def _depthwise_conv2d(code: Code, layer: Any, step: Step) -> str:
    return code.biased(step, _depthwise(code, layer, step))


def _separable_conv2d(code: Code, layer: Any, step: Step) -> str:
    pointwise = code.array(step, "pointwise", step.weights["pointwise"][0, 0])
    return code.biased(step, f"{_depthwise(code, layer, step)} @ {pointwise}")


def _max_pooling2d(code: Code, layer: Any, step: Step) -> str:
    window = Window.of(layer, step.shape)
    return code.call("largest", _padded(code, window, "-np.inf"), window.size, window.steps)


def _average_pooling2d(code: Code, layer: Any, step: Step) -> str:
    window = Window.of(layer, step.shape)
    around = window.margins if any(map(any, window.margins)) else []
    return code.call("mean", "x", window.size, window.steps, *around)


def _global_pooling(function: str) -> Emit:
    return lambda code, layer, step: f"x.{function}(axis=(1, 2){', keepdims=True' if layer.keepdims else ''})"


def _zero_padding2d(code: Code, layer: Any, step: Step) -> str:
    return code.call("margins", "x", *both_sides(layer.padding))


def _cropping2d(code: Code, layer: Any, step: Step) -> str:
    (top, bottom), (left, right) = both_sides(layer.cropping)
    height, width, _ = step.shape
    return f"x[:, {top}:{height - bottom}, {left}:{width - right}]"


def _up_sampling2d(code: Code, layer: Any, step: Step) -> str:
    rows, columns = pair(layer.size)
    if layer.interpolation == "nearest":
        return f"x.repeat({rows}, axis=1).repeat({columns}, axis=2)"
    return code.call("enlarged", code.call("enlarged", "x", rows, 1), columns, 2)


_EMITTERS: dict[str, Emit] = {
    "dense": _dense,
    "einsum_dense": _einsum_dense,
    "repeat_vector": _repeat_vector,
    "global_average_pooling1d": _mean_of_members,
    "flatten": _reshape,
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
    "global_average_pooling2d": _global_pooling("mean"),
    "global_max_pooling2d": _global_pooling("max"),
    "zero_padding2d": _zero_padding2d,
    "cropping2d": _cropping2d,
    "up_sampling2d": _up_sampling2d,
}
"""By the schema's tags."""
