"""Writing a model file with its metadata, in one piece."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.artifacts.files import replace_file
from mlpcli.artifacts.model_file import METADATA_FORMAT, Metadata, add_metadata


def save_model(model: Any, path: Path, metadata: Metadata) -> None:
    """Save as .keras or .h5, by the extension; an older file at `path` survives until the new one is complete.

    Raises:
        OutputError: a full disk or a missing permission.
    """
    stamped = {"format": METADATA_FORMAT, **metadata, "weights": weights_digest(model.get_weights())}

    def write(temporary: Path) -> None:
        _save(model, temporary)
        add_metadata(temporary, stamped)

    replace_file(path, write)


def weights_digest(weights: Iterable[np.ndarray[Any, Any]]) -> str:
    """`sha256:...` of all weights in order; an .h5 has no checksum of its own."""
    digest = hashlib.sha256()
    for array in weights:
        digest.update(repr((array.shape, array.dtype.name)).encode("ascii"))
        digest.update(np.ascontiguousarray(array).tobytes())
    return f"sha256:{digest.hexdigest()}"


def _save(model: Any, path: Path) -> None:
    """Keras's own save; its advice against .h5 is for those who write code, and the user asked for .h5."""
    from absl import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        model.save(path)
    finally:
        logging.set_verbosity(before)
