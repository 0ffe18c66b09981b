"""Constant columns, large numbers, few rows."""

from __future__ import annotations

import numpy as np
import pytest

from mlpcli import arrays
from mlpcli.data.dataset import Part, Rows
from mlpcli.data.look.class_balance import find_few_rows
from mlpcli.data.look.column_ranges import (
    ColumnRanges,
    column_ranges,
    find_constant,
    find_large_target,
    find_skewed,
    find_unscaled,
)
from mlpcli.data.look.findings import RawColumn


def one_each(*names: str | None) -> list[RawColumn]:
    return [RawColumn(name, slice(index, index + 1)) for index, name in enumerate(names)]


def whole(x: np.ndarray, y: np.ndarray | None = None) -> Part:
    return Part(x, np.zeros(len(x)) if y is None else y, np.arange(len(x)))


@pytest.fixture(params=[8, 1 << 23], ids=["row by row", "at once"])
def chunk_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "CHUNK_BYTES", request.param)


@pytest.mark.usefixtures("chunk_bytes")
def test_ranges_are_those_of_the_training_rows() -> None:
    x = np.array([[4, 0, 500], [9, -7, 5], [2, 1, 5], [3, 1, 5]], np.float32)
    ranges = column_ranges(Part(x, np.zeros(4), np.array([1, 2, 3])))
    assert ranges.low.tolist() == [2, -7, 5]
    assert ranges.high.tolist() == [9, 1, 5]
    assert ranges.largest.tolist() == [9, 7, 5]
    assert column_ranges(whole(np.array([[-128], [127]], np.int8))).largest.tolist() == [128]


@pytest.mark.usefixtures("chunk_bytes")
def test_constant_columns_are_named() -> None:
    x = np.array([[9, 1, 5], [2, 1, 5], [3, 1, 5], [4, 0, 5]], np.float32)
    ranges = column_ranges(Part(x, np.zeros(4), np.array([0, 1, 2])))
    (finding,) = find_constant(one_each("a", "나", "c d"), ranges)
    assert (finding.topic, finding.level) == ("constant", "warning")
    assert str(finding) == (
        '2 of 3 columns have the same value in all training rows and are useless: column "나", column "c d";'
        " nothing is lost without them: data.exclude: [나, c d]"
    )
    (finding,) = find_constant(one_each(None, None, None), column_ranges(whole(x)))
    assert str(finding).endswith("column 2 (from 0); nothing is lost without them: leave it out of x")


def test_a_category_is_constant_when_all_its_columns_are() -> None:
    ranges = ColumnRanges(np.array([0, 1, 0, 0]), np.array([0, 1, 0, 1]))
    columns = [RawColumn("a", slice(0, 2)), RawColumn("b", slice(2, 4))]
    (finding,) = find_constant(columns, ranges)
    assert finding.text.startswith("1 of 2 columns") and finding.text.endswith(': column "a"')
    assert find_constant(columns[1:], ranges) == []


@pytest.mark.parametrize(
    ("scaling", "largest", "found"),
    [("none", 21, True), ("none", -21, True), ("none", 20, False), ("unit", 255, False)],
)
def test_unscaled_values(scaling: str, largest: float, found: bool) -> None:
    findings = find_unscaled(scaling, column_ranges(whole(np.array([[0.0], [largest]], np.float32))))
    assert [str(finding) for finding in findings] == [
        "values go up to 21 and data.scaling is none; training may be slow or fail: try auto"
    ] * found


def test_skewed_columns() -> None:
    # Medians of what is not 0, without signs: 2, 2, 1; the largest are 2001, 2000 and 5.
    x = np.array([[0, 2, 0], [0, -2, 1], [-2, 2, 1], [2, -2000, 0], [-2001, 0, 5]], np.float32)
    columns = one_each("소득", "b", "c")
    (finding,) = find_skewed(columns, column_ranges(whole(x)), Rows(x, np.zeros(5)))
    assert (finding.topic, finding.level) == ("skewed", "warning")
    assert str(finding) == (
        'values more than 1,000 times the usual ones, which scaling then squeezes: column "소득";'
        " correct impossible values, or take the logarithm"
    )
    # The largest may be outside of the sample, and a sample of zeros says nothing.
    assert len(find_skewed(columns, column_ranges(whole(x)), Rows(x[2:4], np.zeros(2)))) == 1
    assert find_skewed(columns, column_ranges(whole(x)), Rows(x[:1] * 0, np.zeros(1))) == []


@pytest.mark.parametrize(
    ("target", "level", "words"),
    [
        ([990.0, 1010.0], "note", "the target is about 1000, give or take 10"),
        ([1000.0, 1002.0], "warning", "the target is about 1001, give or take 1"),
        ([-3000.0, 3000.0], "warning", "the target is about 0, give or take 3000"),
        ([[1.0, -40.0], [3.0, -44.0]], "note", "the target is about -42, give or take 2"),
        ([20.0, 20.0], None, ""),
    ],
)
def test_large_targets(target: list[float], level: str | None, words: str) -> None:
    train = whole(np.zeros((2, 1)), np.array(target, np.float32))
    findings = find_large_target(train, "none")
    assert [(finding.level, str(finding)) for finding in findings] == [
        (level, f"{words}, but a network starts near 0; data.target_scaling: standardize trains faster")
    ] * (level is not None)
    assert find_large_target(train, "standardize") == []


def test_few_rows_for_many_columns() -> None:
    assert find_few_rows(100, 20) == []
    (finding,) = find_few_rows(99, 20)
    assert (finding.topic, finding.level) == ("few_rows", "note")
    assert finding.text == "99 training rows are few for 20 columns: a network can easily overfit"
