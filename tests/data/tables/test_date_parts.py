"""Dates as their parts: calendars by hand, parts that do not differ, gaps, and the way into a model file and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from mlpcli.config.sections import DataConfig
from mlpcli.data.load_data import load_data
from mlpcli.errors import DataError
from mlpcli.tables.date_parts import PARTS, DateParts
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.target import TargetEncoder
from mlpcli.tables.unlike import UnlikeTraining

DATA = DataConfig(source="t.csv", dates="parts")
TARGET = TargetEncoder(("y",), ("a", "b"))


def raw(dates: Sequence[Any]) -> RawTable:
    columns = {"d": pa.array(dates), "n": pa.array(["1"] * len(dates)), "y": pa.array(["a"] * len(dates))}
    return RawTable(pa.table(columns), lambda row: f"t.csv:{row + 2}")


def fitted(*batches: Sequence[Any]) -> tuple[Preprocessing, list[str]]:
    kinds: Any = {"d": "date", "n": "number"}
    return fit_preprocessing(map(raw, batches), kinds, TARGET, DATA, ReadOptions(formats={}))


def column(*batches: Sequence[Any]) -> DateParts:
    found = fitted(*batches)[0].columns[0]
    assert isinstance(found, DateParts)
    return found


def encoded(encoder: DateParts, dates: Sequence[Any]) -> list[dict[str, float]]:
    """The parts of each date by name, without the column's own."""
    out = np.zeros((len(dates), len(encoder.feature_names)), np.float32)
    encoder.encode_cells(encoder.cells(raw(dates)), out)
    names = [name.removeprefix("d ") for name in encoder.feature_names]
    return [dict(zip(names, row, strict=True)) for row in out.tolist()]


def all_parts(low: float = 0.0) -> DateParts:
    return DateParts("d", PARTS, low, False, low, low)


def turn(share: float) -> tuple[Any, Any]:
    return pytest.approx(sin(2 * pi * share), abs=1e-6), pytest.approx(cos(2 * pi * share), abs=1e-6)


@pytest.mark.parametrize(
    ("date", "year", "month", "day_of_year", "weekday", "time", "trend"),
    [
        ("1970-01-01", 1970, 0, 0, 3 / 7, 0, 0),  # a Thursday
        ("2024-02-29 06:00", 2024, 1 / 12, 59 / 366, 3 / 7, 0.25, 19782.25),  # a Thursday; 31 + 28 days are over
        ("2023-12-31 23:59:59", 2023, 11 / 12, 364 / 365, 6 / 7, 86399 / 86400, 19722 + 86399 / 86400),  # a Sunday
        ("2024-12-31", 2024, 11 / 12, 365 / 366, 1 / 7, 0, 20088),  # a Tuesday, and a leap year
        ("2024-01-01T00:30:00+09:00", 2023, 11 / 12, 364 / 365, 6 / 7, 15.5 / 24, 19722 + 15.5 / 24),  # in UTC
        ("2024-01-01 00:30:00", 2024, 0, 0, 0, 0.5 / 24, 19723 + 0.5 / 24),  # as written: a Monday
        ("1969-12-31 18:00", 1969, 11 / 12, 364 / 365, 2 / 7, 0.75, -0.25),
        ("1900-03-01", 1900, 2 / 12, 59 / 365, 3 / 7, 0, -25508),  # 1900 was no leap year
    ],
)
def test_the_calendar_by_hand(
    date: str, year: int, month: float, day_of_year: float, weekday: float, time: float, trend: float
) -> None:
    (parts,) = encoded(all_parts(), [date])
    assert parts["year"] == year
    turns = {"month": month, "day of year": day_of_year, "weekday": weekday, "time": time}
    assert {name: (parts[f"{name} sin"], parts[f"{name} cos"]) for name in turns} == {
        name: turn(share) for name, share in turns.items()
    }
    assert parts["trend"] == np.float32(trend)


