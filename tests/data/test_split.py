"""Splits: who goes where, how many, and what cannot be split."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import Part, Rows, Source
from mlpcli.data.load_data import split_source
from mlpcli.data.split import SplitCounts, class_shares, split_counts
from mlpcli.errors import DataError, SettingError

NAMES = tuple("abcdefghij")


def source(counts: list[int], test_rows: int = 0) -> Source:
    """A table with so many rows of each class, in the order of the classes; x holds the row number."""
    y = np.repeat(np.arange(len(counts)), counts)
    train = Rows(np.arange(len(y), dtype=np.float32)[:, None], y)
    test = Rows(train.x[:test_rows], y[:test_rows]) if test_rows else None
    return Source("s", "table", train, test, NAMES[: len(counts)], None, None)


def regression_source(rows: int) -> Source:
    x = np.zeros((rows, 1), np.float32)
    return Source("s", "table", Rows(x, np.arange(rows, dtype=np.float32)), None, None, None, None)


def config(**settings: Any) -> DataConfig:
    return DataConfig(source="s", **settings)


def per_class(part: Part | None, classes: int) -> list[int]:
    assert part is not None
    return np.bincount(part.y[part.indices], minlength=classes).tolist()


def test_shares_worked_by_hand() -> None:
    # 20 of 100: 10, 6.6 and 3.4 rows; the one left over goes to the largest remainder.
    assert class_shares("k", np.array([50, 33, 17]), 20, NAMES).tolist() == [10, 7, 3]
    # 0.6 each: the ties go to the first classes.
    assert class_shares("k", np.array([3, 3, 3, 3, 3]), 3, NAMES).tolist() == [1, 1, 1, 0, 0]
    # 1.8 of 2 would leave nothing, so the classes of 2 give one row up to the large one.
    assert class_shares("k", np.array([16, 2, 2]), 17, NAMES).tolist() == [15, 1, 1]


@given(st.lists(st.integers(2, 400), min_size=1, max_size=10), st.floats(0.05, 0.5))
def test_shares_are_within_a_row_of_the_exact_ones(counts: list[int], fraction: float) -> None:
    total = sum(counts)
    taken = round(total * fraction)
    shares = class_shares("k", np.array(counts), taken, NAMES)
    assert shares.sum() == taken
    assert (np.abs(shares - np.array(counts) * taken / total) < 1).all()
    assert (shares < counts).all()


def test_parts_cover_all_rows_and_share_none() -> None:
    splits = split_source(source([30, 20, 50]), config(test=0.2, validation=0.25), 7)
    assert splits.validation is not None
    assert splits.test is not None
    together = np.concatenate([splits.train.indices, splits.validation.indices, splits.test.indices])
    assert sorted(together.tolist()) == list(range(100))
    # test: 20 of 100; validation: 25 % of the 80 that remain
    assert per_class(splits.test, 3) == [6, 4, 10]
    assert per_class(splits.validation, 3) == [6, 4, 10]
    assert per_class(splits.train, 3) == [18, 12, 30]
    for part in (splits.train, splits.validation, splits.test):
        assert part.indices.dtype == np.int64
        assert (np.diff(part.indices) > 0).all()


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    first, again, other = (split_source(source([50, 50]), config(), seed).validation for seed in (1, 1, 2))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.indices.tolist() == again.indices.tolist()
    assert first.indices.tolist() != other.indices.tolist()


def test_rows_are_drawn_from_everywhere() -> None:
    part = split_source(regression_source(1000), config(), 3).validation
    assert part is not None
    # 200 of 1000 at random: about 50 in each quarter, never the last rows alone
    assert all(25 < ((part.indices // 250) == quarter).sum() < 75 for quarter in range(4))


def test_test_and_validation_are_drawn_apart() -> None:
    alone = split_source(regression_source(100), config(test=0.2, validation=None), 5)
    both = split_source(regression_source(100), config(test=0.2, validation=0.2), 5)
    assert alone.validation is None
    assert alone.test is not None
    assert both.test is not None
    assert both.validation is not None
    assert alone.test.indices.tolist() == both.test.indices.tolist()
    assert both.validation.indices.tolist() != np.setdiff1d(np.arange(100), both.test.indices)[:16].tolist()


def test_arrays_are_shared_until_asked_for() -> None:
    data = source([5, 5])
    splits = split_source(data, config(), 1)
    assert splits.train.x is data.train.x
    x, y = splits.train.arrays()
    assert x[:, 0].tolist() == splits.train.indices.tolist()
    assert y.tolist() == data.train.y[splits.train.indices].tolist()
    assert len(splits.train) == len(x) == 8
    whole = split_source(data, config(validation=None), 1).train
    assert whole.arrays()[0] is data.train.x


def test_limit_keeps_the_first_rows() -> None:
    splits = split_source(source([10, 90]), config(limit=20, validation=0.5), 1)
    assert splits.validation is not None
    assert sorted([*splits.train.indices, *splits.validation.indices]) == list(range(20))
    assert per_class(splits.train, 2) == [5, 5]


def test_validation_test_is_the_test_part() -> None:
    splits = split_source(source([10, 10], test_rows=6), config(validation="test"), 1)
    assert splits.validation is splits.test
    assert len(splits.train) == 20
    drawn = split_source(source([10, 10]), config(validation="test", test=0.3), 1)
    assert drawn.validation is drawn.test
    assert len(drawn.train) == 14


def test_without_stratify_a_rare_class_may_be_split() -> None:
    splits = split_source(source([1, 9]), config(stratify=False), 1)
    assert splits.validation is not None
    assert len(splits.train) == 8


FAULTS: list[tuple[Source, dict[str, Any], str]] = [
    (source([1, 9]), {}, 'data.stratify: the class "a" has 1 row to split, but each class needs at least 2'),
    (source([2] * 5), {"validation": 0.6}, "data.validation: leaves 4 training rows for 5 classes"),
    (
        source([10, 10]),
        {"validation": 0.9999},
        "data.validation: 0.9999 of 20 rows is 20 for validation and 0 for training",
    ),
    (source([10, 10]), {"test": 0.001}, "data.test: 0.001 of 20 rows is 0 for test and 20 for training"),
    (source([5, 5], 3), {"test": 0.2}, "data.test: this source brings its own test set"),
    (source([5, 5]), {"validation": "test"}, 'data.validation: "test" needs a test set'),
    (source([50, 50]), {"limit": 50}, 'data.limit: all 40 training rows are of the class "a"; raise or remove it'),
]


@pytest.mark.parametrize(("data", "settings", "message"), FAULTS)
def test_what_cannot_be_split(data: Source, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=re.escape(message)):
        split_source(data, config(**settings), 1)


def test_one_class_only() -> None:
    with pytest.raises(DataError, match='s: all 8 training rows are of the class "a"; at least two'):
        split_source(source([10]), config(), 1)


@pytest.mark.parametrize(
    ("settings", "test_rows", "validation_rows", "expected"),
    [
        ({}, None, None, SplitCounts(1797, 1438, 359, None)),
        ({"validation": None}, None, None, SplitCounts(1797, 1797, None, None)),
        ({"test": 0.1}, None, None, SplitCounts(1797, 1294, 323, 180)),
        ({"validation": "test"}, 500, None, SplitCounts(1797, 1797, 500, 500)),
        ({"limit": 10, "validation": 0.25}, None, None, SplitCounts(10, 7, 3, None)),
        ({"limit": 9999, "validation": "/v.npz"}, None, 40, SplitCounts(1797, 1797, 40, None)),
    ],
)
def test_counts_by_hand(
    settings: dict[str, Any], test_rows: int | None, validation_rows: int | None, expected: SplitCounts
) -> None:
    assert split_counts(config(**settings), 1797, test_rows, validation_rows) == expected
