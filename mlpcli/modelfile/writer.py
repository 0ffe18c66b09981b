"""Model files written without Keras, in one piece: the JSON that `keras.models.load_model` reads, .keras and .h5.

Only arguments that every Keras 3 has are written; those added later keep their defaults.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.base import Component
from mlpcli.config.metrics import Accuracy
from mlpcli.config.schedules import ReduceLROnPlateau, Schedule
from mlpcli.config.sections import TrainingConfig
from mlpcli.files import replace_file, reserve, strict
from mlpcli.model.plan import Plan
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.model.stack import INPUT_NAME
from mlpcli.modelfile.container import ABOUT, DESCRIPTION, WEIGHTS, Metadata, add_metadata, format_of
from mlpcli.modelfile.weights import snake_case, weights_digest

Json = dict[str, Any]


def architecture_json(name: str, input_shape: Shape, layers: Sequence[SavedLayer], compiled: Json | None) -> Json:
    """The description of a Sequential model, as in config.json.

    Args:
        name: of the model, safe for TensorFlow's scopes, as those of the layers are.
        layers: as `planned_layers` gives them.
        compiled: as `compile_json` gives it; None for a model without a loss.
    """
    shape = [None, *input_shape]
    first = {"batch_shape": shape, "dtype": "float32", "sparse": False, "name": INPUT_NAME}
    described = [_object("layers", "InputLayer", first)]
    for layer in layers:
        built = {"build_config": {"input_shape": shape}} if layer.weights else {}
        described.append({**layer_json(layer), **built})
        shape = [None, *layer.size.output_shape]
    first_shape = [None, *input_shape]
    config = {"name": name, "trainable": True, "dtype": "float32", "layers": described}
    model: Json = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {**config, "build_input_shape": first_shape},
        "registered_name": "Sequential",
        "build_config": {"input_shape": first_shape},
    }
    return model if compiled is None else {**model, "compile_config": compiled}


def layer_json(layer: SavedLayer) -> Json:
    """A layer, as Keras serializes it."""
    return object_json(layer.component, name=layer.name, trainable=layer.trainable, dtype=layer.precision)


def compile_json(plan: Plan, training: TrainingConfig, loss_weight: float | None, rate: float) -> Json:
    """What the model is compiled with; `rate` is the current learning rate, unless a schedule decides it."""
    return {
        "optimizer": _optimizer_json(training.optimizer, plan.schedule, rate),
        "loss": object_json(plan.loss, name=plan.loss.tag, reduction="sum_over_batch_size"),
        "loss_weights": loss_weight,
        "metrics": [_metric_json(metric, plan) for metric in plan.metrics],
        "weighted_metrics": None,
        "run_eagerly": False,
        "steps_per_execution": 1,
        "jit_compile": False,
    }


def object_json(component: Component, **changes: Any) -> Json:
    """A component of the schema, as Keras serializes its object; the fields are the arguments of Keras's class."""
    arguments = {name: getattr(component, name) for name in type(component).model_fields}
    if "activation" in arguments:
        arguments["activation"] = arguments["activation"] or "linear"
    written = {
        name: object_json(value) if isinstance(value, Component) else value
        for name, value in {**arguments, **changes}.items()
    }
    return _object(component.family, component.keras_class, written)


def _object(family: str, keras_class: str, config: Json) -> Json:
    return {"module": f"keras.{family}", "class_name": keras_class, "config": config, "registered_name": None}


def _optimizer_json(optimizer: Any, schedule: Schedule | None, rate: float) -> Json:
    if schedule is None or isinstance(schedule, ReduceLROnPlateau):
        return object_json(optimizer, name=optimizer.tag, learning_rate=rate)
    start = {} if schedule.tag == "piecewise_constant_decay" else {"initial_learning_rate": optimizer.learning_rate}
    return object_json(optimizer, name=optimizer.tag, learning_rate=object_json(schedule, **start))


