"""Seeded, shuffled, stratified splits: a pure function of the settings, the labels and the seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.data.dataset import Part, Rows, Splits
from mlpcli.data.folds import check_fold_count, draw_fold, fold_of, fold_sizes, fold_validation
from mlpcli.errors import DataError, SettingError

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig


Indices = npt.NDArray[np.int64]
# Each draw has its own random stream, so that changing data.test does not move data.validation's draw and neither
# repeats a stream [seed, small number] that is used elsewhere.
TEST_STREAM: Final = 1_364_283_729
VALIDATION_STREAM: Final = 1_447_119_956


@dataclass(frozen=True, eq=False)
class Drawn:
    """Row indices of each part, ascending; None if it does not exist or comes from its own file."""

    train: Indices
    validation: Indices | None
    test: Indices | None


def draw_rows(
    data: DataConfig,
    seed: int,
    y: Array,
    class_names: tuple[str, ...] | None,
    test_rows: int | None = None,
    validation_rows: int | None = None,
    belongs: Array | None = None,
) -> Drawn:
    """Draw the parts from the targets alone (n,); `test_rows` and `validation_rows` count rows that come by themselves.

    belongs: of a table, what `row_marks` gave for its rows.

    Raises:
        SettingError, DataError: as in `split_source`.
    """
    if fold_of(data) is not None:
        return _drawn_fold(data, seed, y, class_names, test_rows, validation_rows, belongs)
    counts = split_counts(data, len(y), test_rows, validation_rows)
    rest = np.arange(counts.kept, dtype=np.int64)
    test = validation = None
    stratified = class_names if data.stratify else None
    if test_rows is None and counts.test is not None:
        test, rest = _take("data.test", y, stratified, rest, counts.test, [seed, TEST_STREAM])
    if validation_rows is None and counts.validation is not None and data.validation != "test":
        seeds = [seed, VALIDATION_STREAM]
        validation, rest = _take("data.validation", y, stratified, rest, counts.validation, seeds)
    _check_classes(y, class_names, data, rest)
    return Drawn(rest, validation, test)


def _drawn_fold(
    data: DataConfig,
    seed: int,
    y: Array,
    class_names: tuple[str, ...] | None,
    test_rows: int | None,
    validation_rows: int | None,
    belongs: Array | None,
) -> Drawn:
    """The fold that is held out is the test rows; validation rows are drawn from the others."""
    check_no_test(data, test_rows)
    kept = slice(data.limit)
    belongs = None if belongs is None else belongs[kept]
    train, test = draw_fold(data, seed, y[kept], class_names, belongs)
    validation = None
    if validation_rows is None and isinstance(data.validation, float):
        count = _share("data.validation", data.validation, len(train))
        stratified, seeds = class_names if data.stratify else None, [seed, VALIDATION_STREAM]
        found = fold_validation(data, seed, train, count, belongs)
        validation, train = found or _take("data.validation", y, stratified, train, count, seeds)
    _check_classes(y, class_names, data, train)
    return Drawn(train, validation, test)


def check_no_test(data: DataConfig, test_rows: int | None) -> None:
    """Refuse a source whose test rows come by themselves where folds are to be the test rows."""
    if test_rows is not None:
        raise SettingError(
            "data.source", f"{data.source} brings its own test rows, and folds would hold out others; leave out --folds"
        )


def join_parts(
    data: DataConfig, rows: Rows, drawn: Drawn, test_rows: Rows | None, validation_rows: Rows | None
) -> Splits:
    """The parts as views of `rows`, beside those that came by themselves."""
    test = _part(rows, drawn.test, test_rows)
    validation = test if data.validation == "test" else _part(rows, drawn.validation, validation_rows)
    return Splits(Part(rows.x, rows.y, drawn.train, rows.place), validation, test)


def _part(rows: Rows, drawn: Indices | None, own: Rows | None) -> Part | None:
    if own is not None:
        return Part(own.x, own.y, np.arange(len(own), dtype=np.int64), own.place)
    return None if drawn is None else Part(rows.x, rows.y, drawn, rows.place)


def _take(
    key: str, y: Array, class_names: tuple[str, ...] | None, rows: Indices, count: int, seed: list[int]
) -> tuple[Indices, Indices]:
    """Draw `count` of the rows, each class its share (None: no classes); the drawn and the others, both ascending."""
    order = np.random.default_rng(seed).permutation(rows)
    if class_names is None:
        return _ascending(rows, order[:count])
    labels = y[order].astype(np.min_scalar_type(len(class_names)))
    shares = class_shares(key, np.bincount(labels, minlength=len(class_names)), count, class_names)
    return _ascending(rows, order[_rank_in_class(labels) < shares[labels]])


def _ascending(rows: Indices, drawn: Indices) -> tuple[Indices, Indices]:
    """The drawn rows and the others, both ascending; in linear time, since no row comes twice."""
    taken, left = np.zeros((2, int(rows.max()) + 1), bool)
    taken[drawn] = left[rows] = True
    return np.flatnonzero(taken), np.flatnonzero(left & ~taken)


def _rank_in_class(labels: Array) -> Array:
    """For each row, how many rows of its class stand before it. Small types are sorted in linear time."""
    by_class = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    ranks = np.empty(len(labels), np.int64)
    ranks[by_class] = np.arange(len(labels)) - starts
    return ranks


def _check_classes(y: Array, class_names: tuple[str, ...] | None, data: DataConfig, train: Indices) -> None:
    if class_names is None:
        return
    labels = y[train]
    if labels.min() < labels.max():
        return
    found = f'all {len(train):,} training rows are of the class "{class_names[labels[0]]}"'
    if data.limit is not None and data.limit < len(y):
        raise SettingError("data.limit", f"{found}; raise or remove it (the data has {len(y):,} rows)")
    raise DataError(f"{data.source}: {found}; at least two classes are needed")


@dataclass(frozen=True)
class SplitCounts:
    """Rows kept by data.limit, and rows of each part (None: no such part)."""

    kept: int
    train: int
    validation: int | None
    test: int | None


def split_counts(
    data: DataConfig, rows: int, test_rows: int | None = None, validation_rows: int | None = None
) -> SplitCounts:
    """The sizes of the parts.

    rows: training rows of the source. test_rows: those of its own test set or of the data.test file;
    validation_rows: those of the data.validation file; None if there are none.

    Raises:
        SettingError: data.test or data.validation leaves an empty part or asks for a test set that is not there.

    >>> from mlpcli.config.sections import DataConfig
    >>> split_counts(DataConfig(source="iris", test=0.2, validation=0.25), rows=150)
    SplitCounts(kept=150, train=90, validation=30, test=30)
    """
    kept = rows if data.limit is None else min(rows, data.limit)
    train = kept
    if (folds := fold_of(data)) is not None:
        check_no_test(data, test_rows)
        check_fold_count(folds, kept)
        train, test_rows = fold_sizes(folds, kept)
    if isinstance(data.test, float):
        if test_rows is not None:
            raise SettingError("data.test", "this source brings its own test set; remove data.test, or give a path")
        test_rows = _share("data.test", data.test, train)
        train -= test_rows
    if data.validation == "test":
        if test_rows is None:
            raise SettingError("data.validation", '"test" needs a test set; set data.test, or give a fraction here')
        validation_rows = test_rows
    elif isinstance(data.validation, float):
        validation_rows = _share("data.validation", data.validation, train)
        train -= validation_rows
    return SplitCounts(kept, train, validation_rows, test_rows)


def _share(key: str, fraction: float, rows: int) -> int:
    """The nearest whole number of rows, halves up."""
    taken = math.floor(rows * fraction + 0.5)
    if not 0 < taken < rows:
        part = key.removeprefix("data.")
        raise SettingError(
            key,
            f"{fraction:g} of {rows:,} rows is {taken:,} for {part} and {rows - taken:,} for training;"
            " each needs at least one: choose another fraction",
        )
    return taken


Counts = npt.NDArray[np.int64]


def class_shares(key: str, counts: Counts, taken: int, class_names: tuple[str, ...]) -> Counts:
    """Rows of each class to take, `taken` in all, proportional to counts (k,) to within one row.

    Each class keeps a row: one whose share would be all of its rows gives up the last one to the others.
    `key` is the fraction's setting. Whole-number arithmetic, so the same everywhere.

    Raises:
        SettingError: a class has one row only, or fewer rows would be left than there are classes.

    >>> class_shares("data.test", np.array([50, 30, 20]), 10, ("a", "b", "c")).tolist()
    [5, 3, 2]
    """
    total, present = int(counts.sum()), counts > 0
    _check_enough(key, counts, total - taken, int(present.sum()), class_names)
    shares = counts * taken // total
    by_remainder = np.argsort(-(counts * taken % total), kind="stable")
    missing = taken - int(shares.sum())
    while missing:
        for index in by_remainder:
            if missing and shares[index] < counts[index] - 1:
                shares[index] += 1
                missing -= 1
    return shares


def _check_enough(key: str, counts: Counts, left: int, classes: int, class_names: tuple[str, ...]) -> None:
    single = np.flatnonzero(counts == 1)
    if len(single):
        raise SettingError(
            "data.stratify",
            f'the class "{class_names[single[0]]}" has 1 row to split, but each class needs at least 2;'
            " add rows, or set data.stratify: false",
        )
    if left < classes:
        raise SettingError(
            key, f"leaves {left} training rows for {classes} classes; choose a smaller fraction, or stratify: false"
        )
