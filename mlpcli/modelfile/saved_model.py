"""A model file opened once: card, layers and weights.

For a model that mlpcli did not write, task and classes are inferred from its last layer and its loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isqrt
from pathlib import Path
from typing import Any

from mlpcli.config.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Loss,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from mlpcli.data.catalog import CATALOG, FRAMINGS
from mlpcli.errors import UserError
from mlpcli.model.compilation import Compilation, Described
from mlpcli.model.members import count_members, trained_layers
from mlpcli.model.memory import check_saved
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.modelfile.card import Meaning, ModelCard, Told, damaged_metadata, read_card
from mlpcli.modelfile.container import FRONT, Kind, front_of, open_model_file
from mlpcli.modelfile.front import with_front
from mlpcli.modelfile.keras_objects import compilation_of
from mlpcli.modelfile.towers import Tower, saved_towers
from mlpcli.modelfile.weights import Weights, checked_weights
from mlpcli.runs.directory import find_model
from mlpcli.text import plural, shown


@dataclass(frozen=True)
class SavedModel:
    """The content of a model file, checked against the schema; no code from the file is ever run.

    stock: whether mlpcli did not write it; its card is then inferred from its layers, and `told` comes from
    the user. kind: the file's format. name: in Keras's description. towers: the network, or several whose outputs are
    averaged (`mlpcli.modelfile.towers`). weights: by the names of the layers. compilation:
    None if it has no loss; uncompiled says why. left_out: how many of the first layers are not in the file itself, but
    in its metadata (`mlpcli.modelfile.front`). chosen: a threshold asked for (`mlpcli.modelfile.chosen_threshold`).
    """

    path: Path
    kind: Kind
    stock: bool
    told: Told
    card: ModelCard
    name: str
    input_shape: Shape
    towers: Sequence[Tower]
    weights: Weights
    compilation: Compilation | None
    uncompiled: str | None
    left_out: int = 0
    chosen: float | None = None

    @property
    def layers(self) -> Sequence[SavedLayer]:
        """The layers of the network; those of several come one network after the other."""
        return [layer for tower in self.towers for layer in tower.layers]

    @property
    def members(self) -> int:
        """How many networks give an answer of their own to each row: see `scoring.predictor.load_members`."""
        return len(self.towers) if len(self.towers) > 1 else count_members(self.towers[0].layers)

    @property
    def takes_tables(self) -> bool:
        """Whether rows of a table can be what a stock model takes: numbers, whose names only the user knows."""
        return self.stock and len(self.input_shape) == 1

    @property
    def takes_any_shape(self) -> bool:
        """Whether rows of another shape are put into the network's, where they hold as many values.

        Without its first layers a file may take flat rows, and so people have them.
        """
        return self.stock or self.left_out > 0

    @property
    def activation(self) -> str | None:
        """The activation of the outputs."""
        return _activation(self.layers)

    @property
    def meaning(self) -> Meaning:
        """What the outputs stand for."""
        return replace(self.card.meaning(self.activation), chosen=self.chosen)


def open_model(model_or_run: str | Path, told: Told | None = None) -> SavedModel:
    """Open a model file once and read all of it; without mlpcli's metadata, infer the card from the layers.

    Raises:
        RunDirectoryError: it is a folder without a model file.
        ModelFileError: the file is missing, damaged, newer than this mlpcli, or holds an unsupported layer.
        UserError: `told` contradicts the file, or the file needs no such information.
    """
    file, told = _model_file(model_or_run), told or Told()
    with open_model_file(file) as opened:
        metadata, architecture = opened.metadata(), opened.architecture()
        card = read_card(file, metadata) if metadata is not None else None
        if card is not None and told != Told():
            raise UserError(f"{file}: has its own {_OWN[bool(told.inputs or told.targets)]}")
        shape, towers = saved_towers(file, architecture)
        missing = 0
        if len(towers) > 1 and front_of(metadata or {}):
            raise damaged_metadata(file, "stands before several networks", FRONT)
        if card is not None and metadata is not None and len(towers) == 1:
            layers, missing = with_front(file, metadata, card.plan.input_shape, (shape, towers[0].layers))
            shape, towers = card.plan.input_shape if missing else shape, [Tower("", layers)]
        check_saved(file, shape, [layer for tower in towers for layer in tower.layers])
        weights = checked_weights(opened, towers, metadata)
    compilation, uncompiled = compilation_of(architecture)
    name = architecture["config"].get("name")
    name = name if isinstance(name, str) else ""
    if card is not None and compilation is not None and card.plan.target_scaling == "standardize":
        compilation = _in_units(file, compilation, towers[0].layers)
    known = card or _stock_card(file, name, shape, towers[0].layers, compilation, told)
    model = SavedModel(
        file, opened.kind, card is None, told, known, name, shape, towers, weights, compilation, uncompiled, missing
    )
    if card is not None:
        _check_network(model)
    return model


_OWN = {
    False: "classes and scaling; leave out --classes and --divide-by",
    True: "columns; leave out --inputs and --target",
}
"""By whether columns were told."""


def _model_file(model_or_run: str | Path) -> Path:
    """The model file itself, where a run directory is given."""
    path = Path(model_or_run).expanduser()
    return find_model(path) if path.is_dir() else path


def _check_network(model: SavedModel) -> None:
    """Check the card against the network: with another model's card, predictions would be wrong but plausible."""
    runs = len(model.card.made_of) or 1
    if runs != len(model.towers):
        raise damaged_metadata(model.path, f"names {runs}, but the model has {len(model.towers)} networks", "made_of")
    said, outputs = model.card.plan.input_shape, model.meaning.outputs
    if said != model.input_shape:
        found = f"describes inputs of shape {said}, but the model takes {model.input_shape}"
        raise damaged_metadata(model.path, found, "plan.input_shape")
    made = _output_shape(model.input_shape, model.layers)
    if made != (outputs,):
        raise damaged_metadata(model.path, f"describes {outputs} outputs, but the model has {made[-1]}", "plan")