def _metric_json(metric: Any, plan: Plan) -> Json:
    """`accuracy` becomes the one that fits the labels."""
    if not isinstance(metric, Accuracy):
        return object_json(metric)
    words = {"sparse": "SparseCategoricalAccuracy", "one_hot": "CategoricalAccuracy"}
    keras_class = words.get(plan.labels, "BinaryAccuracy")
    threshold = {"threshold": plan.threshold} if keras_class == "BinaryAccuracy" else {}
    return _object("metrics", keras_class, {"name": metric.name, **threshold})


FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip archive can hold."""


def write_keras(
    path: Path,
    architecture: dict[str, Any],
    layers: Sequence[SavedLayer],
    weights: Iterable[Array],
    optimizer: tuple[str, Sequence[Array]] | None = None,
) -> None:
    """Write the file.

    Args:
        architecture: as `architecture_json` gives it, for these layers.
        weights: of all layers, each in the order of Keras's `layer.weights`.
        optimizer: its name, and its variables as Keras orders them; None where the model is not compiled.
    """
    with zipfile.ZipFile(path, "w") as archive:
        add_member(archive, ABOUT, json.dumps({"keras_version": keras_version()}).encode("ascii"))
        add_member(archive, DESCRIPTION, json.dumps(architecture, ensure_ascii=False).encode("utf-8"))
        add_member(archive, WEIGHTS, _weights(architecture["config"]["name"], layers, iter(weights), optimizer))


def keras_version() -> str:
    """The version of the installed Keras, without importing it."""
    from importlib.metadata import version

    return version("keras")


def add_member(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Put a file into a .keras, with a date that is always the same."""
    archive.writestr(zipfile.ZipInfo(name, FIRST_DATE), content)


def _weights(
    name: str, layers: Sequence[SavedLayer], weights: Iterator[Array], optimizer: tuple[str, Sequence[Array]] | None
) -> bytes:
    """model.weights.h5: the layers, and the optimizer beside them."""
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_group("vars").attrs["name"] = name
        write_layers(file, layers, weights)
        if optimizer is not None:
            write_group(file, "optimizer", *optimizer)
    return content.getvalue()


def write_layers(file: Any, layers: Sequence[SavedLayer], weights: Iterator[Array]) -> None:
    """A group for each layer of a model by the name of its class, with its weights by number."""
    counts = Counter[str]()
    for layer in layers:
        word = snake_case(layer.keras_class)
        place = f"layers/{word}_{counts[word]}" if counts[word] else f"layers/{word}"
        counts[word] += 1
        write_group(file, place, layer.name, [next(weights) for _ in layer.weights])


def write_group(file: Any, place: str, name: str, arrays: Sequence[Array]) -> None:
    """Arrays by number."""
    group = file.create_group(f"{place}/vars")
    group.attrs["name"] = name
    for number, array in enumerate(arrays):
        group[str(number)] = np.asarray(array)


LARGEST_ATTRIBUTE = 64_512
"""Bytes. HDF5 keeps attributes in a header of 64 kB, so Keras splits longer lists of names."""


def write_h5(path: Path, architecture: dict[str, Any], layers: Sequence[SavedLayer], weights: Iterable[Array]) -> None:
    """Write the file; arguments as for `write_keras`.

    The optimizer's variables are left out: with them, Keras would build the optimizer of an .h5 for no weights at all
    and could not train the model further.
    """
    arrays = iter(weights)
    write_model_h5(path, architecture, {layer.name: [next(arrays) for _ in layer.weights] for layer in layers})


def write_model_h5(path: Path, architecture: dict[str, Any], groups: Mapping[str, Sequence[Array]]) -> None:
    """The same from the arrays of each layer of the model, by its name."""
    import h5py

    version = keras_version().encode("ascii")
    model = {"class_name": architecture["class_name"], "config": architecture["config"]}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version, b"tensorflow"
        file.attrs["model_config"] = _json(model)
        root = file.create_group("model_weights")
        root.attrs["keras_version"], root.attrs["backend"] = version, b"tensorflow"
        _write_names(root, "layer_names", list(groups))
        for name, arrays in groups.items():
            _write_arrays(root.create_group(name), arrays)
        _write_arrays(root.create_group("top_level_model_weights"), [])
        if "compile_config" in architecture:
            file.attrs["training_config"] = _json(_training_config(architecture["compile_config"]))


