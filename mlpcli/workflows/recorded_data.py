"""The data of a saved model, as its file records it: the file may be a stranger's, so what it asks for is bounded."""

from __future__ import annotations

from pathlib import Path

from mlpcli.config.data_words import BUILT_IN_NAMES
from mlpcli.config.sections import DataConfig
from mlpcli.data.catalog import CATALOG
from mlpcli.data.sources import moved_note
from mlpcli.data_folder import find_moved
from mlpcli.errors import DataError
from mlpcli.globs import matches
from mlpcli.tables.table_files import is_glob
from mlpcli.text import listed, plural, shown

MOST_GENERATED = 1_000_000
"""Rows of a generated set that are made because a model file says so."""
MOST_NAMED = 5
_KEYS = ("source", "path", "validation", "test")


def recorded_data(settings: DataConfig, model: Path) -> tuple[DataConfig, list[str]]:
    """The settings with the present places of the data, and notes about them.

    A run records absolute paths, which are taken as they are. A relative one starts at the folder of the model,
    wherever the command is typed, and does not lead out of it. The files that a glob stands for are said.

    Raises:
        DataError: a relative path leads out, a glob would look at too much, or far too many rows are to be generated.
    """
    _check_generated(settings)
    settings, notes = _where_it_is_now(settings)
    changes = {}
    for key in _KEYS:
        text = getattr(settings, key)
        if not isinstance(text, str) or text in (BUILT_IN_NAMES if key == "source" else ("test",)):
            continue
        place = model.parent.resolve() / text  # an absolute path stays what it is
        files = sorted(matches(place)) if is_glob(place) else []
        if not Path(text).is_absolute():
            _check_inside(model.parent.resolve(), f"data.{key}", [place, *files])
        if files:
            names = listed([shown(file.name) for file in files], MOST_NAMED)
            count = plural(len(files), "file", "files")
            notes.append(f"note: data.{key} of the model, {place}, stands for {count}: {names}")
        changes[key] = str(place)
    return settings.model_copy(update=changes), notes


def _check_inside(folder: Path, key: str, paths: list[Path]) -> None:
    out = next((path for path in paths if not path.resolve().is_relative_to(folder)), None)
    if out is not None:
        raise DataError(
            f"{key} is {shown(str(out))}, which leads out of the model's folder, {folder}; it is not opened"
        )


def _check_generated(settings: DataConfig) -> None:
    built_in = CATALOG.get(settings.source)
    rows = settings.generate.rows
    if built_in is not None and built_in.generated and rows > MOST_GENERATED:
        raise DataError(
            f"data.generate.rows is {rows:,}, but at most {MOST_GENERATED:,} are generated on the word of a model file"
        )


def _where_it_is_now(settings: DataConfig) -> tuple[DataConfig, list[str]]:
    """The settings with the present path of a built-in set, which may have moved within MLPCLI_DATA, and notes."""
    found = find_moved(settings.source, settings.path) if settings.path is not None else None
    if settings.path is None or found is None:
        return settings, []
    note = moved_note("data.path", settings.path, found)
    return settings.model_copy(update={"path": str(found)}), [f"note: {note}"]