def test_minutes_survive_in_the_trend() -> None:
    """As days since 1970, float32 has steps of almost three minutes."""
    minutes = [f"2024-05-0{day} 10:{minute:02}" for day in (1, 9) for minute in range(60)]
    trend = [row["trend"] for row in encoded(column(minutes), minutes)]
    expected = [8 * (index // 60) + index % 60 / 1440 for index in range(120)]
    np.testing.assert_allclose(np.array(trend) * 86400, np.array(expected) * 86400, atol=0.1)
    assert len(set(trend)) == 120


@pytest.mark.parametrize(
    ("dates", "names"),
    [
        (["2024-03-04", "2024-03-05"], ["day of year sin", "day of year cos", "weekday sin", "weekday cos", "trend"]),
        (["2023-01-01", "2024-01-01"], ["year", "weekday sin", "weekday cos", "trend"]),
        # A Monday and another, at the same time of day; sin of no turn and of a half are 0 and 1e-16.
        (["2024-01-01 09:00", "2024-07-01 09:00"], ["month cos", "day of year sin", "day of year cos", "trend"]),
        (["2024-01-01", "2024-01-01 12:00"], ["time cos", "trend"]),
        (["2024-01-01 06:00", "2024-01-01 06:00:01"], ["time cos", "trend"]),
    ],
)
def test_parts_that_do_not_differ_are_left_out(dates: list[str], names: list[str]) -> None:
    assert column(dates).feature_names == tuple(f"d {name}" for name in names)


def test_one_date_only_is_left_out_with_a_note() -> None:
    preprocessing, notes = fitted(["2024-01-01"] * 3)
    assert preprocessing.feature_names == ("n",)
    assert notes == ['column "d" has one date only in the training rows and is left out']
    assert fitted([None, None])[1] == ['column "d" has no value in the training rows and is left out']
    assert column(["2024-01-01", None]).feature_names == ("d is missing",)


def test_a_gap_is_the_median_date_and_is_marked() -> None:
    encoder = column(["2024-01-01", None, "2024-01-05 12:00", "2024-01-03"])
    assert (encoder.fill, encoder.low, encoder.high) == (19725, 19723, 19727.5)
    known, gap = encoded(encoder, ["2024-01-03", None])
    assert {name: value for name, value in gap.items() if name != "is missing"} == {
        name: value for name, value in known.items() if name != "is missing"
    }
    assert (known["is missing"], gap["is missing"], known["trend"]) == (0, 1, 2)
    assert fitted(["2024-01-01", None, "2024-01-05"])[0].pass_through[-2:] == (True, False)


def test_batches_of_any_size_teach_the_same() -> None:
    dates = [None, *(f"20{year}-0{1 + year % 9}-1{year % 7} 1{year % 10}:0{year % 6}" for year in range(10, 90))]
    whole = column(dates)
    assert [column(dates[:1], dates[1:9], dates[9:]), column(*([date] for date in dates))] == [whole, whole]
    assert len(whole.feature_names) == len(PARTS) + 1


def test_the_trend_has_bins_where_numbers_have() -> None:
    """Eight days, and a gap on their median; the two quantiles between three bins are the nearest days, 2 and 5."""
    settings = DataConfig.model_validate({**DATA.model_dump(), "numeric_encoding": {"piecewise_linear": {"bins": 3}}})
    dates = ["2024-01-08", *(f"2024-01-0{day}" for day in range(1, 8)), None]
    kinds: Any = {"d": "date"}
    preprocessing, _ = fit_preprocessing([raw(dates)], kinds, TARGET, settings, ReadOptions(formats={}))
    (encoder,) = preprocessing.columns
    assert isinstance(encoder, DateParts)
    assert encoder.edges == (0, 2, 5, 7)
    bins = tuple(f"d trend from {days}" for days in ("0 to 2", "2 to 5", "5 to 7"))
    assert encoder.feature_names[-4:] == ("d is missing", *bins)
    assert encoder.pass_through == (False,) * 5 + (True,) * 4
    assert preprocessing.groups_without_bins == [("d", slice(0, 6))]
    x = preprocessing.encode(raw(["2024-01-02", "2024-01-04 12:00", None]))
    assert x[:, 5:].tolist() == [[0, 0.5, 0, 0], [0, 1, 0.5, 0], [1, 1, 0.5, 0]]
    assert Preprocessing.from_json(json.loads(json.dumps(preprocessing.as_json()))) == preprocessing


def test_dates_beyond_any_calendar_stay_finite() -> None:
    out = np.zeros((2, len(PARTS)), np.float32)
    table = RawTable(pa.table({"d": pa.array([2**62, -(2**62)], pa.timestamp("s"))}), str)
    all_parts().encode_cells(all_parts().cells(table), out)
    assert np.isfinite(out).all()
    assert out[:, -1].tolist() == [1e8, -1e8]


def test_what_is_no_date_is_named() -> None:
    with pytest.raises(DataError, match=r't\.csv:3: d: "soon" is not a date'):
        fitted(["2024-01-01", "soon"])


def test_the_way_into_a_model_file_and_back() -> None:
    preprocessing, _ = fitted(["2024-01-01 10:07", None, "2025-03-05 22:31:09"])
    stored = json.loads(json.dumps(preprocessing.as_json()))
    assert Preprocessing.from_json(stored) == preprocessing


GOOD = {"name": "d", "kind": "date", "parts": ["year"], "fill": 1.0, "indicator": False, "low": 0.5, "high": 2.0}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"parts": []}, "value_error"),
        ({"parts": ["year", "year"]}, "value_error"),
        ({"parts": ["century"]}, "literal_error"),
        ({"parts": "year"}, "tuple_type"),
        ({"kind": "number"}, "extra_forbidden"),
        ({"fill": float("nan")}, "finite_number"),
        ({"low": -1e9}, "greater_than_equal"),
        ({"high": None}, "float_type"),
        ({"edges": [0.0, 1.0]}, "value_error"),
        ({"edges": [0.0, 2.0, 1.0]}, "value_error"),
        ({"bins": 3}, "extra_forbidden"),
    ],
)
def test_what_is_damaged_in_a_model_file_is_refused(changed: dict[str, Any], found: str) -> None:
    preprocessing = fitted(["2024-01-01", "2025-03-05"])[0].as_json()
    assert Preprocessing.from_json({**preprocessing, "columns": [GOOD]}).feature_names == ("d year",)
    with pytest.raises(ValidationError) as raised:
        Preprocessing.from_json({**preprocessing, "columns": [{**GOOD, **changed}]})
    assert [error["type"] for error in raised.value.errors()][:1] == [found]


