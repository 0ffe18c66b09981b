"""Facts of a data set for plans and models, without loading it if possible, and the fingerprint of its rows."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array, row_chunks
from mlpcli.config.data_words import resolve_task
from mlpcli.data.built_in import place_of
from mlpcli.data.catalog import CATALOG, BuiltIn
from mlpcli.data.dataset import DataFacts, Layout, Part, Rows, Source, Splits, layout_of, row_count
from mlpcli.data.load_data import load_data
from mlpcli.data.other_rows import read_rows
from mlpcli.data.settings import choose_columns
from mlpcli.data.sources import check_built_in
from mlpcli.data.split import split_counts
from mlpcli.data.streaming.disk_rows import on_disk

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig


def facts_of(source: Source, data: DataConfig, splits: Splits | None = None) -> DataFacts:
    """Facts of a loaded source; without splits, the rows are the source's own.

    Raises:
        SettingError: data.task does not fit the source.
    """
    parts = (splits.train, splits.validation, splits.test) if splits else (source.train, None, source.test)
    train_rows, validation_rows, test_rows = (row_count(part) for part in parts)
    return DataFacts(
        name=source.name,
        kind=source.kind,
        input_shape=source.input_shape,
        task=resolve_task(data.task, source.class_names),
        class_names=source.class_names,
        feature_names=source.feature_names,
        pixel_max=source.pixel_max,
        targets=layout_of(source).targets,
        train_rows=train_rows,
        validation_rows=validation_rows,
        test_rows=test_rows,
        found=_where_found(data),
        pass_through=source.preprocessing.pass_through if source.preprocessing is not None else None,
    )


def inspect_data(data: DataConfig, seed: int) -> DataFacts:
    """The same facts, as cheaply as they can be had.

    Built-in sets are looked up in the catalog: nothing is imported, downloaded, generated or loaded.
    Local files are loaded, so that whatever is wrong with them is found.

    Raises:
        DataError, SettingError: as loading and splitting would.
    """
    built_in = CATALOG.get(data.source)
    if built_in is not None and (data.path is None or built_in.at_hand):
        return _catalog_facts(built_in, data)
    loaded = load_data(data, seed)
    return facts_of(loaded.source, data, loaded.splits)


def _catalog_facts(built_in: BuiltIn, data: DataConfig) -> DataFacts:
    check_built_in(built_in, data)
    names, shape = built_in.feature_names, built_in.input_shape
    columns = choose_columns(built_in.name, built_in.kind, names, data)
    if columns is not None and names is not None:
        names, shape = tuple(names[column] for column in columns), (len(columns),)
    layout = Layout(shape, built_in.class_names, names)
    test_rows = _file_rows("data.test", data.test, layout) or built_in.test_rows
    validation_rows = None if data.validation == "test" else _file_rows("data.validation", data.validation, layout)
    rows = data.generate.rows if built_in.generated else built_in.train_rows
    counts = split_counts(data, rows, test_rows, validation_rows)
    return DataFacts(
        name=built_in.name,
        kind=built_in.kind,
        input_shape=shape,
        task=resolve_task(data.task, built_in.class_names),
        class_names=built_in.class_names,
        feature_names=names,
        pixel_max=built_in.pixel_max,
        targets=1,
        train_rows=counts.train,
        validation_rows=counts.validation,
        test_rows=counts.test,
        found=_where_found(data),
    )


def _file_rows(key: str, setting: float | str | None, layout: Layout) -> int | None:
    return len(read_rows(key, Path(setting), layout)) if isinstance(setting, str) else None


def _where_found(data: DataConfig) -> str:
    built_in = CATALOG.get(data.source)
    if built_in is None:
        return f"read from {data.source}"
    if built_in.bundled:
        return "bundled with scikit-learn"
    if built_in.generated:
        return f"made by mlpcli (seed {data.generate.seed})"
    place = place_of(built_in.name, data)
    return f"read from {place}" if place else "will be downloaded by Keras"


def fingerprint(source: Source, splits: Splits | None = None) -> str:
    """`sha256:...` over shapes, types and values of all rows, training then test, and over the class names.

    With the splits also over rows that data.test and data.validation bring from other files.
    The same on every platform and for every memory layout; the arrays are not copied as a whole. Of rows on disk it
    takes the digest that was made as they were written, so that it is another one than for the same rows in memory.
    """
    digest = hashlib.sha256()
    parts: list[Rows | Part] = [source.train] if source.test is None else [source.train, source.test]
    for part in (splits.test, splits.validation) if splits else ():
        if part is not None and not any(part.x is known.x for known in parts):
            parts.append(part)
    for rows in parts:
        _add(digest, rows.x)
        _add(digest, rows.y)
    digest.update(repr(source.class_names).encode("utf-8"))
    return f"sha256:{digest.hexdigest()}"


def _add(digest: hashlib._Hash, values: Array) -> None:
    little = values.dtype.newbyteorder("<")
    digest.update(f"{little.str}{values.shape};".encode("ascii"))
    if on_disk(values):
        digest.update(values.digest.encode("ascii"))
        return
    for chunk in row_chunks(values):
        digest.update(np.ascontiguousarray(values[chunk], little).data)
