"""A built-in name that also names data of one's own: `animals` the generated set, and `animals/` a folder of photos.

The rule, for configs and commands alike: data that is there comes first, and a note says so. `./animals` always
means the path, and `builtin:animals` always the built-in set.
"""

from __future__ import annotations

from pathlib import Path

from mlpcli.config.data_paths import BUILT_IN_PREFIX
from mlpcli.data.catalog import CATALOG
from mlpcli.data.idx import has_idx
from mlpcli.data.images.class_folders import holds_pictures, is_class_folder
from mlpcli.files import reading
from mlpcli.tables.table_files import is_table_path


def own_data(path: Path) -> bool:
    """Whether the path, called like a built-in set, holds data of one's own: tables, class folders or IDX files.

    A folder with the files of that very set (`mnist/`) is no other data, nor is one with something else in it.

    Raises:
        DataError: a folder that may not be looked into.
    """
    if not path.is_dir():
        return False
    built_in = CATALOG.get(path.name)
    with reading(path):
        there = {inner.name.removesuffix(".gz") for inner in path.iterdir()}
        if built_in is not None and there & {name.removesuffix(".gz") for name in built_in.files}:
            return False
        return is_table_path(path) or has_idx(path) or is_class_folder(path) or holds_pictures(path)


def taken_note(key: str, path: Path) -> str:
    """The note that the folder is read, and how to have the built-in set."""
    return f"{key}: the folder {path} is read, not the built-in set; for that, write {BUILT_IN_PREFIX}{path.name}"


def passed_over_note(key: str, path: Path) -> str:
    """The note that the built-in set is meant, though something of its name stands there."""
    return f"{key}: the built-in set {path.name} is used; {path} holds no data that can be read (write ./{path.name})"


def namesake_of(key: str, path: Path) -> tuple[Path | None, list[str]]:
    """The path if it is what a built-in name means here, else None; and what to say about it.

    Args:
        key: the setting or argument with the name, for the notes.
        path: where data of that name would be.
    """
    if own_data(path):
        return path, [taken_note(key, path)]
    built_in = CATALOG[path.name]
    return None, [passed_over_note(key, path)] if path.exists() and not built_in.files else []
