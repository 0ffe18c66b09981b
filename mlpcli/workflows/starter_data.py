"""A data set as `init` sees it: what a first config must say of it, and what its sizes follow from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli.config.data import DataConfig
from mlpcli.config.data_folder import located
from mlpcli.config.suggestions import shown
from mlpcli.data.catalog import CATALOG, BuiltIn
from mlpcli.data.dataset import Source
from mlpcli.data.images.folders import is_class_folder
from mlpcli.data.source import load_source
from mlpcli.data.tables.files import is_table_path
from mlpcli.data.task import resolve_task
from mlpcli.errors import SettingError

Entry = tuple[str, str]
"""A line of YAML and the comment beside it, "" for none; a line that is all comment starts with `#`."""


@dataclass(frozen=True)
class StarterData:
    """What a first config needs to know.

    found: the data in one line. source: data.source, from the config's folder. rows: training rows, before the split.
    inputs: numbers per example. own_test: whether test rows come with it. smallest_class: its rows, None where that
    is not known or there are no classes. entries: more lines of the data section. notes: what the person should know.
    """

    found: str
    source: str
    task: str
    rows: int
    inputs: int
    own_test: bool = False
    smallest_class: int | None = None
    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()


def look_at_data(data: str, target: str | None, folder: Path) -> StarterData:
    """Look at whatever `data` names: a built-in set, or a path. `folder` is where the config will stand.

    Raises:
        DataError: it is not there, of no kind that is read, or bad.
        SettingError: a target is given for what brings its own, or is not there.
    """
    built_in = CATALOG.get(data)
    path = Path(data) if built_in is not None else located(data)
    if built_in is None and is_table_path(path):
        from mlpcli.workflows.starter_table import look_at_table

        return look_at_table(path, source_from(folder, path), target)
    if target is not None:
        raise SettingError("--target", f"is for tables, and {shown(data)} brings its own target; leave it out")
    if built_in is not None:
        return _from_catalog(built_in)
    if path.is_dir() and is_class_folder(path):
        from mlpcli.workflows.starter_images import look_at_pictures

        return look_at_pictures(path, source_from(folder, path), folder)
    return _from_arrays(path, folder)


def source_from(folder: Path, path: Path) -> str:
    """A path as a config in `folder` writes it: relative where that is possible, and never like a built-in name."""
    try:
        relative = os.path.relpath(os.path.abspath(path), os.path.realpath(folder))
    except ValueError:  # another drive of Windows
        return str(path.absolute())
    return os.path.join(".", relative) if relative in CATALOG or relative.startswith("~") else relative


def _from_catalog(built_in: BuiltIn) -> StarterData:
    rows, classes = built_in.train_rows, built_in.class_names
    target = "a number to predict" if classes is None else f"{len(classes)} classes"
    made = "generated " if built_in.generated else ""
    entries: list[Entry] = []
    if built_in.generated:
        entries.append((f"generate: {{rows: {rows}}}", "also noise and seed; docs/config.md has the rest"))
    elif built_in.files:
        entries.append(("# path: FOLDER", "a folder that holds its files already; without it, Keras downloads them"))
    return StarterData(
        found=f"{built_in.name}: {built_in.line}; {rows:,} {made}rows, {target}",
        source=built_in.name,
        task=built_in.task,
        rows=rows,
        inputs=int(np.prod(built_in.input_shape)),
        own_test=built_in.test_rows is not None,
        entries=tuple(entries),
    )


def _from_arrays(path: Path, folder: Path) -> StarterData:
    source = load_source(DataConfig(source=str(path.absolute() if str(path) in CATALOG else path)))
    shape = "x".join(str(size) for size in source.input_shape)
    what = "images of" if source.kind == "image" else "a table of columns:"
    target = "a number to predict" if source.class_names is None else f"{len(source.class_names)} classes"
    return StarterData(
        found=f"{path.name}: {len(source.train):,} rows, {what} {shape}, {target}",
        source=source_from(folder, path),
        task=resolve_task("auto", source.class_names),
        rows=len(source.train),
        inputs=int(np.prod(source.input_shape)),
        own_test=source.test is not None,
        smallest_class=_smallest(source),
        notes=source.notes,
    )


def _smallest(source: Source) -> int | None:
    if source.class_names is None:
        return None
    counts = np.bincount(source.train.y)
    return int(counts[counts > 0].min())
