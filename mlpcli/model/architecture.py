"""Keras's description of a saved model, read without Keras: which layers it has, and their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mlpcli.config.base import Component
from mlpcli.config.model import LAYERS
from mlpcli.errors import ModelFileError
from mlpcli.model.input_layers import Normalization
from mlpcli.model.layer_size import layer_size
from mlpcli.model.shapes import LayerSize, Shape, ShapeError
from mlpcli.model.vocabulary import first_stranger

KNOWN_LAYERS: dict[str, type[Component]] = {cls.keras_class: cls for cls in (*LAYERS, Normalization)}


@dataclass(frozen=True)
class SavedLayer:
    """One layer of a saved model: its name there, Keras's class name, and its size."""

    name: str
    keras_class: str
    size: LayerSize


def check_layers(path: Path, architecture: dict[str, Any]) -> None:
    """Refuse every layer, and every object in one, that is not in the schema, before Keras sees the file.

    Raises:
        ModelFileError: naming the first such layer or object.
    """
    for index, layer in enumerate(_layers(path, architecture)):
        name, module = layer.get("class_name"), layer.get("module") or "keras.layers"
        if (
            name not in list(KNOWN_LAYERS)
            or module != "keras.layers"
            or layer.get("registered_name") not in (None, name)
        ):
            raise _refusal(path, f"layer {index} is {module}.{name}")
    stranger = first_stranger(architecture)
    if stranger is not None:
        raise _refusal(path, f"it names {stranger}")


def _refusal(path: Path, found: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: {found}, which mlpcli does not open: a model file from a stranger could run code that way;"
        " if it is your own, load it with Keras"
    )


def saved_layers(path: Path, architecture: dict[str, Any]) -> tuple[Shape, list[SavedLayer]]:
    """The input shape and the layers of a saved Sequential model, with sizes worked out from their arguments.

    Raises:
        ModelFileError: the model has layers that are not known, or says nothing of its input.
    """
    check_layers(path, architecture)
    shape = input_shape = _input_shape(path, architecture)
    layers = []
    for layer in _layers(path, architecture):
        size = _size(path, layer, shape)
        layers.append(SavedLayer(str(layer["config"].get("name")), str(layer["class_name"]), size))
        shape = size.output_shape
    return input_shape, layers


def _size(path: Path, layer: dict[str, Any], shape: Shape) -> LayerSize:
    cls, config = KNOWN_LAYERS[layer["class_name"]], layer["config"]
    defaults = {name: field.default for name, field in cls.model_fields.items()}
    arguments = {**defaults, **{name: _unlisted(name, config[name]) for name in defaults if name in config}}
    try:
        size = layer_size(cls.tag, SimpleNamespace(**arguments), shape)
        if not all(
            type(side) is int and side >= 0 for side in (*size.output_shape, size.trainable, size.non_trainable)
        ):
            raise ShapeError("its sizes are no numbers")
    except (ShapeError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise ModelFileError(
            f"{path}: layer {config.get('name')} does not fit: {error}; the file is damaged"
        ) from error
    return size


def _unlisted(name: str, value: Any) -> Any:
    """Keras writes the one axis of BatchNorm and LayerNorm as a list."""
    return value[0] if name == "axis" and isinstance(value, list) and len(value) == 1 else value


def _layers(path: Path, architecture: dict[str, Any]) -> list[dict[str, Any]]:
    if architecture.get("class_name") != "Sequential":
        raise ModelFileError(f"{path}: is a {architecture.get('class_name')} model; mlpcli opens Sequential models")
    layers = architecture.get("config", {}).get("layers") if isinstance(architecture.get("config"), dict) else None
    if not isinstance(layers, list) or not all(
        isinstance(layer, dict) and isinstance(layer.get("config"), dict) for layer in layers
    ):
        raise ModelFileError(f"{path}: its description lists no layers; it is damaged, or no Keras model")
    return [layer for layer in layers if layer.get("class_name") != "InputLayer"]


def _input_shape(path: Path, architecture: dict[str, Any]) -> Shape:
    config = architecture["config"]
    first = config["layers"][0]["config"] if config["layers"] else {}
    shape = config.get("build_input_shape") or first.get("batch_shape") or first.get("batch_input_shape")
    if not isinstance(shape, list) or not all(type(side) is int and side > 0 for side in shape[1:]):
        raise ModelFileError(f"{path}: does not say what input it takes; build the model before saving it")
    return tuple(shape[1:])
