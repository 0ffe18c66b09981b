"""`mlpcli summary`: the layer table of a config or a model file. No TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import UserError
from mlpcli.model.compilation import Compilation
from mlpcli.modelfile.container import ABOUT, Kind, ModelFile, front_of, open_model_file
from mlpcli.modelfile.hdf5 import read_text
from mlpcli.modelfile.keras_objects import compilation_of
from mlpcli.text import number, printable

if TYPE_CHECKING:
    from mlpcli.arrays import Array
    from mlpcli.model.shapes import LayerSize
    from mlpcli.modelfile.saved_model import SavedModel
    from mlpcli.scoring.linear_form import LinearForm


@dataclass(frozen=True)
class LayerRow:
    """One line of the table."""

    name: str
    keras_class: str
    size: LayerSize


@dataclass(frozen=True, eq=False)
class NamedWeights:
    """The weights of a model, and what its first layers compute in the units of the data.

    arrays: by "layer/parameter", in Keras's order. form: None where the NumPy engine lacks a layer, for pictures, for
    several networks, and where the first layer is not linear. inputs: their names; outputs: of the form, and what they
    stand for: "target", "log-odds", "score" or "unit".
    """

    arrays: dict[str, Array]
    form: LinearForm | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    stand_for: str


@dataclass(frozen=True)
class SummaryResult:
    """The layers of a network, and what a model file says about itself (None for a config or a stock Keras file)."""

    name: str
    input_shape: tuple[int, ...]
    layers: list[LayerRow]
    metadata: dict[str, Any] | None = None
    facts: list[tuple[str, str]] = field(default_factory=list)
    """What a model file says about itself, as pairs of keyword and text."""
    weights: NamedWeights | None = None
    """Where they were asked for."""

    members: int = 1
    """How many networks in one (`model.members`) the prediction is the mean of."""

    @property
    def trainable(self) -> int:
        """Parameters that training changes."""
        return sum(layer.size.trainable for layer in self.layers)

    @property
    def non_trainable(self) -> int:
        """Parameters that training only tracks."""
        return sum(layer.size.non_trainable for layer in self.layers)


def summary(config_or_model: str | Path, overrides: tuple[str, ...] = (), weights: bool = False) -> SummaryResult:
    """The layers of a config (.yaml), a model file, or the model in a run directory.

    Args:
        config_or_model: the config, model file or run directory.
        overrides: for a config, as in `train`.
        weights: also the weights of a model.

    Raises:
        ConfigError, DataError: as `validate`.
        UserError: the weights of a config are asked for.
        ModelFileError: the file is damaged, or holds unsupported layers.
    """
    from mlpcli.recipes import is_config

    path = Path(config_or_model)
    if is_config(path):
        if weights:
            advice = "give a run or a model file (mlpcli trace shows initial weights)"
            raise UserError(f"--weights: {path} is a config, which has none; {advice}")
        return _of_config(path, overrides)
    result = _of_model(path)
    return replace(result, weights=named_weights(path)) if weights else result


def named_weights(model_or_run: Path) -> NamedWeights:
    """The weights in a model file (raises as `open_model`)."""
    from mlpcli.errors import NeedsKerasError
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.numpy_engine.network import Network
    from mlpcli.scoring.linear_form import linear_form

    saved = open_model(model_or_run)
    arrays = {
        f"{layer.name}/{name}": array
        for layer in saved.layers
        for name, array in zip(layer.size.weights, saved.weights.get(layer.name, ()), strict=True)
    }
    try:
        alone = len(saved.towers) == 1
        form = linear_form(Network.of(saved.input_shape, saved.layers, saved.weights)) if alone else None
    except NeedsKerasError:
        form = None
    columns = saved.card.layout.preprocessing
    inputs = (columns.feature_names if columns is not None else saved.card.layout.feature_names) or ()
    inputs = inputs or tuple(f"x{index}" for index in range(saved.input_shape[-1]))
    outputs, stand_for = _outputs(saved, form) if form is not None else ((), "")
    return NamedWeights(arrays, form, inputs, outputs, stand_for)


def _outputs(saved: SavedModel, form: LinearForm) -> tuple[tuple[str, ...], str]:
    """The names of the outputs of a form, and what they stand for."""
    units, classes, targets = len(form.constants), saved.meaning.class_names, saved.meaning.targets
    numbered = tuple(f"{form.layer}[{unit}]" for unit in range(units))
    if form.ends == "more":
        return numbered, "unit"
    if classes is None:
        unnamed = ("y",) if units == 1 else tuple(f"y[{unit}]" for unit in range(units))
        return targets if len(targets) == units else unnamed, "target"
    if form.ends == "sigmoid" and units == 1:
        return classes[1:2], "log-odds"
    return (classes, "score") if len(classes) == units else (numbered, "unit")


def _of_config(path: Path, overrides: tuple[str, ...]) -> SummaryResult:
    from mlpcli.workflows.validate import validate

    plan = validate(path, overrides).plan
    rows = [LayerRow(layer.name, layer.component.keras_class, layer.size) for layer in plan.layers]
    return SummaryResult(plan.name, plan.input_shape, rows, members=plan.members)


def _of_model(path: Path) -> SummaryResult:
    from mlpcli.model.members import count_members
    from mlpcli.modelfile.towers import saved_towers
    from mlpcli.runs.directory import find_model

    file = find_model(path) if path.is_dir() else path
    with open_model_file(file) as opened:
        metadata, architecture, origin = opened.metadata(), opened.architecture(), origin_of(opened)
    shape, towers = saved_towers(file, architecture)
    layers = [layer for tower in towers for layer in tower.layers]
    names = (metadata or {}).get("layer_names")
    if not isinstance(names, list) or len(names) != len(layers):
        names = [layer.name for layer in layers]
    rows = [LayerRow(printable(name), layer.keras_class, layer.size) for name, layer in zip(names, layers, strict=True)]
    name = printable((metadata or {}).get("name") or architecture["config"].get("name"))
    facts = file_facts(origin, metadata, architecture)
    return SummaryResult(name, shape, rows, metadata, facts, members=count_members(layers))


Fact = tuple[str, str]
"""A keyword, and what the file says about it."""
MOST_NAMES = 12


def file_facts(origin: Origin, metadata: Mapping[str, Any] | None, architecture: Mapping[str, Any]) -> list[Fact]:
    """All facts about a model file, the most wanted first; a stock Keras file has few."""
    known = metadata or {}
    facts = [*_of_runs(known), *_of_data(known), *_of_front(known), *_of_training(known), *_of_scores(known)]
    if metadata is None:
        facts += _of_compilation(*compilation_of(architecture))
    facts.append(("written by", ", ".join(_writers(known, origin))))
    if origin.saved:
        facts.append(("saved", origin.saved))
    if origin.keras_version and _newer(origin.keras_version, _installed("keras")):
        facts.append(("note", f"Keras {origin.keras_version} is newer than the installed Keras {_installed('keras')}"))
    return facts


def _of_runs(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    """The runs whose networks it averages, by the ends of their paths."""
    runs = metadata.get("made_of")
    named = [str(run.get("run")) for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []
    if named:
        yield "average of", _names(["/".join(Path(run).parts[-2:]) for run in named])


def _of_data(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    data, plan = _mapping(metadata, "data"), _mapping(metadata, "plan")
    source = _mapping(metadata, "config", "data").get("source")
    if source is not None:
        yield "data", printable(source, 200)
    rows = [f"{name} {count:,}" for name, count in _mapping(data, "rows").items() if type(count) is int and count > 0]
    if rows:
        yield "rows", printable(", ".join(rows[:5]), 200)
    stored = _mapping(data, "preprocessing").get("columns")
    named = [column.get("name") for column in stored if isinstance(column, dict)] if isinstance(stored, list) else []
    columns: Any = named or data.get("feature_names")
    if columns:
        yield "columns", _names(columns)
    if plan.get("class_names"):
        yield "classes", _names(plan["class_names"])
    if plan.get("scaling") == "robust":
        where = "" if front_of(metadata) else " (the first 8 layers)"
        yield "scaling", f"robust: median and quartiles, then a smooth clip at 3{where}"


def _of_front(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    """The layers that the table does not show: of a file for stock Keras (output.input), which takes scaled rows."""
    kinds = [printable(layer.get("class_name"), 40) for layer in front_of(metadata) if isinstance(layer, dict)]
    if kinds:
        names = ", ".join(kinds[:MOST_NAMES])
        yield "left out", f"{names}; stock Keras takes their output, mlpcli takes raw rows"


def _of_training(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    plan, model, training = (
        _mapping(metadata, *keys) for keys in (("plan",), ("config", "model"), ("config", "training"))
    )
    if plan.get("task"):
        yield "task", f"{printable(plan['task'])}, loss {printable(plan.get('loss'))}"
    settings = {
        "hidden_units": model.get("hidden_units") if "layers" not in model else None,
        "activation": model.get("activation") if "layers" not in model else None,
        "optimizer": _mapping(training, "optimizer").get("name"),
        "learning_rate": _mapping(training, "optimizer").get("learning_rate"),
        "batch_size": plan.get("batch_size", training.get("batch_size")),
        "epochs": training.get("epochs"),
        "engine": training.get("engine"),
        "seed": _mapping(metadata, "config").get("seed"),
    }
    said = [f"{key} {_short_list(value)}" for key, value in settings.items() if value is not None]
    if said:
        yield "config", ", ".join(said)
    if type(metadata.get("kept_epoch")) is int:
        done = metadata.get("unfinished")
        more = ", the best so far; training has not ended" if type(done) is int else ""
        yield "weights", f"of epoch {metadata['kept_epoch']}{more}"


def _of_scores(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    for part, scores in list(_mapping(metadata, "scores").items())[:5]:
        if isinstance(scores, dict):
            named = sorted(scores.items(), key=lambda score: score[0] != "loss")
            said = [
                f"{printable(name)} {number(found)}" for name, value in named if (found := _score(value)) is not None
            ]
            yield printable(part), ", ".join(said[:MOST_NAMES])


def _score(value: object) -> float | None:
    """A number as it is; None for anything else, and for one beyond all floats."""
    try:
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    except OverflowError:
        return None


def _of_compilation(compilation: Compilation | None, why_not: str | None) -> Iterator[Fact]:
    if compilation is None:
        yield "compiled", f"no, {why_not}"
        return
    optimizer = compilation.optimizer.component.tag if compilation.optimizer is not None else "an unknown optimizer"
    yield "compiled", f"with {optimizer}, loss {compilation.loss.component.tag}"


def _writers(metadata: Mapping[str, Any], origin: Origin) -> Iterator[str]:
    versions = _mapping(metadata, "versions")
    if metadata.get("version") is not None:
        yield f"mlpcli {printable(metadata['version'], 40)}"
    yield f"Keras {origin.keras_version or printable(versions.get('keras') or 'of unknown version', 40)}"
    for name in ("tensorflow", "python"):
        if name in versions:
            yield f"{name} {printable(versions[name], 40)}"


def _names(values: Any) -> str:
    if not isinstance(values, (list, tuple)):
        return printable(values)
    shown = ", ".join(printable(value, 40) for value in values[:MOST_NAMES])
    return f"{len(values):,}: {shown}{', ...' if len(values) > MOST_NAMES else ''}"


def _short_list(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(printable(entry, 20) for entry in value[:MOST_NAMES])}]"
    return printable(value, 40)


def _mapping(value: Any, *keys: str) -> dict[str, Any]:
    """The mapping at the nested `keys`; empty if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, dict) else {}


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _newer(one: str, other: str | None) -> bool:
    """Whether a version is newer, by its first two numbers; False if either is malformed."""
    try:
        first, second = ([int(part) for part in text.split(".")[:2]] for text in (one, other or one))
    except ValueError:
        return False
    return first > second


@dataclass(frozen=True)
class Origin:
    """The format of a file, and the Keras that wrote it; None where the file does not say."""

    kind: Kind
    keras_version: str | None
    saved: str | None


def origin_of(opened: ModelFile) -> Origin:
    """Read it from metadata.json, or from the attributes of an .h5 (which has no date).

    Raises:
        ModelFileError: the file is damaged.
    """
    if opened.kind == "keras":
        about = opened.json_member(ABOUT)
        version, saved = about.get("keras_version"), about.get("date_saved")
        return Origin("keras", _short(version), _short(saved.replace("@", " ")) if isinstance(saved, str) else None)
    with opened.reading() as file:
        text = read_text(file, "keras_version", opened.path)
    return Origin("h5", None if text is None else _short(text.decode("utf-8", "replace")), None)


def _short(value: object) -> str | None:
    return printable(value, 40) if isinstance(value, str) else None
