"""What can be said of the data without training: for plans, models and help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.data.catalog import CATALOG, BuiltIn
from mlpcli.data.columns import choose_columns
from mlpcli.data.dataset import Kind, Source, Splits, Task, row_count
from mlpcli.data.downloads import place_of
from mlpcli.data.loading import load_data
from mlpcli.data.other_rows import Layout, layout_of, read_rows
from mlpcli.data.source import check_built_in
from mlpcli.data.split_counts import split_counts
from mlpcli.data.task import resolve_task

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig


@dataclass(frozen=True)
class DataFacts:
    """Facts about a data set and its parts.

    input_shape: of one example. targets: numbers to predict per row, 1 for classes.
    *_rows: None where there is no such part, or its size is not known.
    found: where the data is, in words. pixel_max: as in `Source`. pass_through: columns that are 0 or 1 by nature, and
    are not scaled; None for arrays.
    """

    name: str
    kind: Kind
    input_shape: tuple[int, ...]
    task: Task
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...] | None
    pixel_max: float | None
    targets: int
    train_rows: int | None
    validation_rows: int | None
    test_rows: int | None
    found: str
    pass_through: tuple[bool, ...] | None = None


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
