"""Which rows a fold trains on and which it holds out, by scikit-learn's splitters.

Rows are numbered in the order of the file. Of classes (data.stratify) they are drawn by StratifiedKFold, else by KFold,
both shuffled with the run's seed; by GroupKFold with data.folds.group, by TimeSeriesSplit with data.folds.time. Where
groups or time matter, they do to the validation rows as well, which otherwise are drawn as in any split.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.column_forms import profile_columns, unclear_orders
from mlpcli.tables.kinds import column_formats, judge, unclear_message
from mlpcli.tables.raw_table import RawTable, ReadOptions, check_known, gap_mask
from mlpcli.tables.values import CONVERSIONS
from mlpcli.text import plural, shown

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig, FoldsConfig

Indices = npt.NDArray[np.int64]


def fold_of(data: DataConfig) -> FoldsConfig | None:
    """The fold that is held out; None where the rows are split in another way."""
    return data.folds if data.folds is not None and data.folds.held_out is not None else None


def draw_fold(
    data: DataConfig, seed: int, y: Array, class_names: tuple[str, ...] | None, belongs: Array | None
) -> tuple[Indices, Indices]:
    """The rows to train on and those held out, both ascending; y: the targets (n,) of all of them.

    belongs: what `row_marks` gave for them.

    Raises:
        SettingError: there are too few rows, groups or rows of a class for so many folds, or the source has no columns.
    """
    folds = data.folds
    assert folds is not None and folds.count is not None and folds.held_out is not None
    for key, column in (("group", folds.group), ("time", folds.time)):
        if isinstance(column, str) and belongs is None:
            advice = "true if its rows are sorted by time, else remove it" if key == "time" else "remove it"
            raise SettingError(
                f"data.folds.{key}", f"names a column of a table, but {data.source} is not one; {advice}"
            )
    check_fold_count(folds, len(y))
    if folds.time is not None:
        order = np.arange(len(y)) if belongs is None else np.argsort(belongs, kind="stable")
        train, test = _held_out(folds, _splitter("TimeSeriesSplit", folds.count), len(y))
        return np.sort(order[train]), np.sort(order[test])
    if folds.group is not None:
        _check_groups(folds, np.unique(belongs if belongs is not None else ()).size)
        return _held_out(folds, _splitter("GroupKFold", folds.count), len(y), groups=belongs)
    if class_names is None or not data.stratify:
        return _held_out(folds, _splitter("KFold", folds.count, shuffle=True, random_state=seed), len(y))
    _check_classes(folds, np.bincount(y, minlength=len(class_names)), class_names)
    return _held_out(folds, _splitter("StratifiedKFold", folds.count, shuffle=True, random_state=seed), len(y), y=y)


def fold_validation(
    data: DataConfig, seed: int, train: Indices, count: int, belongs: Array | None
) -> tuple[Indices, Indices] | None:
    """Of the rows that a fold trains on, those to validate with and the rest, both ascending; None: any may be drawn.

    In the order of time they are the latest `count`. Of groups they are a share of the groups, by GroupShuffleSplit, so
    that their number depends on the groups' sizes. belongs: as of `draw_fold`.

    Raises:
        SettingError: there are too few groups.
    """
    folds = data.folds
    assert folds is not None and isinstance(data.validation, float)
    if folds.time is not None:
        order = train if belongs is None else train[np.argsort(belongs[train], kind="stable")]
        return np.sort(order[-count:]), np.sort(order[:-count])
    if folds.group is None:
        return None
    assert belongs is not None
    groups = np.unique(belongs[train]).size
    taken = math.ceil(data.validation * groups)
    if taken == groups:
        raise SettingError(
            "data.validation",
            f"{data.validation:g} of {plural(groups, 'group', 'groups')} in fold {folds.held_out}'s training rows is"
            f" {taken}, which leaves none to train on; choose a smaller fraction, null, or more folds",
        )
    splitter = _splitter("GroupShuffleSplit", 1, test_size=data.validation, random_state=seed)
    rest, validation = next(splitter.split(np.empty((len(train), 0)), groups=belongs[train]))
    return np.sort(train[validation]), np.sort(train[rest])


def _splitter(name: str, count: int, **settings: Any) -> Any:
    from sklearn import model_selection

    return getattr(model_selection, name)(count, **settings)


def _held_out(folds: FoldsConfig, splitter: Any, rows: int, **of_rows: Array | None) -> tuple[Indices, Indices]:
    assert folds.held_out is not None
    splits: Iterator[tuple[Indices, Indices]] = splitter.split(np.empty((rows, 0)), **of_rows)
    train, test = next(islice(splits, folds.held_out - 1, None))
    return np.sort(train), np.sort(test)


def fold_sizes(folds: FoldsConfig, rows: int) -> tuple[int, int]:
    """How many rows are trained on and held out; not for groups, where their sizes decide.

    >>> from mlpcli.config.sections import FoldsConfig
    >>> fold_sizes(FoldsConfig(count=4, held_out=3), 150), fold_sizes(FoldsConfig(time=True, count=4, held_out=3), 150)
    ((113, 37), (90, 30))
    """
    assert folds.count is not None and folds.held_out is not None
    if folds.time is not None:
        size = rows // (folds.count + 1)
        return rows - (folds.count + 1 - folds.held_out) * size, size
    size = rows // folds.count + (folds.held_out <= rows % folds.count)
    return rows - size, size


def check_fold_count(folds: FoldsConfig, rows: int) -> None:
    """Refuse more folds than there are rows for."""
    in_no_fold = int(folds.time is not None)
    count = folds.count or 0
    if rows < count + in_no_fold:
        more = " (the first rows are in no fold)" if in_no_fold else ""
        most = rows - in_no_fold
        raise SettingError(
            "data.folds.count",
            f"{count} folds need {count + in_no_fold:,} rows{more}, but there are {rows:,};"
            + (f" choose {most:,} folds or fewer" if most > 1 else " add rows"),
        )


def _check_classes(folds: FoldsConfig, counts: Array, class_names: tuple[str, ...]) -> None:
    found = np.where(counts == 0, counts.max(), counts)  # a class of no kept row is in no fold
    least = int(found.argmin())
    if found[least] < (folds.count or 0):
        raise SettingError(
            "data.folds.count",
            f'the class "{shown(class_names[least])}" has {found[least]:,} rows, too few for {folds.count} folds with'
            f" its share in each; choose {found[least]:,} folds or fewer, or set data.stratify: false"
            if found[least] > 1
            else f'the class "{shown(class_names[least])}" has 1 row, so that no two folds can have its share; add'
            " rows, or set data.stratify: false",
        )


def _check_groups(folds: FoldsConfig, groups: int) -> None:
    if groups < (folds.count or 0):
        advice = f"choose {groups} folds or fewer" if groups > 1 else "choose another column"
        raise SettingError(
            "data.folds.group",
            f'"{shown(str(folds.group))}" has {groups:,} different value{"s" if groups != 1 else ""}, too few for'
            f" {folds.count} folds; {advice}",
        )


def row_marks(path: Path, written: RawTable, kept: Indices, data: DataConfig) -> Array | None:
    """Of the kept rows of a table: numbers (n,) of their groups, or their times; None where the folds need neither.

    written: the table as it is written.

    Raises:
        SettingError: there is no such column, or it has no times.
        DataError: a row without a value.
    """
    folds = fold_of(data)
    for key, column in (("group", folds.group), ("time", folds.time)) if folds is not None else ():
        if isinstance(column, str):
            check_known(f"data.folds.{key}", str(path), [column], written.names)
            table = written.take(kept)
            read = _groups if key == "group" else _times
            return read(table.select([column]), column, data)
    return None


def _groups(table: RawTable, column: str, data: DataConfig) -> Array:
    """Numbers in the order of the values: by size where all are numbers, as scikit-learn would order them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = table.columns[column]
    texts = ColumnFormat().read(cells, ReadOptions.of(data).gap_words) if pa.types.is_string(cells.type) else cells
    _refuse_gaps("data.folds.group", texts, column, table)
    values = pc.cast(texts, pa.string()).to_numpy(zero_copy_only=False).astype(str)
    names, numbers = np.unique(values, return_inverse=True)
    ranks = np.empty(len(names), np.int64)
    try:
        ranks[np.argsort(names.astype(np.float64), kind="stable")] = np.arange(len(names))
    except ValueError:
        return numbers
    return ranks[numbers]


def _times(table: RawTable, column: str, data: DataConfig) -> Array:
    profile = profile_columns([table], data)[column]
    kind = data.types.get(column) or judge(profile).kind
    if kind == "date" and (orders := unclear_orders(profile, data)):
        raise SettingError("data.date_format", unclear_message(data.source, profile, orders))
    if kind not in ("number", "date"):
        raise SettingError(
            "data.folds.time",
            f'"{shown(column)}" has no dates or numbers that differ, so it cannot order the rows; choose another'
            " column, or say what it is with data.types or data.date_format",
        )
    options = replace(ReadOptions.of(data), formats=column_formats({column: profile}, {column: kind}))
    cells = table.read_as(options).columns[column]
    _refuse_gaps("data.folds.time", cells, column, table)
    return CONVERSIONS["date" if kind == "date" else "number"](cells, column, table.place)


def _refuse_gaps(key: str, cells: Any, column: str, table: RawTable) -> None:
    gaps = np.flatnonzero(gap_mask(cells))
    if len(gaps):
        raise DataError(
            f"{table.place(int(gaps[0]))}: {shown(column)}: has no value ({len(gaps):,} in all), and {key} needs one in"
            " each row; fill them in, or choose another column"
        )
