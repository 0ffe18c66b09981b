"""ModelCard: what a model takes and what its outputs mean, parsed once from the metadata in its file."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from mlpcli.config.data_words import Task
from mlpcli.config.losses import Labels
from mlpcli.data.catalog import FRAMINGS
from mlpcli.data.dataset import Framing, ImageForm, Layout, Source
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.errors import ModelFileError, UserError
from mlpcli.text import printable

if TYPE_CHECKING:
    from mlpcli.arrays import Array
    from mlpcli.tables.preprocessing import Preprocessing

    Fitted = Preprocessing
else:

    def _fitted(value: object) -> Preprocessing:
        """From its JSON. What is wrong in it is an error of the card, with the field's whole path."""
        from mlpcli.tables.preprocessing import Preprocessing  # with all that reads tables: pictures do without

        return Preprocessing.from_json(value)

    Fitted = Annotated[object, PlainValidator(_fitted)]


class _Section(BaseModel):
    """A part of the card: no value is converted, and keys that a newer version has added are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", defer_build=True)


Names = Annotated[tuple[str, ...], Field(strict=False)]
"""In JSON a list of texts."""
Size = Annotated[int, Field(gt=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(gt=0, le=4096)]


class PlanCard(_Section):
    """What training decided; from `Plan.as_metadata`."""

    task: Task
    input_shape: Annotated[tuple[Size, ...], Field(strict=False, min_length=1)]
    class_names: Names | None
    labels: Labels
    targets: Size = 1
    threshold: Finite
    target_scaling: Literal["none", "standardize"] = "none"

    @model_validator(mode="after")
    def _agree(self) -> PlanCard:
        names, task = self.class_names, self.task
        if (names is None) != (task == "regression") or (task == "binary" and len(names or ()) != 2):
            raise ValueError("task and classes do not agree")
        return self


class FramingCard(_Section):
    """How the training pictures show one thing each; from `Framing`."""

    box: Annotated[float, Field(gt=0, le=1)]
    by: Literal["box", "mass"]
    at: Annotated[tuple[Share, Share], Field(strict=False)]


class ImageCard(_Section):
    """How pictures were turned into examples; from `ImageForm`."""

    size: Annotated[tuple[Side, Side], Field(strict=False)]
    color: Literal["grayscale", "rgb"]
    fit: Literal["stretch", "pad"]
    border: Finite
    framing: FramingCard | None = None

    @property
    def form(self) -> ImageForm:
        """The same, for the functions that read pictures."""
        framing = Framing(**dict(self.framing)) if self.framing is not None else None
        return ImageForm(self.size, self.color, self.fit, self.border, framing)


class CalibrationCard(_Section):
    """The temperature by which the output layer was divided, and the rows that it is from; from `Calibration`."""

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    split: str
    rows: Size


class ThresholdCard(_Section):
    """The best threshold of a binary model, what it is best for, and the rows that it is from; from `BestThreshold`."""

    threshold: Share
    goal: str
    positive: str
    split: str
    rows: Size


class DataCard(_Section):
    """The form of the rows; from `layout_metadata`. fingerprint: of rows and parts; streamed: they stayed on disk."""

    fingerprint: str
    streamed: bool = False
    feature_names: Names | None
    pixel_max: Finite | None = None
    preprocessing: Fitted | None = None
    image: ImageCard | None = None


class DataAsked(_Section):
    """The part of the config's data section that is read even if the config is no longer valid as a whole."""

    model_config = ConfigDict(extra="allow")

    target: str | list[str] | None = None
    source: str | None = None
    path: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that the model predicts: none, one, or several."""
        return () if self.target is None else (self.target,) if isinstance(self.target, str) else tuple(self.target)


class ConfigCard(_Section):
    """The config of the training; only `evaluate` validates all of it, since the schema may have changed."""

    model_config = ConfigDict(extra="allow")

    data: DataAsked = DataAsked()
    seed: int | None = None


class RunCard(_Section):
    """One of the runs that a model is made of (`mlpcli combine`).

    run: its directory or file, as it was given. seed: of its training, which drew its rows. weights: their digest.
    preprocessing, fingerprint: its own and of its data, of the first run where those of the model are not the same.
    """

    name: str
    run: str
    seed: int | None = None
    kept_epoch: int | None = None
    weights: str | None = None
    preprocessing: Fitted | None = None
    fingerprint: str = ""


class ModelCard(_Section):
    """What a model takes and what its outputs mean.

    name: of the model. version: of the mlpcli that wrote it. kept_epoch: of the weights. unfinished: the number of
    epochs done, where the model was written while its training went on. calibration,
    best_threshold: None where the config asked for none. made_of: the runs whose networks it averages.
    """

    name: str
    version: str | None = None
    kept_epoch: int | None = None
    unfinished: int | None = None
    calibration: CalibrationCard | None = None
    best_threshold: ThresholdCard | None = None
    plan: PlanCard
    data: DataCard
    config: ConfigCard
    made_of: Annotated[tuple[RunCard, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _agree(self) -> ModelCard:
        plan, fitted = self.plan, self.data.preprocessing
        if fitted is not None and fitted.target.class_names != plan.class_names:
            raise ValueError("the classes of plan and data.preprocessing do not agree")
        if self.best_threshold is not None and plan.task != "binary":
            raise ValueError("best_threshold is for two classes with one output")
        for names in (fitted.target.names if fitted is not None else (), self.config.data.targets):
            if names and len(names) != plan.targets:
                raise ValueError(f"the plan has {plan.targets} targets, but {len(names)} are named")
        width = len(fitted.feature_names if fitted is not None else self.data.feature_names or ())
        if (fitted is not None or (width and len(plan.input_shape) == 1)) and plan.input_shape != (width,):
            raise ValueError(f"the columns make {width} inputs, but the model takes {plan.input_shape}")
        return self

    @cached_property
    def layout(self) -> Layout:
        """What rows must look like, for the functions that read data."""
        plan, data = self.plan, self.data
        form = data.image.form if data.image is not None else None
        if form is not None and form.framing is None:  # which files of mlpcli 0.2 do not hold
            form = replace(form, framing=FRAMINGS.get(str(self.config.data.source)))
        names = data.feature_names or None
        return Layout(plan.input_shape, plan.class_names, names, plan.targets, data.preprocessing, form, data.pixel_max)

    @property
    def unfinished_note(self) -> str | None:
        """What is to be said of a model whose training had not ended."""
        if self.unfinished is None:
            return None
        return f"note: training has not ended; these are the weights of epoch {self.kept_epoch}, the best so far"

    def meaning(self, activation: str | None) -> Meaning:
        """What the outputs stand for; `activation` is that of the last layer."""
        plan = self.plan
        outputs = 1 if plan.task == "binary" else plan.targets if plan.class_names is None else len(plan.class_names)
        score = "probability" if activation in PROBABILITIES else "score"
        return Meaning(plan.task, plan.class_names, plan.threshold, outputs, score, self.config.data.targets)


def read_card(file: Path, metadata: dict[str, Any]) -> ModelCard:
    """The card in a file's metadata.

    Raises:
        ModelFileError: a field is missing or invalid; the first such field is named.
    """
    try:
        return ModelCard.model_validate(metadata)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = _where(first["loc"], metadata, missing=first["type"] == "missing")
        raise damaged_metadata(file, _said(first), where) from error


def damaged_metadata(file: Path, found: str, where: str = "") -> ModelFileError:
    """The error for invalid metadata: `found` is wrong at the field `where`."""
    place = f"{where}: " if where else ""
    return ModelFileError(f"{file}: its mlpcli metadata is damaged: {place}{found}; restore the file or train again")


def _where(loc: tuple[int | str, ...], metadata: Any, missing: bool) -> str:
    """The path of a field, such as data.columns[2].kind, without the names of pydantic's own forms in it."""
    path, value = "", metadata
    for number, key in enumerate(loc):
        if isinstance(key, int):
            path += f"[{key}]"
            value = value[key] if isinstance(value, list) and key < len(value) else None
        elif isinstance(value, dict) and (key in value or (missing and number == len(loc) - 1)):
            path += f".{key}"
            value = value.get(key)
    return path.lstrip(".")


