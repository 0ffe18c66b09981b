"""What every layer of the NumPy engine is: a step forward, a step backward, and its weights by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mlpcli.data.dataset import Array
from mlpcli.model.shapes import Shape


class Layer:
    """One step of a network; subclasses say what it computes.

    parameters: what training changes, by name; gradients: the slopes of the loss for each, same names and shapes,
        written by `backward`. statistics: what training only tracks, such as BatchNorm's means.
    values_per_row: the most numbers that it makes of one example on its way, where that is known.
    input_gradient: False where nobody asks for the slope by the inputs; `backward` may then return anything.
    """

    keeps_rows_when_predicting: ClassVar[bool] = False
    """Whether it hands its inputs through unchanged unless it trains, as Dropout does."""

    def __init__(self, parameters: Mapping[str, Array | None], statistics: Mapping[str, Array] | None = None) -> None:
        self.name = ""
        self.values_per_row = 0
        self.trainable = True
        self.input_gradient = True
        self.parameters = {name: array for name, array in parameters.items() if array is not None}
        self.statistics = dict(statistics or {})
        self.gradients: dict[str, Array] = {}

    @classmethod
    def weight_names(cls, described: Any) -> tuple[str, ...]:
        """The name of every weight, in the order of Keras's `layer.weights`; `described` as in `of`."""
        return ()

    @classmethod
    def of(cls, described: Any, input_shape: Shape, weights: Mapping[str, Array]) -> Layer:
        """The layer that a component of the schema describes; its attributes are Keras's arguments.

        Raises:
            LeftToKerasError: an argument is not supported here.
        """
        return cls({})

    def forward(self, x: Array, training: bool = False) -> Array:
        """Outputs (n, ...) for inputs (n, ...); never written into `x`, and what `backward` needs is kept."""
        raise NotImplementedError

    def backward(self, gradient: Array) -> Array:
        """From the slopes of the loss by the outputs to those by the inputs; the parameters' go to `gradients`."""
        raise NotImplementedError

    def gradient_array(self, name: str) -> Array:
        """Where the gradient of a parameter is written: always the same array, which may be part of a larger one."""
        if name not in self.gradients:
            self.gradients[name] = self.parameters[name].copy()
        return self.gradients[name]
