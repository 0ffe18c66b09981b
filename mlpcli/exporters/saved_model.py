"""TensorFlow's SavedModel: a folder with the network, written by Keras, for TensorFlow Serving and TensorFlow alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.exporters.formats import Rows, facts
from mlpcli.files import write_json
from mlpcli.modelfile.saved_model import SavedModel

SIGNATURE = "serving_default"
MARK = "saved_model.pb"
"""The file by which a folder is known to be a SavedModel."""


def write(saved: SavedModel, path: Path) -> list[Path]:
    """Write the folder; what mlpcli knows of the model is in assets.extra, which is for such files.

    Returns:
        The folder.
    """
    from mlpcli.keras_engine.build import rebuild

    model = rebuild(saved)
    with backend.filtered_stderr():
        model.export(path, format="tf_saved_model", verbose=False)
    extra = path / "assets.extra"
    extra.mkdir()
    write_json(extra / "mlpcli.json", facts(saved))
    return [path]


def outputs(saved: SavedModel, path: Path, rows: Rows) -> Array:
    """What TensorFlow makes of the rows: (n, units) float32."""
    tensorflow = backend.tensorflow()
    signature = tensorflow.saved_model.load(path).signatures[SIGNATURE]
    (name,) = signature.structured_input_signature[1]
    found = []
    for batch in rows.batches():
        (made,) = signature(**{name: tensorflow.constant(batch.x, tensorflow.float32)}).values()
        found.append(made.numpy())
    return np.concatenate(found)


def runtime() -> str:
    """What loads the folder, with its version."""
    return f"TensorFlow {backend.tensorflow().__version__}"