def test_new_dates_far_from_training_are_told() -> None:
    unlike = UnlikeTraining(fitted(["2024-01-01", "2024-03-01"])[0])
    unlike.add(raw(["2031-01-01", None, "2024-02-01"]))
    assert unlike.notes() == [
        "d: 1 of 3 rows have no value, but every training row had one",
        "d: 1 of 3 values are far outside the training rows' range, such as 22280; training had 19723 to 19783"
        " (days since 1970)",
    ]


def test_a_streamed_table_has_the_values_of_one_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "cache"))
    lines = [
        f"{row},2024-0{1 + row % 9}-{1 + row % 28:02} {row % 24:02}:{row % 60:02},{'ab'[row % 2]}" for row in range(300)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["n,d,y", *lines]) + "\n", encoding="utf-8")
    told: dict[str, Any] = {"source": str(tmp_path / "t.csv"), "target": "y", "validation": None, "dates": "parts"}
    loaded, streamed, as_days = (
        load_data(DataConfig.model_validate({**told, **more}), 0)
        for more in ({}, {"streaming": "always"}, {"streaming": "always", "dates": "days"})
    )
    assert streamed.source.preprocessing == loaded.source.preprocessing
    np.testing.assert_array_equal(streamed.splits.train.x[:], loaded.splits.train.x)
    assert loaded.source.feature_names == ("n", *(f"d {part}" for part in PARTS if part != "year"))
    assert as_days.source.feature_names == ("n", "d")
