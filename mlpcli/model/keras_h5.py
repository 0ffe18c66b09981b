"""An .h5 file written with h5py and json alone, which `keras.models.load_model` opens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.model.architecture import SavedLayer
from mlpcli.model.keras_file import keras_version

LARGEST_ATTRIBUTE = 64_512
"""Bytes; HDF5 keeps attributes in a header of 64 kB, and Keras parts its lists of names before that."""


def write_h5(path: Path, architecture: dict[str, Any], layers: Sequence[SavedLayer], weights: Iterable[Array]) -> None:
    """Write the file; arguments as for `mlpcli.model.keras_file.write_keras`.

    The optimizer's variables are left out: Keras builds the optimizer of an .h5 that has them for no weights at all,
    and then cannot train the model any further.
    """
    import h5py

    arrays, version = iter(weights), keras_version().encode("ascii")
    model = {"class_name": architecture["class_name"], "config": architecture["config"]}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version, b"tensorflow"
        file.attrs["model_config"] = _json(model)
        root = file.create_group("model_weights")
        root.attrs["keras_version"], root.attrs["backend"] = version, b"tensorflow"
        _write_names(root, "layer_names", [layer.name for layer in layers])
        for layer in layers:
            _write_arrays(root.create_group(layer.name), [next(arrays) for _ in layer.weights])
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
    """In one attribute, or in as many as it takes, with a number behind the name of each."""
    texts = np.array([name.encode("ascii") for name in names], "S")
    parts = -(-texts.nbytes // LARGEST_ATTRIBUTE)
    if parts <= 1:
        group.attrs[attribute] = texts
        return
    for number, part in enumerate(np.array_split(texts, parts + 1)):
        group.attrs[f"{attribute}{number}"] = part
