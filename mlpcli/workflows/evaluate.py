"""`mlpcli evaluate`: scores of a saved model on data it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import DataError, ModelFileError, SettingError, UserError

if TYPE_CHECKING:
    from mlpcli.config.schema import Config
    from mlpcli.data.dataset import Array, Part, Source, Splits
    from mlpcli.inference import Predictor


@dataclass(frozen=True)
class EvaluationResult:
    """The content of evaluation.json, with the model it is about, and lines that the user should read."""

    model: Path
    name: str
    evaluation: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    written: Path | None = None


@dataclass(frozen=True)
class _Rows:
    """The rows to score, what they are called, and the training targets for the baseline where they are at hand."""

    part: Part
    split: str
    train_targets: Array | None
    notes: list[str]


def evaluate(
    model_or_run: str | Path, data: str | Path | None = None, split: str | None = None, output: str | Path | None = None
) -> EvaluationResult:
    """Score a model on the data it names, or on `data`.

    Args:
        model_or_run: a model file that mlpcli wrote, or a run directory.
        data: other rows: a path or a built-in name; all of its rows (its test rows where it has some).
        split: test, validation or train of the model's own data; by default the first of these that exists.
        output: a folder for evaluation.json and its picture.

    Raises:
        ModelFileError: the file cannot be used.
        DataError, UserError: the data is not there, or not what the model takes.
    """
    from mlpcli.artifacts.run_directory import find_model
    from mlpcli.evaluation import evaluate_part
    from mlpcli.inference import load_predictor

    path = Path(model_or_run)
    file = find_model(path) if path.is_dir() else path
    metadata = _metadata(file)
    if output is not None and Path(output).exists() and not Path(output).is_dir():
        raise UserError(f"{output}: is a file; --output is a folder, for evaluation.json and its picture")
    rows = _rows(file, metadata, data, split)
    predictor = load_predictor(file)
    _check_shape(predictor, rows)
    chosen = {**metadata["plan"], "target_name": metadata["config"]["data"].get("target")}
    evaluation = evaluate_part(predictor, chosen, rows.part, rows.split, rows.train_targets)
    notes = list(rows.notes)
    written = _write(Path(output), evaluation, notes) if output is not None else None
    return EvaluationResult(file.resolve(), str(metadata["name"]), evaluation, notes, written)


def _metadata(file: Path) -> dict[str, Any]:
    from mlpcli.artifacts.model_file import read_metadata

    metadata = read_metadata(file)
    if metadata is None:
        raise ModelFileError(
            f"{file}: was not written by mlpcli, so its task and classes are not known; evaluate it with Keras"
        )
    if not all(isinstance(metadata.get(key), dict) for key in ("config", "plan", "data")) or "name" not in metadata:
        raise ModelFileError(f"{file}: its mlpcli metadata is damaged; restore the file or train again")
    return metadata


def _rows(file: Path, metadata: dict[str, Any], data: str | Path | None, split: str | None) -> _Rows:
    if data is not None:
        if split is not None:
            raise UserError("--split is for the model's own data; leave it out, or leave out --data")
        return _other_rows(metadata, data)
    try:
        return _own_rows(metadata, split)
    except (SettingError, DataError) as error:
        raise DataError(f"{error} (the data that {file} was trained on); or give other rows with --data") from error


def _own_rows(metadata: dict[str, Any], split: str | None) -> _Rows:
    """The parts that training made, made again: the split is a function of config and data."""
    from mlpcli.data.fingerprint import fingerprint
    from mlpcli.data.source import load_source
    from mlpcli.data.split import split_source
    from mlpcli.workflows.preparation import check_splits

    config = _config(metadata)
    source = load_source(config.data)
    notes = []
    if fingerprint(source) != metadata["data"]["fingerprint"]:
        notes.append(
            f"warning: {config.data.source} has changed since this model was trained; the parts are not the same rows"
        )
    splits = split_source(source, config.data, config.seed)
    check_splits(source, splits)
    part, name = _choose(splits, split)
    return _Rows(part, name, splits.train.y[splits.train.indices], notes)


def _config(metadata: dict[str, Any]) -> Config:
    from mlpcli.config.schema import Config

    return Config.model_validate(metadata["config"])


def _choose(splits: Splits, split: str | None) -> tuple[Part, str]:
    parts = {"test": splits.test, "validation": splits.validation, "train": splits.train}
    there = [name for name, part in parts.items() if part is not None]
    name = split or there[0]
    part = parts[name]
    if part is None:
        raise UserError(f"this model's data has no {name} rows; there are {', '.join(there)}")
    return part, name


def _other_rows(metadata: dict[str, Any], data: str | Path) -> _Rows:
    """Rows from elsewhere, in the model's classes and columns."""
    import numpy as np

    from mlpcli.config.names import BUILT_IN_NAMES
    from mlpcli.data.dataset import Part
    from mlpcli.data.other_rows import Layout, read_rows

    if str(data) in BUILT_IN_NAMES:
        rows = _built_in_rows(metadata, str(data))
    else:
        plan, names = metadata["plan"], metadata["data"]["feature_names"]
        classes = tuple(plan["class_names"]) if plan["class_names"] is not None else None
        layout = Layout(tuple(plan["input_shape"]), classes, tuple(names) if names else None)
        rows = read_rows("--data", Path(data).expanduser(), layout)
    return _Rows(Part(rows.x, rows.y, np.arange(len(rows))), str(data), None, [])


def _built_in_rows(metadata: dict[str, Any], name: str) -> Any:
    from mlpcli.config.data import DataConfig
    from mlpcli.data.source import load_source

    trained_on = metadata["config"]["data"]
    path = trained_on.get("path") if trained_on.get("source") == name else None
    source: Source = load_source(DataConfig(source=name, path=path))
    classes = metadata["plan"]["class_names"]
    if list(source.class_names or ()) != list(classes or ()):
        raise UserError(
            f"--data {name}: has the classes {_listed(source.class_names)}, and the model knows {_listed(classes)};"
            " give rows of the model's classes"
        )
    return source.test or source.train


def _listed(names: Any) -> str:
    return ", ".join(list(names)[:5]) + (", ..." if len(names) > 5 else "") if names else "none (a number)"


def _check_shape(predictor: Predictor, rows: _Rows) -> None:
    found = rows.part.x.shape[1:]
    if found != predictor.input_shape:
        raise UserError(
            f"{rows.split}: has rows of shape {found}, and the model takes {predictor.input_shape};"
            " give data of the kind it was trained on"
        )


def _write(folder: Path, evaluation: dict[str, Any], notes: list[str]) -> Path:
    from mlpcli.artifacts import run_directory
    from mlpcli.artifacts.files import write_json
    from mlpcli.errors import OutputError
    from mlpcli.plotting.run_plots import draw_evaluation
    from mlpcli.plotting.save import save_figure

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}; choose another --output") from error
    write_json(folder / run_directory.EVALUATION, evaluation)
    for stem, figure in draw_evaluation(folder).items():
        note = save_figure(figure, folder / f"{stem}.png")
        notes += [note] if note else []
    return folder.resolve()