_SAID = {
    "missing": "is missing",
    "model_type": "should be a mapping",
    "tuple_type": "should be a list",
    "extra_forbidden": "is not a known key",
    "too_short": "should not be empty",
    "too_long": "holds too many entries",
}


def _said(error: Any) -> str:
    """What pydantic says of a field, in a few words."""
    words = re.sub("^(Input|Value error,|String) ", "", error["msg"])
    return printable(_SAID.get(error["type"], words), 200)


def layout_metadata(source: Source) -> dict[str, Any]:
    """The part of the metadata that `DataCard` reads."""
    return {
        "kind": source.kind,
        "streamed": on_disk(source.train.x),
        "feature_names": source.feature_names,
        "pixel_max": source.pixel_max,
        "preprocessing": source.preprocessing.as_json() if source.preprocessing is not None else None,
        "image": asdict(source.image) if source.image is not None else None,
    }


@dataclass(frozen=True)
class Told:
    """What the user says about a model that mlpcli did not write.

    class_names: in the order of its outputs. divide_by: what its inputs were divided by in training, as in x / 255;
    None where it is not said. inputs, targets: columns of a table, in the order of its inputs and outputs (one for
    classes); () if not told.
    """

    class_names: tuple[str, ...] | None = None
    divide_by: float | None = None
    inputs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def divided(self, x: Array) -> Array:
        """Raw rows (n, ...) as the model takes them; float32 if they are divided."""
        return x if self.divide_by in (None, 1) else (x / self.divide_by).astype("float32")

    def refuse_columns(self, what: str) -> None:
        """Refuse --inputs and --target where the rows are no table.

        Raises:
            UserError: either was given.
        """
        for option, names in (("--inputs", self.inputs), ("--target", self.targets)):
            if names:
                raise UserError(f"{option} names columns of a table, but {what}; leave it out")


PROBABILITIES = ("softmax", "sparsemax", "sigmoid", "hard_sigmoid")
"""Activations whose outputs are probabilities; other outputs for classes are called scores."""


@dataclass(frozen=True)
class Meaning:
    """What the outputs of a model stand for.

    class_names: None if it predicts numbers. threshold: of a binary model; above it is the second class. outputs: per
    row. score: "probability", or "score" if the outputs are not probabilities. targets: the columns it predicts, in the
    order of the outputs; () if unknown. chosen: another threshold, which the user asked for.
    """

    task: str
    class_names: tuple[str, ...] | None
    threshold: float
    outputs: int
    score: str
    targets: tuple[str, ...]
    chosen: float | None = None

    @property
    def decides_at(self) -> float:
        """The threshold above which the second class is predicted."""
        return self.threshold if self.chosen is None else self.chosen

    def check_top(self, top: int) -> int:
        """The number of classes named for each row: `top`, or all if there are fewer.

        Raises:
            UserError: fewer than one, or several for a model without classes.
        """
        if top < 1:
            raise UserError(f"--top {top}: must be at least 1")
        if self.class_names is None and top > 1:
            raise UserError("--top: works only with classes, but this model predicts a number; leave it out")
        return min(top, len(self.class_names or (None,)))
