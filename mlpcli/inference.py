"""A model file to something that predicts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.artifacts.model_file import Metadata, check_members, kind_of, read_architecture, read_metadata
from mlpcli.data.dataset import Array, Part
from mlpcli.errors import ModelFileError
from mlpcli.model.architecture import saved_layers
from mlpcli.model.saving import weights_digest

PREDICTION_BATCH = 2048
"""Rows at a time when nothing is learnt from them: large enough to be fast, small enough for any memory."""


class Predictor:
    """A loaded Keras model and what its file says of itself (None in a file that is not mlpcli's)."""

    def __init__(self, model: Any, metadata: Metadata | None) -> None:
        self.model, self.metadata = model, metadata

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""
        return tuple(self.model.input_shape[1:])

    def predict(self, part: Part) -> Array:
        """Outputs (n, units), float32, of all rows at once."""
        return np.concatenate([outputs for _, outputs in self.batches(part)])

    def batches(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """Rows (n,) of the source, and outputs (n, units) for them, PREDICTION_BATCH at a time."""
        for start in range(0, len(part), PREDICTION_BATCH):
            rows = part.indices[start : start + PREDICTION_BATCH]
            yield rows, np.asarray(self.model(part.x[rows], training=False))

    def losses(self, part: Part, targets: Array) -> dict[str, float]:
        """Keras's own loss and metrics over a part; `targets` belong to the source's whole arrays."""
        from mlpcli.training.feed import Batches

        batches = Batches(part, targets, PREDICTION_BATCH)
        return {name: float(value) for name, value in self.model.evaluate(batches, verbose=0, return_dict=True).items()}


def load_predictor(path: Path) -> Predictor:
    """Load a model file that holds layers of the schema only; whatever could run code of its own is refused unread.

    Raises:
        ModelFileError: the file is missing, damaged, newer than this mlpcli, or holds a layer that is not known.
    """
    kind, metadata = kind_of(path), read_metadata(path)
    if kind == "keras":
        check_members(path)
    _check_size(path, sum(layer.size.parameters for layer in saved_layers(path, read_architecture(path))[1]))
    from mlpcli import backend

    keras = backend.keras()
    try:
        model = _with_suffix(path, f".{kind}", lambda named: keras.models.load_model(named, safe_mode=True))
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
        raise ModelFileError(f"{path}: cannot be loaded: {reason}; restore it or train again") from error
    _check_weights(path, model.get_weights(), metadata)
    return Predictor(model, metadata)


def _check_size(path: Path, parameters: int) -> None:
    """A file that names more numbers than it holds would have Keras ask for memory without end."""
    if parameters > path.stat().st_size:
        raise ModelFileError(f"{path}: names {parameters:,} parameters, which it is too small to hold; it is damaged")


def _check_weights(path: Path, weights: list[Array], metadata: Metadata | None) -> None:
    """Refuse weights that changed after they were saved: an .h5 has no checksum of its own."""
    saved = (metadata or {}).get("weights")
    if saved is not None and saved != weights_digest(weights):
        raise ModelFileError(f"{path}: its weights are not those that were saved; restore it or train again")
    if not all(np.isfinite(array).all() for array in weights):
        raise ModelFileError(f"{path}: has weights that are NaN or infinite, so it predicts nothing; train again")


def _with_suffix(path: Path, suffix: str, load: Callable[[Path], Any]) -> Any:
    """Keras tells the formats by the name alone; a file that is named otherwise is read from a copy."""
    if path.suffix == suffix:
        return load(path)
    with tempfile.TemporaryDirectory() as folder:
        return load(Path(shutil.copyfile(path, Path(folder) / f"model{suffix}")))
