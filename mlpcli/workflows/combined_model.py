"""The model that `combine` writes: whether its members go together, their networks side by side, and its metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlpcli import __version__
from mlpcli.config.layers import Dense
from mlpcli.errors import UserError
from mlpcli.model.layer_rules import layer_size
from mlpcli.model.shapes import SavedLayer
from mlpcli.model.stack import safe_name
from mlpcli.modelfile.container import Metadata, open_model_file
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.modelfile.tower_writer import Towers, without_penalties
from mlpcli.modelfile.towers import Tower
from mlpcli.modelfile.weights import Weights, weights_digest
from mlpcli.tables.merged_columns import DifferentColumnsError, Matrix, matrix_for, merged
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.text import printable, shown


def combined(members: Sequence[SavedModel], runs: Sequence[str], stem: str) -> tuple[Towers, Metadata, list[str]]:
    """The networks, the metadata for their file, and notes for the user.

    runs: how each member is called. stem: names the model where its members have several names.

    Raises:
        UserError: a member does not go with the first; it is named, with what differs.
    """
    columns = _check_all_agree(members, runs)
    metadata, compiled = _described(members[0])
    names = {member.card.name for member in members}
    name = f"{names.pop() if len(names) == 1 else stem} x {len(members)}"
    matrices = [_matrix(columns, member) for member in members]
    towers: list[Tower] = []
    weights: Weights = {}
    for number, (member, matrix) in enumerate(zip(members, matrices, strict=True), start=1):
        towers.append(_tower(f"member_{number}", member, matrix, weights))
    width = members[0].input_shape if columns is None else (len(columns.feature_names),)
    model = Towers(safe_name(name, "combined"), width, towers, weights, compiled)
    return model, _metadata(metadata, members, runs, columns, name), [*_notes(members, runs)]


def _check_all_agree(members: Sequence[SavedModel], runs: Sequence[str]) -> Preprocessing | None:
    """The columns of all, merged; None where the model is not one of a table.

    Raises:
        UserError: a member does not go with the first.
    """
    fitted = [member.card.data.preprocessing for member in members]
    first, columns = dict(_facts(members[0])), None
    for run, member in zip(runs, members, strict=True):
        for what, found in _facts(member):
            if found != first[what]:
                here, there = (printable(shown(str(value)), 100) for value in (found, first[what]))
                raise UserError(f"{run}: its {what} is {here}, but that of {runs[0]} is {there}; {_TOGETHER}")
    known = [own for own in fitted if own is not None]
    if len(known) == len(members):
        try:
            columns = merged(known)
        except DifferentColumnsError as error:
            raise UserError(f"{runs[error.member]}: the {error} differs from that of {runs[0]}; {_TOGETHER}") from error
    for run, member in zip(runs, members, strict=True):
        if _rows(member, columns) != _rows(members[0], columns):
            raise UserError(f"{run}: was trained on other data than {runs[0]}; {_TOGETHER}")
    return columns


_TOGETHER = "only runs with the same data, target, classes and preprocessing can be combined"


def _facts(member: SavedModel) -> Iterator[tuple[str, Any]]:
    """What must be the same, with its name in messages, the most telling first."""
    card, meaning = member.card, member.meaning
    yield "task", card.plan.task
    yield "target", ", ".join(meaning.targets) or "the usual one"
    yield "number of outputs", meaning.outputs
    yield "list of classes", None if meaning.class_names is None else ", ".join(meaning.class_names)
    yield "threshold", meaning.threshold if card.plan.task == "binary" else None
    yield "kind of output", meaning.score if meaning.class_names is not None else None
    yield "kind of input", "a table" if card.data.preprocessing is not None else f"of shape {card.plan.input_shape}"
    yield "largest pixel", card.data.pixel_max
    yield "list of inputs", None if card.data.preprocessing is not None else card.data.feature_names
    image = card.data.image
    yield "way of reading pictures", None if image is None else (image.size, image.color, image.fit)
    yield "data", str(card.config.data.source) if card.data.preprocessing is not None else None
    asked = card.config.data.model_dump()
    for key in _SETTINGS:
        yield f"data.{key}", asked.get(key)


_SETTINGS = (
    "test", "validation", "stratify", "limit", "features", "exclude", "types", "missing", "date_format", "dates",
    "decimal", "na_values", "separator", "header", "skip_rows", "comment", "skip_totals", "generate", "image", "task",
)  # fmt: skip
"""Keys of the data section that say which rows a network is given, and what they mean."""


def _rows(member: SavedModel, columns: Preprocessing | None) -> object:
    """The fingerprint of the data. That of a table depends on the medians, and tells nothing where these differ."""
    own = member.card.data.preprocessing
    return None if columns is not None and own != columns else member.card.data.fingerprint


def _matrix(columns: Preprocessing | None, member: SavedModel) -> Matrix | None:
    own = member.card.data.preprocessing
    return None if columns is None or own is None else matrix_for(columns, own)


def _tower(name: str, member: SavedModel, matrix: Matrix | None, weights: Weights) -> Tower:
    """A member's network under names of its own; its arrays are put into `weights`."""
    layers = []
    if matrix is not None:
        layers.append(_choice(f"{name}_columns", matrix))
        weights[layers[0].name] = [matrix]
    for layer in member.layers:
        layers.append(replace(without_penalties(layer), name=f"{name}_{layer.name}"))
        weights[layers[-1].name] = member.weights.get(layer.name, [])
    return Tower(name, layers)


