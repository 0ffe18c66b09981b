"""Makes the paths of the `data` section absolute: from the config's folder, the current folder or MLPCLI_DATA."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlpcli.config.sections import BUILT_IN_NAMES, DataConfig
from mlpcli.config.yaml_reader import Document
from mlpcli.data_folder import VARIABLE, find_built_in, find_moved, incomplete_set, located
from mlpcli.errors import ConfigError, DataError

_KEYS = ("source", "path", "validation", "test")
"""Keys of `data` that may hold a path."""


def with_absolute_paths(data: DataConfig, folder: Path, document: Document) -> tuple[DataConfig, tuple[str, ...]]:
    """Paths of a config are relative to its own folder, wherever the command is typed; those typed with -s are not.

    What is not there is looked for in MLPCLI_DATA, so that the config of a run names the very files of its training.
    A data.path goes with the data.source beside it: another one that is typed is not read from that folder.

    Returns:
        The section with absolute paths, and notes of what was found in MLPCLI_DATA.

    Raises:
        ConfigError: MLPCLI_DATA is needed but is not a folder, or several of its folders hold the file.
    """
    typed = {key for key in _KEYS if ("data", key) in document.overrides or ("data",) in document.overrides}
    if "path" not in typed and document.replaced.get(("data", "source"), data.source) != data.source:
        data = data.model_copy(update={"path": None})
    changes: dict[str, Any] = {}
    notes: list[str] = []
    for key in _KEYS:
        value = getattr(data, key)
        is_word = (key == "source" and value in BUILT_IN_NAMES) or (key == "validation" and value == "test")
        if isinstance(value, str) and not is_word:
            changes[key] = _absolute(key, value, Path() if key in typed else folder, document, notes)
    if data.source in BUILT_IN_NAMES and (data.path is None or "path" not in typed):
        with suppress(DataError):  # reported when the data is read
            changes |= _built_in_path(data, notes)
    return data.model_copy(update=changes), tuple(notes)


def found_note(key: str, path: Path) -> str:
    """The note about a path that was found in MLPCLI_DATA."""
    return f"{key}: found in {VARIABLE}: {path}"


def moved_note(key: str, old: str, path: Path) -> str:
    """The note about a built-in set whose files have moved to MLPCLI_DATA."""
    return f"{key}: {old} is gone; found in {VARIABLE}: {path}"


def _absolute(key: str, value: str, folder: Path, document: Document, notes: list[str]) -> str:
    first = folder / os.path.expanduser(value)
    if key == "path":
        return os.path.abspath(first)
    try:
        path = located(value, folder)
    except DataError as error:
        raise ConfigError([document.problem_at(("data", key), str(error))]) from error
    if path != first:
        notes.append(found_note(f"data.{key}", path))
    return os.path.abspath(path)


def _built_in_path(data: DataConfig, notes: list[str]) -> dict[str, str]:
    """{"path": folder} if MLPCLI_DATA has a built-in set that has no data.path, or whose stored path is gone; or {}."""
    found = find_built_in(data.source) if data.path is None else find_moved(data.source, data.path)
    if found is not None:
        old = data.path
        notes.append(found_note("data.source", found) if old is None else moved_note("data.path", old, found))
        return {"path": str(found)}
    if data.path is None and (incomplete := incomplete_set(data.source)):
        notes.append(f"data.source: {incomplete}")
    return {}
