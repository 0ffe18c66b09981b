"""Shapes and sizes, and a layer as a plan (`PlannedLayer`) or a model file (`SavedLayer`) describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from mlpcli.config.layers import Layer

Shape = tuple[int, ...]
"""Without the batch dimension: (784,), (28, 28), (32, 32, 3)."""
MOST_AXES = 6
"""Of one example."""


@dataclass(frozen=True)
class LayerSize:
    """The output shape and the weights of one layer."""

    output_shape: Shape
    weights: Mapping[str, Shape] = field(default_factory=dict)
    """By the names of Keras's arguments for them (kernel of kernel_initializer), in the order of `layer.weights`."""
    tracked: tuple[str, ...] = ()
    """The names of the weights that training only tracks."""
    arithmetic: str = ""
    """The parameter count as people write it, such as 784x100+100."""

    @property
    def trainable(self) -> int:
        """Parameters that training changes."""
        return self.parameters - self.non_trainable

    @property
    def non_trainable(self) -> int:
        """Parameters that training only tracks, or leaves alone."""
        return sum(prod(self.weights[name]) for name in self.tracked)

    @property
    def parameters(self) -> int:
        """Trainable and not."""
        return sum(prod(shape) for shape in self.weights.values())


class ShapeError(ValueError):
    """A layer does not accept its input shape; the text says what it needs."""


@dataclass(frozen=True)
class PlannedLayer:
    """One layer: its schema component, the name people see, the name in the graph, and its size."""

    component: Layer
    name: str
    safe_name: str
    size: LayerSize
    key: str
    """The key of the config that it comes from."""


@dataclass(frozen=True)
class SavedLayer:
    """One layer of a saved model: its name there, Keras's class name, and its size; then what to build it from."""

    name: str
    keras_class: str
    size: LayerSize
    component: Layer
    precision: str = "float32"
    """Keras's dtype policy."""
    trainable: bool = True

    @property
    def weights(self) -> tuple[Shape, ...]:
        """The shapes of its weights, in the order of Keras's `layer.weights`."""
        return tuple(self.size.weights.values())

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
