"""What is counted in each column, whether its rows come at once or in batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.tables.column_forms import profile_columns
from mlpcli.tables.profile import ColumnProfile, column_lines
from mlpcli.tables.raw_table import RawTable
from mlpcli.tables.texts import FEWEST_KEPT, MOST_KEPT, DistinctTexts, distinct_texts, texts_kept

DATA = DataConfig(source="표.csv")


def batch(values: Sequence[Any], first_line: int = 2) -> RawTable:
    return RawTable(pa.table({"c": pa.array(values)}), lambda row: f"표.csv:{row + first_line}")


def profiled(*batches: Sequence[Any]) -> ColumnProfile:
    lines = [2 + sum(map(len, batches[:number])) for number in range(len(batches))]
    return profile_columns(map(batch, batches, lines), DATA)["c"]


def test_numbers_are_counted_by_hand() -> None:
    profile = profiled(["3", None, "-1.5", "3"], ["7", "4.0"])
    assert (profile.rows, profile.missing, profile.present) == (6, 1, 5)
    assert (profile.numbers, profile.whole, profile.booleans, profile.dates) == (5, 4, 0, 0)
    assert (profile.low, profile.high) == (-1.5, 7.0)
    assert profile.seen.texts() == ["3", "-1.5", "7", "4"]
    assert profile.no_number is None
    assert profile.first_gap is not None
    assert profile.first_gap.place == "표.csv:3"


def test_the_first_odd_value_knows_its_line_across_batches_and_gaps() -> None:
    profile = profiled(["1", None], [None, "2", "둘", "x"])
    assert profile.no_number is not None
    assert (profile.no_number.text, profile.no_number.place) == ("둘", "표.csv:6")
    assert (profile.numbers, profile.whole) == (2, 2)


def test_the_first_value_that_is_no_date() -> None:
    profile = profiled(["2024-01-31", "2024.02.01"], ["5"], ["gestern"])
    assert profile.dates == 2
    assert profile.no_date is not None
    assert (profile.no_date.text, profile.no_date.place) == ("5", "표.csv:4")


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        (["yes", "no", "YES"], (0, 3, 0)),
        (["예", "아니오"], (0, 2, 0)),
        (["0", "1", "1"], (3, 3, 0)),
        (["0", "yes"], (1, 2, 0)),
        ([True, False, None], (0, 2, 0)),
        ([1, 0, 2], (3, 2, 0)),
        ([0.5, float("nan")], (1, 0, 0)),
        ([date(2024, 1, 31), None], (0, 0, 1)),
        (["20240131"], (1, 0, 0)),
        (["1e400", "2"], (2, 0, 0)),
        (["-inf", "Infinity", "2"], (1, 0, 0)),
        (["info", "2"], (1, 0, 0)),
        ([None, None], (0, 0, 0)),
    ],
)
def test_numbers_booleans_and_dates(values: list[Any], counts: tuple[int, int, int]) -> None:
    profile = profiled(values)
    assert (profile.numbers, profile.booleans, profile.dates) == counts


@pytest.mark.parametrize(
    ("batches", "counting"),
    [
        ([["1", "2"], ["3"]], True),
        ([["1", "2"], ["4"]], False),
        ([["2", "1"]], False),
        ([["0.5", "1.5"]], True),
        ([["a"], ["1"]], False),
    ],
)
def test_counting_is_noticed_across_batches(batches: list[list[str]], counting: bool) -> None:
    assert profiled(*batches).counting is counting


def test_words_of_texts() -> None:
    profile = profiled(["a b  c", "d", "한 글", "4"])
    assert profile.mean_words == (3 + 1 + 2) / 3
    assert profile.longest == 6


def test_distinct_values_are_kept_up_to_a_limit() -> None:
    seen = DistinctTexts(3)
    seen.add(pa.chunked_array([["a", "b"], ["a", "c"]]))
    assert (len(seen), seen.many, seen.all_differ) == (3, False, False)
    seen.add(pa.chunked_array([["d", "e"]]))
    assert (len(seen), seen.many, seen.rows) == (5, True, 6)
    assert seen.texts() == ["a", "b", "c"]
    seen.add(pa.chunked_array([["f"]]))
    assert (len(seen), seen.rows) == (5, 6)


def test_many_columns_share_the_memory() -> None:
    assert texts_kept(20) == MOST_KEPT
    assert texts_kept(1000) == 5000
    assert texts_kept(100_000) == FEWEST_KEPT > 1000


def test_distinct_texts_of_chunks_and_gaps() -> None:
    texts, codes = distinct_texts(pa.chunked_array([["a", None], ["b", "a"]]))
    assert texts == ["a", "b"]
    assert codes.tolist() == [0, -1, 1, 0]
    assert distinct_texts(pa.chunked_array([], pa.string()))[1].tolist() == []
    assert distinct_texts(pa.chunked_array([pa.array(["x", "y"]).dictionary_encode()])) == (
        ["x", "y"],
        pytest.approx([0, 1]),
    )


def test_lines_about_columns() -> None:
    table = pa.table(
        {
            "나이": ["3", None, "10.5"],
            "port": ["S", "C", "S"],
            "id": [str(number) for number in range(3)],
            "y": ["0", "1", "1"],
            "empty": pa.array([None] * 3, pa.string()),
        }
    )
    profiles = profile_columns([RawTable(table, str)], DATA)
    lines = column_lines(profiles, {"나이": "number", "port": "category"}, ("y",))
    assert [(line.name, line.kind, line.missing, line.distinct, line.example) for line in lines] == [
        ("나이", "number", 1, 2, "3 to 10.5"),
        ("port", "category", 0, 2, "S, C"),
        ("id", "dropped", 0, 3, "0 to 2"),
        ("y", "target", 0, 2, "0 to 1"),
        ("empty", "dropped", 3, 0, ""),
    ]


def test_a_line_about_very_many_values() -> None:
    profiles = profile_columns([batch([f"t{number}" for number in range(MOST_KEPT + 1)])], DATA)
    assert column_lines(profiles, {})[0].distinct == "10,000+"
