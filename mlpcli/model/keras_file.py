"""A .keras file written with zipfile, h5py and json alone, which `keras.models.load_model` opens.

The bytes are a function of the model: no date is in them, and the archive's own dates are fixed.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.artifacts.model_weights import snake_case
from mlpcli.artifacts.zip_reading import ABOUT, DESCRIPTION, WEIGHTS
from mlpcli.data.dataset import Array
from mlpcli.model.architecture import SavedLayer

FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip archive can name."""


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
        _add(archive, ABOUT, json.dumps({"keras_version": keras_version()}).encode("ascii"))
        _add(archive, DESCRIPTION, json.dumps(architecture, ensure_ascii=False).encode("utf-8"))
        _add(archive, WEIGHTS, _weights(architecture["config"]["name"], layers, iter(weights), optimizer))


def keras_version() -> str:
    """Of the Keras that is installed, whose format this is; nothing of it is imported."""
    from importlib.metadata import version

    return version("keras")


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, FIRST_DATE), content)


def _weights(
    name: str, layers: Sequence[SavedLayer], weights: Any, optimizer: tuple[str, Sequence[Array]] | None
) -> bytes:
    """model.weights.h5: a group for each layer by the name of its class, with its weights by number."""
    import h5py

    content, counts = io.BytesIO(), Counter[str]()
    with h5py.File(content, "w") as file:
        file.create_group("vars").attrs["name"] = name
        for layer in layers:
            word = snake_case(layer.keras_class)
            place = f"layers/{word}_{counts[word]}" if counts[word] else f"layers/{word}"
            counts[word] += 1
            _write_group(file, place, layer.name, [next(weights) for _ in layer.weights])
        if optimizer is not None:
            _write_group(file, "optimizer", *optimizer)
    return content.getvalue()


def _write_group(file: Any, place: str, name: str, arrays: Sequence[Array]) -> None:
    group = file.create_group(f"{place}/vars")
    group.attrs["name"] = name
    for number, array in enumerate(arrays):
        group[str(number)] = np.asarray(array)
