"""A saved model built anew by Keras, from the schema's components and arrays that have been looked at.

`keras.models.load_model` is never asked: it makes whatever a file names. This also opens files of newer and older
versions of Keras, whose descriptions differ in words that no prediction depends on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpcli import backend
from mlpcli.config.initializers import Zeros
from mlpcli.config.metrics import Accuracy
from mlpcli.errors import ModelFileError
from mlpcli.model.architecture import SavedLayer, saved_layers
from mlpcli.model.builder import keras_object
from mlpcli.model.compilation import Compilation, Described, compilation_of
from mlpcli.model.safe_names import INPUT_NAME, safe_name, safe_names
from mlpcli.model.saved_arguments import SavedNormalization
from mlpcli.model.saved_weights import Weights
from mlpcli.model.shapes import Shape


def rebuild(path: Path, architecture: Mapping[str, Any], weights: Weights) -> Any:
    """The model of a file as a `keras.Sequential`, compiled where its loss and metrics are known here.

    Args:
        path: the file, for messages.
        architecture: its description, as `read_architecture` gives it.
        weights: its arrays, as `read_weights` gives them.

    Returns:
        A model for predictions and scores: its initializers are not those of the file, and its optimizer starts anew.

    Raises:
        ModelFileError: the model has layers or arguments that are not known, or Keras refuses them.
    """
    shape, layers = saved_layers(path, dict(architecture))
    name = architecture["config"].get("name")
    model = build_saved(path, shape, layers, weights, name if isinstance(name, str) else "")
    compilation, _ = compilation_of(architecture)
    if compilation is not None:
        _compile(model, compilation)
    return model


def build_saved(path: Path, shape: Shape, layers: Sequence[SavedLayer], weights: Weights, name: str = "") -> Any:
    """The layers with their weights, not compiled.

    Raises:
        ModelFileError: Keras refuses a layer, or the weights for it.
    """
    keras = backend.keras()
    names = safe_names([layer.name for layer in layers], [layer.component.tag for layer in layers])
    built = []
    try:
        for layer, safe in zip(layers, names, strict=True):
            built.append(_keras_layer(layer, safe))
        model = keras.Sequential([keras.Input(shape=shape, name=INPUT_NAME), *built], name=safe_name(name, "model"))
        for layer, made in zip(layers, built, strict=True):
            _set_weights(layer, made, weights[layer.name])
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]
        raise ModelFileError(f"{path}: cannot be built: {reason}; save the model anew with Keras") from error
    return model


def _keras_layer(layer: SavedLayer, name: str) -> Any:
    """The layer with empty weights: those of the file come at once, and drawing others takes time."""
    fields = type(layer.component).model_fields
    empty = {key: Zeros() for key in fields if key.endswith("_initializer")}
    made = keras_object(layer.component, name=name, dtype=layer.precision, **empty)
    made.trainable = layer.trainable
    return made


def _set_weights(layer: SavedLayer, made: Any, arrays: Sequence[Any]) -> None:
    shapes = [tuple(variable.shape) for variable in made.weights]
    if shapes != [array.shape for array in arrays]:
        raise ValueError(f"layer {layer.name} has weights of shapes {shapes} in this Keras")
    made.set_weights(arrays)
    if isinstance(layer.component, SavedNormalization) and layer.component.mean is None:
        made.finalize_state()


def _compile(model: Any, compilation: Compilation) -> None:
    model.compile(
        optimizer="rmsprop" if compilation.optimizer is None else _made(compilation.optimizer),
        loss=_made(compilation.loss),
        loss_weights=compilation.loss_weight,
        metrics=[_metric(metric) for metric in compilation.metrics],
    )


def _made(described: Described) -> Any:
    more = {key: _made(value) if isinstance(value, Described) else value for key, value in described.more.items()}
    return keras_object(described.component, **more)


def _metric(described: Described) -> Any:
    """Keras's word for accuracy stays one: it looks at the loss and picks what fits the labels."""
    if isinstance(described.component, Accuracy):
        return described.component.name or "accuracy"
    return _made(described)
