"""Seeded, shuffled, stratified splits: a pure function of the settings, the labels and the seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlpcli.data.dataset import Array, Part, Rows, Source, Splits, row_count
from mlpcli.data.other_rows import layout_of, read_rows
from mlpcli.data.split_counts import split_counts
from mlpcli.data.stratify import class_shares
from mlpcli.errors import DataError, SettingError

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig

Indices = npt.NDArray[np.int64]

# Each draw has a stream of its own, so that changing data.test does not move data.validation's draw and neither
# repeats a stream [seed, small number] that is used elsewhere.
TEST_STREAM, VALIDATION_STREAM = 1_364_283_729, 1_447_119_956


@dataclass(frozen=True, eq=False)
class Drawn:
    """Row indices of each part, ascending; None where there is no such part or its rows come by themselves."""

    train: Indices
    validation: Indices | None
    test: Indices | None


def split_source(source: Source, data: DataConfig, seed: int) -> Splits:
    """Split the rows of a source by data.limit, data.test and data.validation, in this order.

    data.limit keeps the first rows. A data.test fraction is taken from what is kept, a data.validation fraction
    from what then remains. Classes keep their shares to within one row (data.stratify), and each keeps a training row.

    Raises:
        SettingError: a fraction that leaves an empty part, a class too small to stratify, settings that collide.
        DataError: the rows in a data.test or data.validation file are bad, or training has one class only.
    """
    test_rows = _rows_at("data.test", data.test, source) or source.test
    validation_rows = _rows_at("data.validation", data.validation, source) if data.validation != "test" else None
    drawn = draw_rows(data, seed, source.train.y, source.class_names, row_count(test_rows), row_count(validation_rows))
    return join_parts(data, source.train, drawn, test_rows, validation_rows)


def draw_rows(
    data: DataConfig,
    seed: int,
    y: Array,
    class_names: tuple[str, ...] | None,
    test_rows: int | None = None,
    validation_rows: int | None = None,
) -> Drawn:
    """Draw the parts from the targets alone (n,); `test_rows` and `validation_rows` count rows that come by themselves.

    Raises:
        SettingError, DataError: as in `split_source`.
    """
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


def join_parts(
    data: DataConfig, rows: Rows, drawn: Drawn, test_rows: Rows | None, validation_rows: Rows | None
) -> Splits:
    """The parts as views of `rows`, beside those that came by themselves."""
    test = _part(rows, drawn.test, test_rows)
    validation = test if data.validation == "test" else _part(rows, drawn.validation, validation_rows)
    return Splits(Part(rows.x, rows.y, drawn.train), validation, test)


def _part(rows: Rows, drawn: Indices | None, own: Rows | None) -> Part | None:
    if own is not None:
        return Part(own.x, own.y, np.arange(len(own), dtype=np.int64))
    return None if drawn is None else Part(rows.x, rows.y, drawn)


def _rows_at(key: str, setting: float | str | None, source: Source) -> Rows | None:
    return read_rows(key, Path(setting), layout_of(source)) if isinstance(setting, str) else None


def _take(
    key: str, y: Array, class_names: tuple[str, ...] | None, rows: Indices, count: int, seed: list[int]
) -> tuple[Indices, Indices]:
    """Draw `count` of the rows, each class its share (None: no classes); the drawn and the others, both ascending."""
    order = np.random.default_rng(seed).permutation(rows)
    if class_names is None:
        return np.sort(order[:count]), np.sort(order[count:])
    labels = y[order]
    shares = class_shares(key, np.bincount(labels, minlength=len(class_names)), count, class_names)
    taken = _rank_in_class(labels) < shares[labels]
    return np.sort(order[taken]), np.sort(order[~taken])


def _rank_in_class(labels: Array) -> Array:
    """For each row, how many rows of its class stand before it."""
    by_class = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    ranks = np.empty(len(labels), np.int64)
    ranks[by_class] = np.arange(len(labels)) - starts
    return ranks


def _check_classes(y: Array, class_names: tuple[str, ...] | None, data: DataConfig, train: Indices) -> None:
    if class_names is None:
        return
    seen = np.unique(y[train])
    if len(seen) > 1:
        return
    found = f'all {len(train):,} training rows are of the class "{class_names[seen[0]]}"'
    if data.limit is not None and data.limit < len(y):
        raise SettingError("data.limit", f"{found}; raise or remove it, there are {len(y):,} rows")
    raise DataError(f"{data.source}: {found}; at least two classes are needed")
