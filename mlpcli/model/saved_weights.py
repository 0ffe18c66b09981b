"""The weights of a saved model: held to its description, to the digest saved with them, and to being numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpcli.artifacts.model_file import Metadata, read_metadata
from mlpcli.artifacts.model_weights import ExpectedLayer, read_layer_weights
from mlpcli.errors import ModelFileError
from mlpcli.model.architecture import SavedLayer, saved_layers
from mlpcli.model.saving import weights_digest

Weights = dict[str, list[npt.NDArray[Any]]]
"""Layer name in the description to its arrays, in the order of Keras's `layer.weights`."""


def read_weights(path: Path, architecture: dict[str, Any]) -> Weights:
    """The weights of every layer of the model in a file, whose description is `architecture`.

    Raises:
        ModelFileError: they are not those of this model, changed since they were saved, or are not finite.
    """
    _, layers = saved_layers(path, architecture)
    return checked_weights(path, layers, read_metadata(path))


def checked_weights(path: Path, layers: Sequence[SavedLayer], metadata: Metadata | None) -> Weights:
    """As `read_weights`, for a file that has been read so far.

    NaN is an error in files of others, too: a ReLU can turn it into a plausible number, and no prediction would tell.
    """
    expected = [ExpectedLayer(layer.name, layer.keras_class, layer.weights, layer.weight_type) for layer in layers]
    weights = read_layer_weights(path, expected)
    saved = (metadata or {}).get("weights")
    if saved is not None and saved != weights_digest(array for arrays in weights.values() for array in arrays):
        raise ModelFileError(f"{path}: its weights are not those that were saved; restore it or train again")
    for name, arrays in weights.items():
        if not all(np.isfinite(array).all() for array in arrays):
            raise ModelFileError(
                f"{path}: layer {name} has weights that are NaN or infinite, so the model predicts nothing; train again"
            )
    return weights
