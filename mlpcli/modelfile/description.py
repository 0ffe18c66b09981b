"""Keras's description of a saved model, read without Keras: its layers, their arguments and sizes.

Nothing in it is trusted: each layer must be one of the schema's, each argument within the schema's limits. The result
are the schema's own components, from which a model is built anew; the description itself is not passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from mlpcli.config.layers import (
    LAYERS,
    MOST_LAYERS,
    Cropping2D,
    Layer,
    LeakyReLU,
    Margin,
    Rescaling,
    ZeroPadding2D,
)
from mlpcli.errors import ModelFileError
from mlpcli.model.input_layers import Normalization
from mlpcli.model.layer_rules import LARGEST_OUTPUT, layer_size
from mlpcli.model.members import MEMBER_LAYERS
from mlpcli.model.shapes import MOST_AXES, PRECISIONS, SavedLayer, Shape, ShapeError
from mlpcli.modelfile.keras_objects import ArgumentError, make
from mlpcli.modelfile.vocabulary import first_stranger
from mlpcli.text import printable

LONGEST_NAME = 600
"""Of a layer; a config's are shorter."""


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
        ModelFileError: the model has unsupported layers or arguments, or does not describe its input.
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
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise ModelFileError(f"{path}: has a {keras_class} layer without a name; the file is damaged")
    try:
        component = layer_component(keras_class, config)
        size = layer_size(component.tag, component, shape)
        if not all(side > 0 for side in size.output_shape):
            raise ShapeError(f"it turns {shape} into {size.output_shape}")
        trainable = config.get("trainable", True) is not False
        if not trainable:
            size = replace(size, tracked=tuple(size.weights))
        return SavedLayer(name, keras_class, size, component, precision_of(config.get("dtype")), trainable)
    except (ArgumentError, ShapeError, ArithmeticError, LookupError) as error:
        raise ModelFileError(f"{path}: layer {printable(name)} does not fit: {_end(error)}") from error


def _end(error: Exception) -> str:
    """The end of a message: an unsupported argument is not called damage."""
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
    if len(sides) > MOST_AXES or prod(sides) > LARGEST_OUTPUT:
        raise ModelFileError(
            f"{path}: takes {prod(sides):,} values per row; mlpcli opens models of up to {LARGEST_OUTPUT:,}"
        )
    return tuple(sides)


def _refusal(path: Path, found: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: {found}, which mlpcli does not open: a model file from a stranger could run code that way;"
        " if it is your own, load it with Keras"
    )


LayerJson = dict[str, Any]
"""{"class_name": ..., "config": {...}, ...}"""
_SAVE_SEQUENTIAL = "mlpcli opens Sequential models, and Functional ones whose layers follow one another"


def chain(path: Path, architecture: dict[str, Any]) -> list[LayerJson]:
    """Every layer in order; the first may be an InputLayer.

    Raises:
        ModelFileError: it is another kind of model, or its layers do not follow one another.
    """
    kind = architecture.get("class_name")
    if kind not in ("Sequential", "Functional", "Model"):
        raise ModelFileError(f"{path}: is a {printable(kind)} model; {_SAVE_SEQUENTIAL}")
    config = architecture.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    if (
        not isinstance(config, dict)
        or not isinstance(layers, list)
        or not all(isinstance(layer, dict) and isinstance(layer.get("config"), dict) for layer in layers)
    ):
        raise ModelFileError(f"{path}: its description lists no layers; it is damaged, or not a Keras model")
    if len(layers) > MOST_LAYERS + 1:
        raise ModelFileError(f"{path}: has {len(layers):,} layers, and mlpcli opens models of up to {MOST_LAYERS:,}")
    return layers if kind == "Sequential" else _in_order(path, config, layers)


def _in_order(path: Path, config: dict[str, Any], layers: list[LayerJson]) -> list[LayerJson]:
    """The layers of a graph from its input on; each must be the only one that takes the output of the one before."""
    after: dict[str, LayerJson] = {}
    first = None
    for layer in layers:
        source = source_of(layer)
        if source is None and layer.get("class_name") == "InputLayer" and first is None:
            first = layer
        elif source is None or source in after:
            raise _no_chain(path, layer)
        else:
            after[source] = layer
    ordered: list[LayerJson] = [] if first is None else [first]
    while ordered and (following := after.pop(str(ordered[-1].get("name")), None)) is not None:
        ordered.append(following)
    if len(ordered) != len(layers) or not ordered:
        raise _no_chain(path, layers[-1] if layers else {})
    if ends_of(config.get("input_layers")) != ordered[0].get("name") or (
        ends_of(config.get("output_layers")) != ordered[-1].get("name")
    ):
        raise _no_chain(path, ordered[-1])
    return ordered


def source_of(layer: LayerJson) -> str | None:
    """The name of the only layer that gives this one its input; None if that is not so simple."""
    nodes = layer.get("inbound_nodes")
    node = nodes[0] if isinstance(nodes, list) and len(nodes) == 1 else None
    if isinstance(node, dict):
        options, tensors = node.get("kwargs"), node.get("args")
        history = history_of(tensors[0]) if isinstance(tensors, list) and len(tensors) == 1 else None
    else:
        history = node[0] if isinstance(node, list) and len(node) == 1 else None
        options = history[3] if isinstance(history, list) and len(history) == 4 else {}
    plain = isinstance(options, dict) and all(value is None or value is False for value in options.values())
    return first_output(history) if plain else None