def _training_config(compiled: dict[str, Any]) -> dict[str, Any]:
    """The same as in a .keras, with the optimizer's place and name of this format."""
    optimizer = compiled["optimizer"]
    named = {"class_name": optimizer["class_name"], "config": optimizer["config"]}
    kept = {name: compiled[name] for name in ("loss", "metrics", "loss_weights", "weighted_metrics")}
    return {**kept, "optimizer_config": named}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode("ascii")


def _write_arrays(group: Any, arrays: Sequence[Array]) -> None:
    """Arrays are known by their order; the names only have to differ."""
    names = [f"weight_{number}" for number in range(len(arrays))]
    _write_names(group, "weight_names", names)
    for name, array in zip(names, arrays, strict=True):
        group.create_dataset(name, data=np.asarray(array))


def _write_names(group: Any, attribute: str, names: Sequence[str]) -> None:
    """Write names into one attribute, or into as many numbered ones as needed."""
    texts = np.array([name.encode("ascii") for name in names], "S")
    parts = -(-texts.nbytes // LARGEST_ATTRIBUTE)
    if parts <= 1:
        group.attrs[attribute] = texts
        return
    for number, part in enumerate(np.array_split(texts, parts + 1)):
        group.attrs[f"{attribute}{number}"] = part


@dataclass(frozen=True)
class OptimizerVariables:
    """Of an optimizer whose next step has this learning rate; in Keras's order, as a model file has them."""

    rate: float
    variables: Sequence[Array]


@dataclass(frozen=True)
class PlannedModel:
    """The model of a plan with its weights, in the order of Keras's `get_weights`; it is saved without Keras.

    layers: all of them; `plan.left_out` stay out of the file.
    """

    plan: Plan
    training: TrainingConfig
    layers: Sequence[SavedLayer]
    loss_weight: float
    variables: Sequence[Array]
    optimizer: OptimizerVariables

    def get_weights(self) -> list[Array]:
        """All weights."""
        return list(self.variables)

    def save(self, path: Path) -> None:
        """Write a .keras or .h5 file, by the name's end, that stock Keras opens compiled."""
        weight = None if self.loss_weight == 1 else self.loss_weight
        compiled = compile_json(self.plan, self.training, weight, self.optimizer.rate)
        layers = self.layers[self.plan.left_out :]
        architecture = architecture_json(self.plan.safe_name, self.plan.file_shape, layers, compiled)
        if path.suffix == ".h5":
            write_h5(path, architecture, layers, self.variables)
            return
        optimizer = (self.training.optimizer.tag, self.optimizer.variables)
        write_keras(path, architecture, layers, self.variables, optimizer)


def save_model(model: Any, path: Path, metadata: Metadata) -> None:
    """Save as .keras or .h5, by the extension; an older file at `path` survives until the new one is complete.

    model: Keras's, or what has its `save`, `get_weights`, `variables` and `optimizer.variables`.

    Raises:
        OutputError: a full disk or a missing permission.
    """
    stamped = strict({"format": format_of(metadata), **metadata, "weights": weights_digest(model.get_weights())})

    def write(temporary: Path) -> None:
        reserve(temporary, _most_bytes(model, stamped))
        model.save(temporary)
        add_metadata(temporary, stamped)

    replace_file(path, write)


def _most_bytes(model: Any, metadata: Metadata) -> int:
    """An upper bound of the file's size: the values, and HDF5's overhead for each array."""
    variables = [*model.variables, *(model.optimizer.variables if model.optimizer else ())]
    values: int = sum(4 * prod(variable.shape) for variable in variables)
    return values + 8192 * len(variables) + 4 * len(repr(metadata)) + (1 << 18)
