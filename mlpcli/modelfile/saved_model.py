"""What can be told of a model that mlpcli has not written: its task and classes, from its last layer and its loss."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.config.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Loss,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from mlpcli.errors import UserError
from mlpcli.model.objective import Compilation, Described
from mlpcli.model.shapes import Shape
from mlpcli.modelfile.card import Told
from mlpcli.modelfile.container import Metadata, open_model_file
from mlpcli.modelfile.description import saved_layers
from mlpcli.modelfile.keras_objects import compilation_of
from mlpcli.modelfile.weights import Weights, checked_weights


def stock_metadata(saved: SavedModel, told: Told) -> dict[str, Any]:
    """Metadata of the kind that mlpcli writes; classes without names are called by their numbers.

    Raises:
        ModelFileError: the model has layers that are not known.
        UserError: there are more or fewer class names than classes.
    """
    shape, layers = saved_layers(saved.path, saved.architecture)
    units = layers[-1].size.output_shape[-1]
    loss = saved.compilation.loss.component if saved.compilation is not None else None
    task = _task(units, str(getattr(layers[-1].component, "activation", None)), loss)
    classes = {"classification": units, "binary": 2, "regression": 0}[task]
    given = told.class_names
    if given is not None and len(given) != classes:
        raise UserError(f"--classes names {len(given)} classes, and {saved.path} has {classes or 'none (a number)'}")
    names = list(given or map(str, range(classes))) if classes else None
    plan = {
        "task": task,
        "input_shape": list(shape),
        "class_names": names,
        "labels": _labels(task, loss),
        "targets": units if task == "regression" else 1,
        "threshold": 0.5,
    }
    data = {
        "kind": "table" if len(shape) == 1 else "image",
        "feature_names": None,
        "pixel_max": 255.0 / told.divide_by,
        "image": _pictures(shape),
    }
    name = saved.architecture.get("config", {}).get("name")
    return {"name": name or saved.path.stem, "plan": plan, "data": data, "config": {"data": {}}}


def _pictures(shape: Shape) -> dict[str, Any] | None:
    """How pictures are made into examples; the brightness of their border is not known, so that none is inverted."""
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[-1] not in (1, 3)):
        return None
    color = "rgb" if len(shape) == 3 and shape[-1] == 3 else "grayscale"
    return {"size": list(shape[:2]), "color": color, "fit": "pad", "border": 0.5}


def usual_compilation(task: str) -> Compilation:
    """For a model that was saved without a loss: the one of its task."""
    losses: dict[str, type[Loss]] = {
        "classification": SparseCategoricalCrossentropy,
        "binary": BinaryCrossentropy,
        "regression": MeanSquaredError,
    }
    return Compilation(Described(losses[task]()), ())


def _task(units: int, activation: str, loss: Any) -> str:
    if isinstance(loss, BinaryCrossentropy) or (loss is None and units == 1 and activation == "sigmoid"):
        return "binary" if units == 1 else "classification"
    if isinstance(loss, (CategoricalCrossentropy, SparseCategoricalCrossentropy)) or (
        loss is None and units > 1 and activation in ("softmax", "sigmoid")
    ):
        return "classification"
    return "binary" if units == 1 and activation == "sigmoid" else "regression"


def _labels(task: str, loss: Any) -> str:
    if task == "classification":
        return "sparse" if loss is None or isinstance(loss, SparseCategoricalCrossentropy) else "one_hot"
    return "binary" if task == "binary" else "value"


@dataclass(frozen=True)
class SavedModel:
    """What a model file holds, read and held to the schema; no code of the file's has run, and none will.

    uncompiled: why there is no compilation, and so no loss.
    """

    path: Path
    architecture: dict[str, Any]
    weights: Weights
    compilation: Compilation | None
    uncompiled: str | None
    metadata: Metadata | None


def read_model(path: Path) -> SavedModel:
    """Read a model file.

    Raises:
        ModelFileError: it is missing, damaged, newer than this mlpcli, or holds a layer that is not known.
    """
    with open_model_file(path) as opened:
        metadata, architecture = opened.metadata(), opened.architecture()
        weights = checked_weights(opened, saved_layers(path, architecture)[1], metadata)
    return SavedModel(path, architecture, weights, *compilation_of(architecture), metadata)
