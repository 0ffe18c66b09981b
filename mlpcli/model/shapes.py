"""Shapes and sizes, and a layer as a plan (`PlannedLayer`) or a model file (`SavedLayer`) describes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from mlpcli.config.layers import Layer

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


def kernel_size(sides: Sequence[int], bias: int) -> tuple[int, str]:
    """The entries of a kernel with these sides and a bias, and the sum as people write it."""
    arithmetic = "x".join(map(str, sides)) + (f"+{bias}" if bias else "")
    return prod(sides) + bias, arithmetic


@dataclass(frozen=True)
class PlannedLayer:
    """One layer: its schema component, the name people see, the name in the graph, and its size."""

    component: Layer
    name: str
    safe_name: str
    size: LayerSize


@dataclass(frozen=True)
class SavedLayer:
    """One layer of a saved model: its name there, Keras's class name, and its size; then what to build it from."""

    name: str
    keras_class: str
    size: LayerSize
    component: Layer
    weights: tuple[Shape, ...]
    """The shapes of its weights, in the order of Keras's `layer.weights`."""
    precision: str = "float32"
    """Keras's dtype policy."""
    trainable: bool = True

    @property
    def weight_type(self) -> str:
        """NumPy's name of the type that its weights are kept in."""
        return PRECISIONS[self.precision]


PRECISIONS = {
    "float32": "float32",
    "mixed_bfloat16": "float32",
    "mixed_float16": "float32",
    "float16": "float16",
    "float64": "float64",
}
"""Policy to the type of the weights. Quantized layers and bfloat16 weights keep their numbers in other ways."""
