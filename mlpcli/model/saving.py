"""Writing a model file with its metadata, in one piece."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.artifacts.files import replace_file, reserve, strict
from mlpcli.artifacts.model_file import METADATA_FORMAT, Metadata, add_metadata


def save_model(model: Any, path: Path, metadata: Metadata) -> None:
    """Save as .keras or .h5, by the extension; an older file at `path` survives until the new one is complete.

    Raises:
        OutputError: a full disk or a missing permission.
    """
    stamped = strict({"format": METADATA_FORMAT, **metadata, "weights": weights_digest(model.get_weights())})

    def write(temporary: Path) -> None:
        reserve(temporary, _most_bytes(model, stamped))
        model.save(temporary)
        add_metadata(temporary, stamped)

    replace_file(path, write)


def weights_digest(weights: Iterable[np.ndarray[Any, Any]]) -> str:
    """`sha256:...` of all weights in order; an .h5 has no checksum of its own."""
    digest = hashlib.sha256()
    for array in weights:
        digest.update(repr((array.shape, array.dtype.name)).encode("ascii"))
        digest.update(np.ascontiguousarray(array).tobytes())
    return f"sha256:{digest.hexdigest()}"


def _most_bytes(model: Any, metadata: Metadata) -> int:
    """More than the file will need: the values, and what HDF5 writes around each array."""
    variables = [*model.variables, *(model.optimizer.variables if model.optimizer else ())]
    values: int = sum(4 * prod(variable.shape) for variable in variables)
    return values + 8192 * len(variables) + 4 * len(repr(metadata)) + (1 << 18)