def _in_units(file: Path, compilation: Compilation, layers: Sequence[SavedLayer]) -> Compilation:
    """With the deviations of several targets, which are the scale of the last layer."""
    scale = getattr(layers[-1].component, "scale", None) if layers else None
    if not isinstance(scale, list):
        return compilation
    if not all(0 < deviation < LARGEST_DEVIATION for deviation in scale):
        raise damaged_metadata(file, "the last layer's scale is not above 0", "plan.target_scaling")
    return replace(compilation, deviations=tuple(scale))


LARGEST_DEVIATION = 1e30


def _activation(layers: Sequence[SavedLayer]) -> str | None:
    """Of the last layer; of members, that of each."""
    last = next(reversed(trained_layers(layers)), None)
    return None if last is None else str(getattr(last.component, "activation", None))


def _output_shape(input_shape: Shape, layers: Sequence[SavedLayer]) -> Shape:
    return layers[-1].size.output_shape if layers else input_shape


def _stock_card(
    file: Path, name: str, shape: Shape, layers: Sequence[SavedLayer], compilation: Compilation | None, told: Told
) -> ModelCard:
    """The card of a model that mlpcli did not write; classes without names get their numbers as names.

    Raises:
        UserError: there are more or fewer class names than classes, or targets than outputs.
    """
    units = _output_shape(shape, layers)[-1]
    loss = compilation.loss.component if compilation is not None else None
    task = _task(units, str(_activation(layers)), loss)
    classes = {"classification": units, "binary": 2, "regression": 0}[task]
    given = told.class_names
    if given is not None and len(given) != classes:
        raise UserError(f"--classes names {len(given)} classes, but {file} has {classes or 'none (a number)'}")
    _check_targets(file, told, units if task == "regression" else 1)
    plan = {
        "task": task,
        "input_shape": shape,
        "class_names": list(given or map(str, range(classes))) if classes else None,
        "labels": _labels(task, loss),
        "targets": units if task == "regression" else 1,
        "threshold": 0.5,
    }
    scales = bool(layers) and layers[0].keras_class in SCALING
    data = {
        "fingerprint": "",
        "feature_names": None,
        "pixel_max": 255.0 / (told.divide_by or (1 if scales else 255)),
        "image": _pictures(shape, told),
    }
    config = {"data": {"target": told.targets[0] if len(told.targets) == 1 else list(told.targets) or None}}
    return read_card(file, {"name": name or file.stem, "plan": plan, "data": data, "config": config})


def _check_targets(file: Path, told: Told, outputs: int) -> None:
    both = [name for name in told.targets if name in told.inputs]
    if both:
        raise UserError(f'--inputs: "{shown(both[0])}" is named by --target, too; name it once')
    if told.targets and len(told.targets) != outputs:
        found = plural(len(told.targets), "column", "columns")
        raise UserError(f"--target names {found}, but {file} predicts {outputs:,}; name one for each, in their order")


SCALING = ("Rescaling", "Normalization", "BatchNormalization")
"""First layers that take values as they are; a network without one has learnt scaled values."""
LIKE_MNIST = (28, 28)
LEAST_SIDE = 16
"""Pixels: a list of so many squared values may be a picture."""


def _pictures(shape: Shape, told: Told) -> dict[str, Any] | None:
    """How pictures are turned into examples. Gray ones of 28 x 28 are taken to be light on dark, as those of MNIST and
    Fashion-MNIST are; of others, the border's brightness is unknown, so that none is inverted."""
    if len(shape) == 1 and (side := isqrt(shape[0])) ** 2 == shape[0] and side >= LEAST_SIDE:
        shape = (side, side)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[-1] not in (1, 3)):
        return None
    color = "rgb" if len(shape) == 3 and shape[-1] == 3 else "grayscale"
    form = {"size": list(shape[:2]), "color": color, "fit": "pad", "border": 0.5}
    if shape[:2] != LIKE_MNIST or color == "rgb":
        return form
    clothes = told.class_names == CATALOG["fashion_mnist"].class_names
    return {**form, "border": 0.0, "framing": asdict(FRAMINGS["fashion_mnist" if clothes else "mnist"])}


def assumed_of_pictures(model: SavedModel) -> str:
    """What is assumed of the training pictures of a model that mlpcli did not write, and how to say otherwise."""
    data, told = model.card.data, model.told
    said = []
    if told.divide_by is None and data.pixel_max is not None:
        other = "--divide-by 255 for 0 to 1" if data.pixel_max == 255 else "--divide-by 1 for 0 to 255"
        said.append(f"values from 0 to {data.pixel_max:g} ({other})")
    if data.image is not None and data.image.framing is not None:
        like, other = ("clothes", "digits") if data.image.framing.box == 1 else ("digits", "clothes")
        names = "mnist" if other == "digits" else "fashion_mnist"
        said.append(f"light {like} on a dark background (--no-invert for dark ones, --classes {names} for {other})")
    elif data.image is not None and data.image.color == "grayscale":
        said.append("the background of these pictures (--invert for the other)")
    if not said:
        return ""
    return f"{model.path}: mlpcli did not write this model, and assumes that it was trained on {' and '.join(said)}"


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
