"""From layers as a plan or a model file describes them to the layers of the NumPy engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from mlpcli.model.architecture import SavedLayer
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.activations import Activation
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.needs_keras import LeftToKerasError, NeedsKerasError
from mlpcli.numpy_engine.recipes import NO_STEP, RECIPES
from mlpcli.numpy_engine.regularizers import Penalty
from mlpcli.numpy_engine.weights import WeightSupply

Penalties = dict[str, dict[str, Penalty]]
"""By layer and parameter: what its weights add to the loss."""


def build_layers(input_shape: Shape, described: Sequence[SavedLayer], supply: WeightSupply) -> Iterator[Layer]:
    """The layers in order; an activation within a layer becomes one of its own.

    Raises:
        NeedsKerasError: a layer, or an argument of one, is not supported here.
        ModelFileError: the weights do not fit.
    """
    shape = input_shape
    for layer in described:
        try:
            yield from _steps(layer, shape, supply)
        except LeftToKerasError as error:
            raise NeedsKerasError(f"layer {layer.name}", str(error)) from error
        shape = layer.size.output_shape


def penalties(described: Sequence[SavedLayer]) -> Penalties:
    """What the weights add to the loss.

    Raises:
        NeedsKerasError: there are penalties that are not known here, such as those on the outputs of a layer.
    """
    found: Penalties = {}
    for layer in described:
        component = layer.component
        if getattr(component, "activity_regularizer", None) is not None or _on_outputs(component):
            raise NeedsKerasError(f"layer {layer.name}", "a penalty on its outputs")
        for key in type(component).model_fields:
            if key.endswith("_regularizer"):
                try:
                    penalty = Penalty.of(getattr(component, key))
                except LeftToKerasError as error:
                    raise NeedsKerasError(f"layer {layer.name}", str(error)) from error
                if penalty is not None:
                    found.setdefault(layer.name, {})[key.removesuffix("_regularizer")] = penalty
    return found


def _on_outputs(component: object) -> bool:
    named = getattr(component, "tag", "") == "activity_regularization"
    return named and bool(getattr(component, "l1", 0) or getattr(component, "l2", 0))


def _steps(described: SavedLayer, shape: Shape, supply: WeightSupply) -> Iterator[Layer]:
    """A layer, and its activation."""
    if described.precision != "float32":
        raise LeftToKerasError(f"it computes in {described.precision}")
    if described.component.tag not in NO_STEP:
        yield _layer(described, shape, supply)
    activation = Activation.named(getattr(described.component, "activation", None))
    if activation is not None:
        activation.name = described.name
        yield activation


def _layer(described: SavedLayer, shape: Shape, supply: WeightSupply) -> Layer:
    recipe = RECIPES.get(described.component.tag)
    if recipe is None:
        raise LeftToKerasError(f"the NumPy engine has no {described.keras_class}")
    weights = supply.take(described, recipe.weight_names(described.component))
    layer = recipe.make(described.component, shape, weights)
    layer.name, layer.trainable = described.name, described.trainable
    window = weights["kernel"][..., 0].size if described.component.tag == "conv2d" else 1
    layer.values_per_row = max(prod(shape), prod(described.size.output_shape) * window)
    return layer
