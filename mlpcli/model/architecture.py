"""Keras's description of a saved model, read without Keras: which layers it has, their arguments and their sizes.

Nothing in it is believed: each layer must be one of the schema's, each argument within the schema's limits. What comes
out are the schema's own components, from which a model is built anew; the description itself goes nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from mlpcli.artifacts.printable import printable
from mlpcli.config.layers import Layer
from mlpcli.errors import ModelFileError
from mlpcli.model.layer_chain import LayerJson, chain
from mlpcli.model.layer_size import layer_size
from mlpcli.model.precision import PRECISIONS, precision_of
from mlpcli.model.saved_arguments import KNOWN_LAYERS, layer_component
from mlpcli.model.saved_objects import ArgumentError
from mlpcli.model.shapes import LayerSize, Shape, ShapeError
from mlpcli.model.vocabulary import first_stranger
from mlpcli.model.weight_shapes import weight_shapes

LARGEST_OUTPUT = 1 << 26
"""No layer may make more values of one row: an up-sampling of a few bytes could ask for all memory there is."""


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


def check_layers(path: Path, architecture: dict[str, Any]) -> list[LayerJson]:
    """Refuse every layer, and every object in one, that is not in the schema; return the layers without the input.

    Raises:
        ModelFileError: naming the first such layer or object.
    """
    layers = [layer for layer in chain(path, architecture) if layer.get("class_name") != "InputLayer"]
    for index, layer in enumerate(layers):
        name, module = layer.get("class_name"), layer.get("module") or "keras.layers"
        if (
            name not in list(KNOWN_LAYERS)
            or module != "keras.layers"
            or layer.get("registered_name") not in (None, name)
        ):
            raise _refusal(path, f"layer {index} is {printable(module)}.{printable(name)}")
    stranger = first_stranger(architecture)
    if stranger is not None:
        raise _refusal(path, f"it names {stranger}")
    return layers


def saved_layers(path: Path, architecture: dict[str, Any]) -> tuple[Shape, list[SavedLayer]]:
    """The input shape and the layers of a saved model, with sizes worked out from their arguments.

    Raises:
        ModelFileError: the model has layers or arguments that are not known, or says nothing of its input.
    """
    layers = check_layers(path, architecture)
    shape = input_shape = _input_shape(path, architecture)
    found: list[SavedLayer] = []
    for layer in layers:
        found.append(_saved_layer(path, layer, shape))
        shape = found[-1].size.output_shape
    names = [layer.name for layer in found]
    if len({*names}) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelFileError(f"{path}: has two layers called {printable(twice)}; the file is damaged")
    return input_shape, found


def _saved_layer(path: Path, layer: LayerJson, shape: Shape) -> SavedLayer:
    config, keras_class = layer["config"], layer["class_name"]
    name = config.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 500:
        raise ModelFileError(f"{path}: has a {keras_class} layer without a name; the file is damaged")
    try:
        component = layer_component(keras_class, config)
        size = layer_size(component.tag, component, shape)
        if not all(side > 0 for side in size.output_shape):
            raise ShapeError(f"it makes {size.output_shape} of {shape}")
        if prod(size.output_shape) > LARGEST_OUTPUT:
            raise ShapeError(f"it makes {prod(size.output_shape):,} values of one row")
        trainable = config.get("trainable", True) is not False
        if not trainable:
            size = replace(size, trainable=0, non_trainable=size.parameters)
        weights = tuple(weight_shapes(component.tag, component, shape))
        return SavedLayer(name, keras_class, size, component, weights, precision_of(config.get("dtype")), trainable)
    except (ArgumentError, ShapeError, ArithmeticError, LookupError) as error:
        raise ModelFileError(f"{path}: layer {printable(name)} does not fit: {_end(error)}") from error


def _end(error: Exception) -> str:
    """An argument of another version is no damage, and its error says so."""
    advice = "" if isinstance(error, ArgumentError) and "; " in str(error) else "; the file is damaged"
    return f"{error}{advice}"


def _input_shape(path: Path, architecture: dict[str, Any]) -> Shape:
    layers, config = chain(path, architecture), architecture["config"]
    first = layers[0]["config"] if layers else {}
    built = architecture.get("build_config")
    shape = first.get("batch_shape") or first.get("batch_input_shape") or config.get("build_input_shape")
    shape = shape or (built.get("input_shape") if isinstance(built, dict) else None)
    sides = shape[1:] if isinstance(shape, list) else []
    if not sides or not all(type(side) is int and 0 < side <= LARGEST_OUTPUT for side in sides):
        raise ModelFileError(f"{path}: does not say what input it takes; build the model before saving it")
    if len(sides) > 6 or prod(sides) > LARGEST_OUTPUT:
        raise ModelFileError(f"{path}: takes {prod(sides):,} values in a row, and mlpcli up to {LARGEST_OUTPUT:,}")
    return tuple(sides)


def _refusal(path: Path, found: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: {found}, which mlpcli does not open: a model file from a stranger could run code that way;"
        " if it is your own, load it with Keras"
    )
