"""Columns to dates: every way of writing them that is read, and every refusal."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.tables.dates import Days, days_of_texts, iso_days
from mlpcli.tables.texts import as_texts
from mlpcli.tables.values import as_dates

NAN = float("nan")
DAY, MOMENT = datetime.date(2024, 1, 31), datetime.datetime(2024, 1, 31, 18, 30)
DAYS = (DAY - datetime.date(1970, 1, 1)).days


def column(*values: Any, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def place(row: int) -> str:
    return f"사람.csv:{row + 2}"


def refusal(of: pa.ChunkedArray) -> str:
    with pytest.raises(DataError) as caught:
        as_dates(of, "나이", place)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2024-01-31", DAYS),
        ("2024/1/31", DAYS),
        ("2024.01.31", DAYS),
        ("2024. 1. 31.", DAYS),
        ("2024년 1월 31일", DAYS),
        ("2024년1월31일", DAYS),
        (" 2024-01-31 ", DAYS),
        ("2024-01-31 06:00", DAYS + 0.25),
        ("2024-01-31T18:00:00", DAYS + 0.75),
        ("2024-01-31 12:00:00.500", DAYS + 0.5 + 0.5 / 86400),
        ("2024-01-31T06:00:00Z", DAYS + 0.25),
        ("2024-01-31T09:00:00+09:00", DAYS),
        ("2024-01-30T18:00:00-0600", DAYS),
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("1900-03-01", (datetime.date(1900, 3, 1) - datetime.date(1970, 1, 1)).days),
        ("2024-02-29", DAYS + 29),
        ("２０２４-01-31", DAYS),
        ("24-01-31", DAYS),
        ("2024-01-31 오후 6:00:00", DAYS + 0.75),
        ("2024. 1. 31. 오전 12:00", DAYS),
        ("2024. 1. 31. 오후 12:00", DAYS + 0.5),
        ("2024년 1월 31일 오후 6시 0분", DAYS + 0.75),
        ("2024-01-31 (수) 06:00", DAYS + 0.25),
        ("2024-01-31 06:00:00 UTC", DAYS + 0.25),
        ("31-Jan-2024", DAYS),
        ("31 January 2024 6:00 PM", DAYS + 0.75),
        ("Wed, 31 Jan 2024", DAYS),
        ("Jan 31, 2024", DAYS),
    ],
)
def test_dates_in_text(text: str, days: float) -> None:
    np.testing.assert_allclose(as_dates(column(text, None), "d", place), [days, NAN], rtol=0, atol=1e-9)


@given(moment=st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)))
def test_any_date_as_python_counts(moment: datetime.datetime) -> None:
    days = (moment - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)
    assert as_dates(column(moment.isoformat(), kind=pa.string()), "d", place)[0] == pytest.approx(days, abs=1e-8)
    assert as_dates(column(moment, kind=pa.timestamp("us")), "d", place)[0] == pytest.approx(days, abs=1e-8)


@pytest.mark.parametrize(
    "kind",
    [pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("us", "Asia/Seoul")],
)
def test_timestamps(kind: pa.DataType) -> None:
    values = pa.chunked_array([pa.array([MOMENT, None], pa.timestamp(kind.unit)).cast(kind)])
    np.testing.assert_array_equal(as_dates(values, "d", place), [DAYS + 18.5 / 24, NAN])
    assert as_texts(values).to_pylist() == ["2024-01-31 18:30:00", None]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_days(kind: pa.DataType) -> None:
    np.testing.assert_array_equal(as_dates(column(DAY, None, kind=kind), "d", place), [DAYS, NAN])
    assert as_texts(column(DAY, None, kind=kind)).to_pylist() == ["2024-01-31", None]


@pytest.mark.parametrize(
    "text",
    [
        *("2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "2024-04-31", "2024-01-01 24:00", "2024-01-01 10:60"),
        *("31/01/2024", "2024-01", "20240131", "어제", "2024-01-31 x", "2024-01-31 13:00 AM", "12-Foo-2024"),
    ],
)
def test_texts_that_are_no_dates(text: str) -> None:
    message = refusal(column("2024-01-31", None, text))
    assert message.startswith(f'사람.csv:4: 나이: "{text}" is not a date; dates are written 2024-01-31, 2024. 1. 31.,')


@given(st.lists(st.datetimes().map(lambda moment: moment.replace(microsecond=0)), min_size=1), st.integers(0, 3))
def test_dates_in_iso_form_are_read_as_among_others(moments: list[datetime.datetime], form: int) -> None:
    written = [moment.isoformat(" T"[form % 2], ("minutes", "seconds")[form // 2]) for moment in moments]
    texts = [*written, moments[0].date().isoformat()]
    found = iso_days(pa.array([*texts, None]))
    assert found is not None
    assert np.isnan(found[-1])
    # one that is not in this form has all of them matched to patterns
    np.testing.assert_array_equal(found[:-1], days_of_texts(pa.array([*texts, "2024. 1. 31."]))[:-1])
    np.testing.assert_array_equal(found[:-1], days_of_texts(pa.array(texts)))


@pytest.mark.parametrize(
    "text",
    ["2024-01-31 15", "2024-01-31T1530", "2023-02-29", "2024-01-31T15:30Z", "2024/01/31", "2024-01-31 24:00", "", "1"],
)
def test_texts_that_are_not_in_iso_form(text: str) -> None:
    assert iso_days(pa.array(["2024-01-31", text])) is None


def test_dates_that_repeat_in_many_rows_are_read_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(texts: pa.Array) -> Days:
        read.append(len(texts))
        return days_of_texts(texts)

    monkeypatch.setattr("mlpcli.tables.values.days_of_texts", counted)
    texts = pa.array(["2024. 1. 31.", "2024. 2. 1. 06:00", None] * 4000)
    both = pa.chunked_array([texts, texts.slice(0, 3)])
    np.testing.assert_array_equal(as_dates(both, "d", place), [DAYS, DAYS + 1.25, NAN] * 4001)
    assert read == [2]
    wrong = refusal(pa.chunked_array([texts, pa.array(["어제", "2024. 1. 31.", "어제"])]))
    assert wrong.startswith('사람.csv:12002: 나이: "어제" is not a date (1 more like it); dates are written')
    as_dates(pa.chunked_array([pa.array([f"2024-01-31 06:00:00.{row}" for row in range(10_001)])]), "d", place)
    assert read == [2, 3, 10_001]


def test_numbers_and_truth_are_no_dates() -> None:
    for values in (column(20240131), column(1.5), column(True)):
        assert "is not a date" in refusal(values)
    np.testing.assert_array_equal(as_dates(column(None), "d", place), [NAN])


def test_no_rows_are_no_dates() -> None:
    """Where every row of a file was left out, its columns of text have an empty chunk, which Arrow trims away."""
    assert len(as_dates(pa.chunked_array([pa.array([], pa.string())]), "d", place)) == 0
    assert len(as_dates(pa.chunked_array([], pa.string()), "d", place)) == 0