def _choice(name: str, matrix: Matrix) -> SavedLayer:
    """The layer that gives a network its own columns; it does not learn."""
    component = Dense(units=matrix.shape[1], activation=None, use_bias=False)
    size = layer_size("dense", component, (matrix.shape[0],))
    return SavedLayer(name, "Dense", replace(size, tracked=("kernel",)), component, trainable=False)


def _described(member: SavedModel) -> tuple[Metadata, Mapping[str, Any] | None]:
    """What the file of a member says: its metadata, and Keras's JSON of its loss and metrics."""
    with open_model_file(member.path) as opened:
        metadata, architecture = opened.metadata(), opened.architecture()
    assert metadata is not None, "a model of mlpcli's has metadata"
    if member.compilation is None:
        return metadata, None
    config = architecture.get("compile_config") or architecture["training_config"]
    return metadata, {key: config.get(key) for key in ("loss", "loss_weights", "metrics")}


def _metadata(
    first: Metadata, members: Sequence[SavedModel], runs: Sequence[str], columns: Preprocessing | None, name: str
) -> Metadata:
    """That of the first member, with what is different for all of them together."""
    kept: Metadata = {key: first[key] for key in ("config", "versions") if key in first}
    plan, data = dict(first["plan"]), dict(first["data"])
    if columns is not None:
        plan["input_shape"] = [len(columns.feature_names)]
        data["preprocessing"], data["feature_names"] = columns.as_json(), list(columns.feature_names)
    made_of = [_run_card(member, run) for member, run in zip(members, runs, strict=True)]
    if columns is not None and any(member.card.data.preprocessing != columns for member in members):
        # The fingerprint is one of encoded rows: `evaluate` encodes them as the first member did, and compares.
        own = {key: first["data"][key] for key in ("fingerprint", "preprocessing")}
        data["fingerprint"], made_of[0] = "", {**made_of[0], **own}
    return {
        **kept,
        "version": __version__,
        "name": name,
        "plan": plan,
        "data": data,
        "scores": {},
        "kept_epoch": None,
        "made_of": made_of,
    }


def _run_card(member: SavedModel, run: str) -> dict[str, Any]:
    card, arrays = member.card, (array for arrays in member.weights.values() for array in arrays)
    named = {"name": card.name, "run": run, "seed": card.config.seed, "kept_epoch": card.kept_epoch}
    return {**named, "weights": weights_digest(arrays)}


def _notes(members: Sequence[SavedModel], runs: Sequence[str]) -> Iterator[str]:
    losses = [None if member.compilation is None else member.compilation.loss.component.tag for member in members]
    if len({*losses}) > 1:
        yield f"note: the runs have different losses; the file has that of {runs[0]}, {losses[0] or 'none'}"
    scaled = [run for run, member in zip(runs, members, strict=True) if member.left_out]
    if scaled:
        yield f"note: {scaled[0]} leaves out the layers that scale (output.input); the new file has them, for raw rows"
