"""Keras's activation functions as nodes of ONNX, with Keras's constants."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli.exporters.onnx_graph import FLOAT, Graph

Function = Callable[[Graph, str], str]


def activate(graph: Graph, name: str | None, x: str, width: int) -> str:
    """The nodes of an activation by Keras's name; width: of the last axis."""
    if name in (None, "linear"):
        return x
    if name == "sparsemax":
        return _sparsemax(graph, x, width)
    return _FUNCTIONS[name](graph, x)


def relu_layer(graph: Graph, x: str, max_value: float | None, slope: float, threshold: float) -> str:
    """Keras's ReLU layer: x from the threshold to max_value, slope * (x - threshold) below."""
    y = _kept(graph, x, graph.add("Greater", x, graph.constant(threshold))) if threshold else graph.add("Relu", x)
    if max_value is not None:
        y = graph.add("Min", y, graph.constant(max_value))
    if slope:
        below = graph.add("Relu", graph.add("Sub", graph.constant(threshold), x))
        y = graph.add("Sub", y, graph.add("Mul", below, graph.constant(slope)))
    return y


def _one(operator: str, **attributes: Any) -> Function:
    return lambda graph, x: graph.add(operator, x, **attributes)


def _clip(low: float, high: float) -> Function:
    return lambda graph, x: graph.add("Clip", x, graph.constant(low), graph.constant(high))


def _times(gate: Function) -> Function:
    """x * gate(x)."""
    return lambda graph, x: graph.add("Mul", x, gate(graph, x))


def _kept(graph: Graph, x: str, where: str) -> str:
    return graph.add("Where", where, x, graph.constant(0.0))


def _normal_share(graph: Graph, x: str) -> str:
    """The share of a standard normal distribution below x."""
    erf = graph.add("Erf", graph.add("Mul", x, graph.constant(math.sqrt(0.5))))
    return graph.add("Mul", graph.add("Add", erf, graph.constant(1.0)), graph.constant(0.5))


def _log_sigmoid(graph: Graph, x: str) -> str:
    return graph.add("Neg", graph.add("Softplus", graph.add("Neg", x)))


def _sparse_plus(graph: Graph, x: str) -> str:
    """0 up to -1, ((x + 1) / 2)^2 up to 1, then x."""
    half = graph.add("Mul", graph.add("Add", _clip(-1, 1)(graph, x), graph.constant(1.0)), graph.constant(0.5))
    return graph.add("Where", graph.add("Less", x, graph.constant(1.0)), graph.add("Mul", half, half), x)


def _squareplus(graph: Graph, x: str) -> str:
    root = graph.add("Sqrt", graph.add("Add", graph.add("Mul", x, x), graph.constant(4.0)))
    return graph.add("Mul", graph.add("Add", x, root), graph.constant(0.5))


def _sparsemax(graph: Graph, x: str, width: int) -> str:
    """As Keras computes it (see `mlpcli.numpy_engine.activations`), whose rows need not add up to 1."""
    ranked, _ = graph.add_several(2, "TopK", x, graph.integers(width), axis=-1)
    running = graph.add("CumSum", ranked, graph.constant(-1, np.int64))
    less = graph.add("Sub", running, graph.constant(1.0))
    mean = graph.add("Div", less, graph.constant(np.arange(1, width + 1)))
    counted = graph.add("Greater", ranked, mean)
    axes = graph.integers(-1)
    count = graph.add("ReduceSum", graph.add("Cast", counted, to=FLOAT), axes, keepdims=1)
    total = graph.add("ReduceSum", _kept(graph, running, counted), axes, keepdims=1)
    threshold = graph.add("Div", graph.add("Sub", total, graph.constant(1.0)), count)
    return graph.add("Relu", graph.add("Sub", x, threshold))


_SILU = _times(_one("Sigmoid"))
_HARD_SIGMOID = _one("HardSigmoid", alpha=1 / 6, beta=0.5)
_ELU = _one("Elu", alpha=1.0)
_FUNCTIONS: dict[str | None, Function] = {
    "relu": _one("Relu"),
    "tanh": _one("Tanh"),
    "sigmoid": _one("Sigmoid"),
    "softmax": _one("Softmax", axis=-1),
    "gelu": _times(_normal_share),
    "elu": _ELU,
    "celu": _ELU,  # Keras's own alpha is 1
    "selu": _one("Selu"),
    "silu": _SILU,
    "swish": _SILU,
    "leaky_relu": _one("LeakyRelu", alpha=0.2),
    "softplus": _one("Softplus"),
    "mish": _times(lambda graph, x: graph.add("Tanh", graph.add("Softplus", x))),
    "exponential": _one("Exp"),
    "hard_shrink": _one("Shrink", bias=0.0, lambd=0.5),
    "hard_sigmoid": _HARD_SIGMOID,
    "hard_silu": _times(_HARD_SIGMOID),
    "hard_swish": _times(_HARD_SIGMOID),
    "hard_tanh": _clip(-1.0, 1.0),
    "log_sigmoid": _log_sigmoid,
    "log_softmax": _one("LogSoftmax", axis=-1),
    "relu6": _clip(0.0, 6.0),
    "soft_shrink": _one("Shrink", bias=0.5, lambd=0.5),
    "softsign": _one("Softsign"),
    "sparse_plus": _sparse_plus,
    "squareplus": _squareplus,
    "tanh_shrink": lambda graph, x: graph.add("Sub", x, graph.add("Tanh", x)),
}
"""By Keras's names."""
