"""A file of several networks whose outputs are averaged, written without Keras: see `mlpcli.modelfile.towers`."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.layers import ActivityRegularization
from mlpcli.config.optimizers import SGD
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.model.stack import INPUT_NAME
from mlpcli.modelfile.container import ABOUT, DESCRIPTION, WEIGHTS
from mlpcli.modelfile.towers import AVERAGE, Tower
from mlpcli.modelfile.weights import Weights, expected, tower_order
from mlpcli.modelfile.writer import (
    Json,
    add_member,
    architecture_json,
    keras_version,
    object_json,
    write_group,
    write_layers,
    write_model_h5,
)

AVERAGE_NAME = "average"


@dataclass(frozen=True)
class Optimizer:
    """The variables of an SGD without momentum, in Keras's order; it is compiled in for `evaluate` and `fit`."""

    variables: Sequence[Array] = (np.array(0, np.int64), np.array(SGD().learning_rate, np.float32))


@dataclass(frozen=True)
class Towers:
    """Several networks with their weights, as `save_model` takes a model.

    name: of the model, safe for TensorFlow's scopes, as those of towers and layers are. weights: by the names of the
    layers. compiled: Keras's JSON of loss, loss_weights and metrics; None for a model without a loss.
    """

    name: str
    input_shape: Shape
    towers: Sequence[Tower]
    weights: Weights
    compiled: Mapping[str, Any] | None
    optimizer: Optimizer = Optimizer()

    @property
    def variables(self) -> list[Array]:
        """All weights."""
        return self.get_weights()

    def get_weights(self) -> list[Array]:
        """All weights in the order of the layers."""
        return [array for tower in self.towers for layer in tower.layers for array in self.weights[layer.name]]

    def save(self, path: Path) -> None:
        """Write a .keras or .h5 file, by the name's end, that stock Keras opens compiled."""
        (self._save_h5 if path.suffix == ".h5" else self._save_keras)(path)

    def architecture(self) -> Json:
        """The description of the Functional model, as in config.json."""
        shape = [None, *self.input_shape]
        first = {"batch_shape": shape, "dtype": "float32", "sparse": False, "name": INPUT_NAME}
        start = {"module": "keras.layers", "class_name": "InputLayer", "config": first, "registered_name": None}
        layers = [{**start, "name": INPUT_NAME, "inbound_nodes": []}, *map(self._tower_json, self.towers)]
        model: Json = {
            "module": "keras.src.models.functional",  # as Keras 3 itself writes it; it exports no such name
            "class_name": "Functional",
            "config": {
                "name": self.name,
                "trainable": True,
                "layers": [*layers, self._average_json()],
                "input_layers": [INPUT_NAME, 0, 0],
                "output_layers": [AVERAGE_NAME, 0, 0],
            },
            "registered_name": "Functional",
            "build_config": {"input_shape": None},
        }
        return model if self.compiled is None else {**model, "compile_config": self._compile_json()}

    def _tower_json(self, tower: Tower) -> Json:
        described = architecture_json(tower.name, self.input_shape, tower.layers, None)
        return {**described, "name": tower.name, "inbound_nodes": [_node(_tensor(INPUT_NAME, self.input_shape))]}

    def _average_json(self) -> Json:
        made = self.towers[0].layers[-1].size.output_shape
        config = {"name": AVERAGE_NAME, "trainable": True, "dtype": "float32"}
        inputs = [_tensor(tower.name, made) for tower in self.towers]
        described = {"module": "keras.layers", "class_name": AVERAGE, "config": config, "registered_name": None}
        built = {"input_shape": [[None, *made]] * len(inputs)}
        return {**described, "build_config": built, "name": AVERAGE_NAME, "inbound_nodes": [_node(inputs)]}

    def _compile_json(self) -> Json:
        assert self.compiled is not None
        rest = {"weighted_metrics": None, "run_eagerly": False, "steps_per_execution": 1, "jit_compile": False}
        return {"optimizer": object_json(SGD(), name="sgd"), **self.compiled, **rest}

    def _save_keras(self, path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            add_member(archive, ABOUT, json.dumps({"keras_version": keras_version()}).encode("ascii"))
            add_member(archive, DESCRIPTION, json.dumps(self.architecture(), ensure_ascii=False).encode("utf-8"))
            add_member(archive, WEIGHTS, self._weights_h5())

    def _weights_h5(self) -> bytes:
        import h5py

        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            file.create_group("vars").attrs["name"] = self.name
            for number, tower in enumerate(self.towers):
                group = file.create_group(f"layers/sequential_{number}" if number else "layers/sequential")
                group.create_group("vars").attrs["name"] = tower.name
                write_layers(group, tower.layers, self._arrays(tower.layers))
            if self.compiled is not None:
                write_group(file, "optimizer", "sgd", self.optimizer.variables)
        return content.getvalue()

    def _arrays(self, layers: Iterable[SavedLayer]) -> Iterator[Array]:
        return (array for layer in layers for array in self.weights[layer.name])

    def _save_h5(self, path: Path) -> None:
        """In this format a tower has one list of weights: those that training changes come first."""
        groups = {}
        for tower in self.towers:
            order = tower_order([expected(layer) for layer in tower.layers])
            groups[tower.name] = [self.weights[tower.layers[layer].name][index] for layer, index in order]
        write_model_h5(path, self.architecture(), groups)


def _node(tensors: Any) -> Json:
    return {"args": [tensors], "kwargs": {}}


def _tensor(name: str, shape: Shape) -> Json:
    config = {"shape": [None, *shape], "dtype": "float32", "keras_history": [name, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def without_penalties(layer: SavedLayer) -> SavedLayer:
    """The layer without regularizers: the loss of an average has no use for the sum of its members' penalties."""
    component = layer.component
    if isinstance(component, ActivityRegularization):
        return replace(layer, component=component.model_copy(update={"l1": 0.0, "l2": 0.0}))
    own = [key for key in type(component).model_fields if key.endswith("_regularizer")]
    return replace(layer, component=component.model_copy(update=dict.fromkeys(own)))
