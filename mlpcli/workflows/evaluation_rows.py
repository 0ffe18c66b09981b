"""Which rows a model is scored on: a part of its own data, made again, or rows from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from mlpcli import __version__
from mlpcli.config.data import DataConfig
from mlpcli.config.data_folder import find_moved, located
from mlpcli.config.data_paths import found_note, moved_note
from mlpcli.config.names import BUILT_IN_NAMES
from mlpcli.config.schema import Config
from mlpcli.data.checks import check_finite
from mlpcli.data.dataset import Array, Part, Source, Splits
from mlpcli.data.fingerprint import fingerprint
from mlpcli.data.loading import load_data
from mlpcli.data.not_found import VARIABLE_TOO, unpack_first
from mlpcli.data.other_rows import Layout, read_rows
from mlpcli.data.source import load_source
from mlpcli.data.tables.files import is_table_path
from mlpcli.errors import DataError, ModelFileError, SettingError, UserError, did_you_mean
from mlpcli.workflows.model_metadata import KnownModel
from mlpcli.workflows.preparation import check_splits
from mlpcli.workflows.stored_layout import stored_layout


@dataclass(frozen=True)
class ChosenRows:
    """The rows to score, what they are called, and the training targets for the baseline where they are at hand."""

    part: Part
    split: str
    train_targets: Array | None
    notes: list[str]


def choose_rows(known: KnownModel, data: str | Path | None, split: str | None) -> ChosenRows:
    """The rows for `evaluate` (see there for the arguments and what is raised)."""
    file, metadata = known.file, known.metadata
    if data is not None:
        if split is not None:
            raise UserError("--split is for the model's own data; leave it out, or leave out --data")
        rows = _other_rows(known, data)
        return replace(rows, part=replace(rows.part, x=known.told.divided(rows.part.x)))
    try:
        return _own_rows(_config(file, metadata), stored_layout(file, metadata), metadata, split)
    except (SettingError, DataError) as error:
        raise DataError(f"{error} (the data that {file} was trained on); or give other rows with --data") from error


def _own_rows(config: Config, layout: Layout, metadata: dict[str, Any], split: str | None) -> ChosenRows:
    """The parts that training made, made again: the split is a function of config and data."""
    settings, notes = _where_it_is_now(config.data)
    if layout.preprocessing is not None:
        # Rows are drawn in another way where they are streamed, which must not depend on the memory of this machine.
        streaming = "always" if metadata["data"].get("streamed") else "never"
        settings = settings.model_copy(update={"streaming": streaming})
    data = load_data(settings, config.seed, layout.preprocessing)
    source, splits = data.source, data.splits
    if fingerprint(source, splits) != metadata["data"]["fingerprint"]:
        notes.append(
            f"warning: {config.data.source} has changed since this model was trained; the parts are not the same rows"
        )
    check_splits(config.data, source, splits)
    part, name = _choose(splits, split)
    return ChosenRows(part, name, splits.train.y[splits.train.indices], notes)


def _where_it_is_now(settings: DataConfig) -> tuple[DataConfig, list[str]]:
    """A built-in set may lie in another folder of MLPCLI_DATA than it did when the model was trained."""
    found = find_moved(settings.source, settings.path) if settings.path is not None else None
    if settings.path is None or found is None:
        return settings, []
    note = moved_note("data.path", settings.path, found)
    return settings.model_copy(update={"path": str(found)}), [f"note: {note}"]


def _config(file: Path, metadata: dict[str, Any]) -> Config:
    try:
        return Config.model_validate(metadata["config"])
    except ValidationError as error:
        found = f"the config in it, by mlpcli {metadata.get('version')}, is not one that mlpcli {__version__} knows"
        raise ModelFileError(f"{file}: {found}; give rows with --data") from error


def _choose(splits: Splits, split: str | None) -> tuple[Part, str]:
    parts = {"test": splits.test, "validation": splits.validation, "train": splits.train}
    there = [name for name, part in parts.items() if part is not None]
    name = split or there[0]
    part = parts[name]
    if part is None:
        raise UserError(f"this model's data has no {name} rows; there are {', '.join(there)}")
    return part, name


def _other_rows(known: KnownModel, data: str | Path) -> ChosenRows:
    """Rows from elsewhere, in the model's classes and columns."""
    notes = []
    if str(data) in BUILT_IN_NAMES:
        rows = _built_in_rows(known, str(data))
    else:
        layout = stored_layout(known.file, known.metadata)
        path = located(data)
        if not path.exists() and not is_table_path(path):
            way = did_you_mean(str(data), BUILT_IN_NAMES) or "; give a path, or the name of a built-in set"
            more = unpack_first(path.absolute()) or ("" if path.is_absolute() else VARIABLE_TOO)
            raise DataError(f"--data {data}: does not exist{way}{more and f'; {more}'}")
        if path != Path(data).expanduser():
            notes.append(f"note: {found_note('--data', path)}")
        rows = read_rows("--data", path, layout)
        check_finite(str(data), rows.x, rows.y, layout.feature_names)
    return ChosenRows(Part(rows.x, rows.y, np.arange(len(rows))), str(data), None, notes)


def _built_in_rows(known: KnownModel, name: str) -> Any:
    metadata = known.metadata
    trained_on = metadata["config"]["data"]
    path = trained_on.get("path") if trained_on.get("source") == name else None
    if path is not None and not Path(path).exists():
        path = None  # the name alone was typed: the set is looked for anew
    columns = metadata["data"]["feature_names"]  # the model's own, in its own order
    source: Source = load_source(DataConfig(source=name, path=path, features=list(columns) if columns else None))
    classes = metadata["plan"]["class_names"]
    if known.stock and known.told.class_names is None and len(source.class_names or ()) == len(classes or ()):
        metadata["plan"]["class_names"] = classes = list(source.class_names or ()) or None
    if list(source.class_names or ()) != list(classes or ()):
        raise UserError(
            f"--data {name}: has the classes {_listed(source.class_names)}, and the model knows {_listed(classes)};"
            " give rows of the model's classes"
        )
    return source.test or source.train


def _listed(names: Any) -> str:
    return ", ".join(list(names)[:5]) + (", ..." if len(names) > 5 else "") if names else "none (a number)"
