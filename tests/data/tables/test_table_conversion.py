"""Columns to numbers, truth and texts: worked by hand, and every refusal."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.tables.texts import as_texts
from mlpcli.tables.values import as_booleans, as_numbers, boolean_mask

NAN = float("nan")
DAY, MOMENT = datetime.date(2024, 1, 31), datetime.datetime(2024, 1, 31, 18, 30)


def column(*values: Any, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    """In two chunks, as columns come."""
    half = len(values) // 2
    kind = kind or pa.array(values).type
    return pa.chunked_array([pa.array(values[:half], kind), pa.array(values[half:], kind)])


def place(row: int) -> str:
    return f"사람.csv:{row + 2}"


def refusal(function: Any, of: pa.ChunkedArray) -> str:
    with pytest.raises(DataError) as caught:
        function(of, "나이", place)
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (column("1", "+5", ".5", "5.", None, "1e-3", "-2.5E+3"), [1, 5, 0.5, 5, NAN, 0.001, -2500]),
        (column(" 7", "8 ", "\t9"), [7, 8, 9]),
        (column("007", "-0", "1e-400", "3.4e38"), [7, 0, 0, 3.4e38]),
        (column("1", "2").dictionary_encode(), [1, 2]),
        (column(1, None, 3), [1, NAN, 3]),
        (column(2**63, 1, kind=pa.uint64()), [2.0**63, 1]),
        (column(1.5, NAN, None), [1.5, NAN, NAN]),
        (column(0.1, kind=pa.float32()), [float(np.float32(0.1))]),
        (column(True, None, False), [1, NAN, 0]),
        (column(None, None), [NAN, NAN]),
        (column(None, None, kind=pa.string()), [NAN, NAN]),
        (pa.chunked_array([], pa.string()), []),
    ],
)
def test_numbers(values: pa.ChunkedArray, numbers: list[float]) -> None:
    read = as_numbers(values, "나이", place)
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, np.array(numbers, np.float64))


WAYS_OUT = ", or declare it missing (data.na_values), or set data.types: {나이: category}"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("abc", "correct it"),
        ("-", "correct it"),
        ("1e", "correct it"),
        ("1.2.3", "correct it"),
        ("nan", "correct it"),
        ("inf", "correct it"),
        ("-Infinity", "correct it"),
        ("=1+1", "correct it"),
        ("1_000", "remove the thousands separators"),
        ("-1,234,567.5", "remove the thousands separators"),
        ("1 000", "remove the thousands separators"),
        ("1,5", "write 1.5 for 1,5"),
        ("0x1A", "write hexadecimal numbers with decimal digits"),
        ("１２", "write it with the digits 0-9 (these may be full-width)"),
        ("3,000원", "remove the unit"),
        ("$3.5", "remove the unit"),
        ("12%", "remove the unit"),
    ],
)
def test_texts_that_are_no_numbers(text: str, advice: str) -> None:
    message = refusal(as_numbers, column("1", None, text, "2", text, text))
    assert message == f'사람.csv:4: 나이: "{text}" is not a number (2 more like it); {advice}{WAYS_OUT}'


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (column("1", "1e400", "-1e39"), '"1e400" is too large (1 more like it)'),
        (column("1", "3.5e38"), '"3.5e38" is too large'),
        (column(1.0, float("-inf")), '"-inf" is infinite'),
        (column(1.0, 1e39), '"1e+39" is too large'),
    ],
)
def test_numbers_that_are_too_large(values: pa.ChunkedArray, found: str) -> None:
    message = refusal(as_numbers, values)
    assert message.startswith(
        f"사람.csv:3: 나이: {found}; the largest is 3.4e+38 (float32): correct it, or declare it missing"
    )


def test_dates_are_no_numbers() -> None:
    message = refusal(as_numbers, column(DAY))
    assert message == "사람.csv:2: 나이: holds dates (date32[day]), not numbers; set data.types: {나이: date}"


def test_long_and_many_lined_values_are_shown_on_one_short_line() -> None:
    assert f'"a b {"x" * 36}..." is not a number;' in refusal(as_numbers, column("a\n  b " + "x" * 1000))


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        (column("true", "FALSE", "Yes", "no", "y", "N", "T", "f", None), [1, 0, 1, 0, 1, 0, 1, 0, NAN]),
        (column("예", "아니오", "네", "아니요", "참", "거짓", " 1 ", "0"), [1, 0, 1, 0, 1, 0, 1, 0]),
        (column(True, None, False), [1, NAN, 0]),
        (column(1, 0, None, kind=pa.int8()), [1, 0, NAN]),
        (column(1.0, 0.0, NAN), [1, 0, NAN]),
        (column(None), [NAN]),
    ],
)
def test_truth(values: pa.ChunkedArray, truth: list[float]) -> None:
    np.testing.assert_array_equal(as_booleans(values, "b", place), truth)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (column("yes", "maybe", "perhaps"), '"maybe" is neither true nor false (1 more like it)'),
        (column(1, 2), '"2" is neither true nor false'),
        (column(1.0, 0.5), '"0.5" is neither true nor false'),
    ],
)
def test_neither_true_nor_false(values: pa.ChunkedArray, found: str) -> None:
    message = refusal(as_booleans, values)
    assert message.startswith(f"사람.csv:3: 나이: {found}; use true/false, yes/no, y/n, t/f or 1/0; correct it, or set")


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (column("3", "3.0", " 3 ", "+3.00", "3.5", "3.50", "007"), ["3", "3", "3", "+3", "3.5", "3.50", "007"]),
        (column(3, None), ["3", None]),
        (column(3.0, 2.5, NAN, None), ["3", "2.5", None, None]),
        (column(3, 0.1, kind=pa.float32()), ["3", "0.1"]),
        (column("True", "FALSE", "true", "trueish", "yes"), ["true", "false", "true", "trueish", "yes"]),
        (column(True, None, False), ["true", None, "false"]),
        (column("가", "a, b", "=x", "1.0.0", "v1.0"), ["가", "a, b", "=x", "1.0.0", "v1.0"]),
        (column("b", "a", "b").dictionary_encode(), ["b", "a", "b"]),
        (
            column(MOMENT.replace(microsecond=500_000), MOMENT.replace(hour=0, minute=0)),
            ["2024-01-31 18:30:00.5", "2024-01-31"],
        ),
        (column(None, None), [None, None]),
        (
            pa.chunked_array([["1.0", None, "2.50"], [], [None, "x.00", "-4.0"]]),
            ["1", None, "2.50", None, "x.00", "-4"],
        ),
        (pa.chunked_array([], pa.string()), []),
    ],
)
def test_one_value_has_one_text(values: pa.ChunkedArray, texts: list[str | None]) -> None:
    assert as_texts(values).to_pylist() == texts
    assert as_texts(values).type == pa.string()


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        (column("1", "1e400", "yes", None, "2024-01-31", "inf"), [True, False, True, None, False, False]),
        (column("1", "2"), [True, False]),
        (column(1, 5, None), [True, False, None]),
        (column(1.5, NAN), [False, None]),
        (column(True, None), [True, None]),
        (column(DAY, None), [False, None]),
        (column(None), [None]),
        (pa.chunked_array([], pa.string()), []),
    ],
)
def test_which_values_are_true_or_false(values: pa.ChunkedArray, truth: list[Any]) -> None:
    assert boolean_mask(values).to_pylist() == truth


@given(st.lists(st.none() | st.floats(-3e38, 3e38) | st.integers(-(10**15), 10**15), min_size=1, max_size=20))
def test_numbers_survive_being_written(numbers: list[float | None]) -> None:
    texts = column(*(None if number is None else repr(number) for number in numbers), kind=pa.string())
    np.testing.assert_array_equal(as_numbers(texts, "x", place), np.array(numbers, np.float64))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12))  # of control characters some are blanks
def test_a_text_is_a_number_where_python_says_so_in_ascii(text: str) -> None:
    """Python also reads 1_000, １ and inf; nothing else is read differently."""
    values = column(text, kind=pa.string())
    try:
        expected = float(text) if text.isascii() and "_" not in text else NAN
    except ValueError:
        expected = NAN
    if np.isfinite(expected) and abs(expected) < 3e38:
        assert as_numbers(values, "x", place).tolist() == [expected]
    else:
        with pytest.raises(DataError):
            as_numbers(values, "x", place)
