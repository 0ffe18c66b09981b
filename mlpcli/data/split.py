"""Seeded, shuffled, stratified splits: a pure function of the settings, the labels and the seed."""

from __future__ import annotations

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
    counts = split_counts(data, len(source.train), row_count(test_rows), row_count(validation_rows))
    rest = np.arange(counts.kept, dtype=np.int64)
    test, rest = _part("data.test", source, data, test_rows, counts.test, rest, [seed, TEST_STREAM])
    if data.validation == "test":
        validation = test
    else:
        validation, rest = _part(
            "data.validation", source, data, validation_rows, counts.validation, rest, [seed, VALIDATION_STREAM]
        )
    train = Part(source.train.x, source.train.y, rest)
    _check_classes(source, data, train)
    return Splits(train, validation, test)


def _part(
    key: str, source: Source, data: DataConfig, rows: Rows | None, count: int | None, rest: Indices, seed: list[int]
) -> tuple[Part | None, Indices]:
    """The rows that came by themselves, or `count` drawn from the rest; and what the rest is then."""
    if rows is not None:
        return Part(rows.x, rows.y, np.arange(len(rows), dtype=np.int64)), rest
    if count is None:
        return None, rest
    taken, rest = _take(key, source, rest, count, data.stratify, seed)
    return Part(source.train.x, source.train.y, taken), rest


def _rows_at(key: str, setting: float | str | None, source: Source) -> Rows | None:
    return read_rows(key, Path(setting), layout_of(source)) if isinstance(setting, str) else None


def _take(
    key: str, source: Source, rows: Indices, count: int, stratify: bool, seed: list[int]
) -> tuple[Indices, Indices]:
    """Draw `count` of the rows; returns the drawn and the remaining ones, both ascending."""
    order = np.random.default_rng(seed).permutation(rows)
    if source.class_names is None or not stratify:
        return np.sort(order[:count]), np.sort(order[count:])
    labels = source.train.y[order]
    shares = class_shares(key, np.bincount(labels, minlength=len(source.class_names)), count, source.class_names)
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


def _check_classes(source: Source, data: DataConfig, train: Part) -> None:
    if source.class_names is None:
        return
    seen = np.unique(train.y[train.indices])
    if len(seen) > 1:
        return
    found = f'all {len(train):,} training rows are of the class "{source.class_names[seen[0]]}"'
    if data.limit is not None and data.limit < len(source.train):
        raise SettingError("data.limit", f"{found}; raise or remove it, there are {len(source.train):,} rows")
    raise DataError(f"{data.source}: {found}; at least two classes are needed")