def history_of(tensor: Any) -> Any:
    """Where a tensor of Keras 3 comes from, such as ["dense", 0, 0]."""
    inside = tensor.get("config") if isinstance(tensor, dict) else None
    return inside.get("keras_history") if isinstance(inside, dict) else None


def first_output(history: Any) -> str | None:
    """The name in ["dense", 0, 0]: a layer that is called once, and its first output."""
    if isinstance(history, list) and len(history) >= 3 and isinstance(history[0], str) and history[1:3] == [0, 0]:
        return history[0]
    return None


def ends_of(named: Any) -> str | None:
    """The one input or output, which versions write as ["x", 0, 0] or [["x", 0, 0]]."""
    return first_output(named[0] if isinstance(named, list) and len(named) == 1 else named)


def _no_chain(path: Path, layer: LayerJson) -> ModelFileError:
    where = f"layer {printable(layer.get('name'))}"
    return ModelFileError(f"{path}: is a Functional model that branches or joins at {where}; {_SAVE_SEQUENTIAL}")


Numbers = float | Annotated[list[float], Field(min_length=1, max_length=1_000_000)]
"""One for all values, or one for each along the last axis."""
_Sides = Annotated[list[Margin], Field(min_length=2, max_length=2)]
_Margins = Annotated[list[_Sides], Field(min_length=2, max_length=2)]
"""[[above, below], [left, right]]"""


class SavedNormalization(Normalization):
    """Without a mean, it has weights, set by Keras's `adapt`."""

    mean: Numbers | None = None  # type: ignore[assignment]
    variance: Numbers | None = None  # type: ignore[assignment]
    invert: bool = False


class SavedRescaling(Rescaling):
    """`scale` and `offset` may be one number for each channel."""

    scale: Numbers  # type: ignore[assignment]
    offset: Numbers = 0.0  # type: ignore[assignment]


class SavedZeroPadding2D(ZeroPadding2D):
    """Margins may differ from side to side."""

    padding: _Margins  # type: ignore[assignment]


class SavedCropping2D(Cropping2D):
    """Margins may differ from side to side."""

    cropping: _Margins  # type: ignore[assignment]


_SAVED = (SavedNormalization, SavedRescaling, SavedZeroPadding2D, SavedCropping2D)
KNOWN_LAYERS: dict[str, type[Layer]] = {cls.keras_class: cls for cls in (*LAYERS, *MEMBER_LAYERS, *_SAVED)}
"""Keras's class name to the component for it."""
_NOT_ARGUMENTS = ("trainable", "dtype", "batch_input_shape", "batch_shape", "input_dtype", "sparse", "ragged")


def layer_component(keras_class: str, config: Mapping[str, Any]) -> Layer:
    """The component for a layer's own description; `keras_class` is one of `KNOWN_LAYERS`.

    Raises:
        ArgumentError: an argument is unknown, or outside its limits.
    """
    cls, given = KNOWN_LAYERS[keras_class], dict(config)
    if given.pop("data_format", None) not in (None, "channels_last"):
        raise ArgumentError("its images are channels_first; only channels_last is supported")
    if cls is LeakyReLU and "alpha" in given:
        given["negative_slope"] = given.pop("alpha")
    if keras_class in ("SeparableConv2D", "DepthwiseConv2D") and given.get("groups") == 1:
        del given["groups"]
    for key in ("mean", "variance") if keras_class == "Normalization" else ():
        given[key] = _unnested(given.get(key))
    for key in ("padding", "cropping") if cls in (SavedZeroPadding2D, SavedCropping2D) else ():
        given[key] = _each_side(given.get(key))
    made = make(cls, given, _NOT_ARGUMENTS)
    if isinstance(made, SavedNormalization) and (made.mean is None) != (made.variance is None):
        raise ArgumentError("mean and variance must be given together")
    return made


def _unnested(value: Any) -> Any:
    """[[1, 2]] to [1, 2]: Keras takes statistics of any shape that broadcasts to the inputs."""
    for _ in range(6):
        if not (isinstance(value, list) and len(value) == 1 and isinstance(value[0], list)):
            break
        value = value[0]
    return value


def _each_side(value: Any) -> Any:
    """1 or [1, 2], as Keras's arguments and files of the NumPy engine have margins, to [[1, 1], [2, 2]]."""
    both = [value, value] if type(value) is int else value
    return [[side, side] if type(side) is int else side for side in both] if isinstance(both, list) else both


def precision_of(written: Any) -> str:
    """The name of the dtype policy, which Keras writes as a text or an object; without one, float32.

    Raises:
        ArgumentError: the policy is not supported.
    """
    config = written.get("config") if isinstance(written, dict) else None
    name = config.get("name") if isinstance(config, dict) else written
    if name is None:
        return "float32"
    if isinstance(name, str) and name in PRECISIONS:
        return name
    raise ArgumentError(f"its dtype {printable(name, 40)} is not supported; save the model in float32")
