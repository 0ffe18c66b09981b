"""The model file in Keras's other format: a .keras as .h5, or an .h5 as .keras, written without Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.exporters.formats import Rows
from mlpcli.files import replace_file
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.model.stack import safe_name
from mlpcli.modelfile.container import Metadata, open_model_file
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.modelfile.tower_writer import Optimizer, Towers
from mlpcli.modelfile.writer import Json, architecture_json, save_model, write_h5, write_keras


def write(saved: SavedModel, path: Path) -> list[Path]:
    """Write the file in the format that its name ends with; what mlpcli knows of the model goes with it.

    Returns:
        The files written.
    """
    metadata, compiled = _described(saved)
    model = _model(saved, compiled)
    if metadata is None:
        replace_file(path, model.save)
    else:
        save_model(model, path, metadata)
    return [path]


def outputs(saved: SavedModel, path: Path, rows: Rows) -> Array:
    """What stock Keras makes of the rows: (n, units) float32. The file is our own, of checked layers alone."""
    with backend.ONE_MODEL:
        model = backend.keras().models.load_model(path)
    made = [np.asarray(model(_front(saved, batch.x), training=False)) for batch in rows.batches()]
    return np.concatenate(made)


def runtime() -> str:
    """What loads the file, with its version."""
    return f"Keras {backend.keras().__version__}"


def _front(saved: SavedModel, x: Array) -> Array:
    """The rows as the model in the file takes them: layers that stay out of it (output.input) come before."""
    from mlpcli.numpy_engine.network import Network

    x = x.astype(np.float32)
    if not saved.left_out:
        return x
    return Network.of(saved.input_shape, saved.towers[0].layers[: saved.left_out], {}).predict(x)


def _described(saved: SavedModel) -> tuple[Metadata | None, Json | None]:
    """What the file says: mlpcli's metadata, and what the model is compiled with, as in a .keras."""
    with open_model_file(saved.path) as opened:
        metadata, architecture = opened.metadata(), opened.architecture()
    if saved.compilation is None:
        return metadata, None
    if saved.kind == "keras":
        return metadata, architecture["compile_config"]
    found = architecture["training_config"]
    optimizer = {"module": "keras.optimizers", "registered_name": None, **found["optimizer_config"]}
    kept = {key: found.get(key) for key in ("loss", "loss_weights", "metrics", "weighted_metrics")}
    return metadata, {"optimizer": optimizer, **kept, "run_eagerly": False, "steps_per_execution": 1}


def _model(saved: SavedModel, compiled: Json | None) -> Towers | _Converted:
    if len(saved.towers) > 1:
        kept = None if compiled is None else {key: compiled.get(key) for key in ("loss", "loss_weights", "metrics")}
        return Towers(safe_name(saved.name, "combined"), saved.input_shape, saved.towers, saved.weights, kept)
    layers = saved.towers[0].layers
    front, own = layers[: saved.left_out], layers[saved.left_out :]
    shape = front[-1].size.output_shape if front else saved.input_shape
    arrays = [array for layer in own for array in saved.weights.get(layer.name, ())]
    optimizer = _new_optimizer(saved, compiled) if compiled is not None and saved.kind == "h5" else None
    return _Converted(safe_name(saved.name, "model"), shape, own, arrays, compiled, optimizer)


def _new_optimizer(saved: SavedModel, compiled: Json) -> Optimizer:
    """The optimizer's variables as Keras first makes them: an .h5 has none, and in a .keras Keras misses them."""
    from mlpcli.keras_engine.build import build_saved

    model = build_saved(saved.path, saved.input_shape, saved.towers[0].layers, saved.weights)
    own = {**compiled["optimizer"]}  # a copy: Keras writes the class in lower case into what it is given
    optimizer = backend.keras().optimizers.deserialize(own)
    optimizer.build(model.trainable_variables)
    return Optimizer([np.asarray(variable) for variable in optimizer.variables])


@dataclass(frozen=True)
class _Converted:
    """A network with its weights, as `save_model` takes a model."""

    name: str
    input_shape: Shape
    layers: Sequence[SavedLayer]
    variables: Sequence[Array]
    compiled: Json | None
    optimizer: Optimizer | None

    def get_weights(self) -> list[Array]:
        return list(self.variables)

    def save(self, path: Path) -> None:
        architecture = architecture_json(self.name, self.input_shape, self.layers, self.compiled)
        if path.suffix == ".h5":
            write_h5(path, architecture, self.layers, self.variables)
        else:
            state = None if self.optimizer is None else ("optimizer", self.optimizer.variables)
            write_keras(path, architecture, self.layers, self.variables, state)
