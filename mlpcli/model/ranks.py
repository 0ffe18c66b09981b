"""Initializers, regularizers and constraints that fit weights of some ranks only; Keras says so late."""

from __future__ import annotations

from mlpcli.config.base import Component
from mlpcli.config.convolution import IMAGE_LAYERS
from mlpcli.config.initializers import Identity, Orthogonal
from mlpcli.config.layers import Layer
from mlpcli.config.regularizers import OrthogonalRegularizer
from mlpcli.model.shapes import Shape, ShapeError


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
