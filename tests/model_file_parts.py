"""Reads one part of a model file, which the package reads together."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlpcli.modelfile.container import Metadata, add_metadata, open_model_file
from mlpcli.modelfile.towers import saved_towers
from mlpcli.modelfile.weights import Weights, checked_weights


def read_metadata(path: Path) -> Metadata | None:
    """What mlpcli wrote about the model; None in a file by stock Keras."""
    with open_model_file(path) as file:
        return file.metadata()


def with_metadata(model: Path, copy: Path, change: Callable[[Metadata], Any]) -> Path:
    """A copy of a .keras whose metadata is changed."""
    metadata = read_metadata(model) or {}
    change(metadata)
    shutil.copyfile(model, copy)
    add_metadata(copy, metadata)
    return copy


def read_architecture(path: Path) -> dict[str, Any]:
    """Keras's own description of the model."""
    with open_model_file(path) as file:
        return file.architecture()


def read_weights(path: Path, architecture: dict[str, Any]) -> Weights:
    """The arrays of each layer, checked against the description."""
    with open_model_file(path) as file:
        return checked_weights(file, saved_towers(path, architecture)[1], file.metadata())
