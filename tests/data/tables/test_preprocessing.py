"""What training rows teach about columns, and what then becomes of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing, plain_preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions, left_out_note
from mlpcli.tables.target import TargetEncoder

Columns = Mapping[str, Sequence[Any]]
TARGET = TargetEncoder(("y",), ("a", "b"))


def raw(columns: Columns) -> RawTable:
    return RawTable(
        pa.table({name: pa.array(values) for name, values in columns.items()}), lambda row: f"표.csv:{row + 2}"
    )


def fitted(columns: Columns, kinds: Mapping[str, Any], **settings: Any) -> tuple[Preprocessing, list[str]]:
    rows = len(next(iter(columns.values())))
    training = raw({**columns, "y": ["a", "b"] * (rows // 2) + ["a"] * (rows % 2)})
    data = DataConfig(source="표.csv", **settings)
    return fit_preprocessing([training], kinds, TARGET, data, ReadOptions(formats={}))


def encoder(columns: Columns, kinds: Mapping[str, Any], **settings: Any) -> Preprocessing:
    return fitted(columns, kinds, **settings)[0]


def test_every_kind_by_hand() -> None:
    columns = {
        "age": ["1", None, "5", "3.5"],
        "port": ["S", "C", None, "S"],
        "alone": ["yes", None, "no", "예"],
        "day": ["1970-01-02", "1970-01-03 12:00", None, "1969-12-31"],
    }
    preprocessing = encoder(columns, {"age": "number", "port": "category", "alone": "boolean", "day": "date"})
    assert preprocessing.feature_names == (
        *("age", "age is missing", "port = C", "port = S", "port = (missing)"),
        *("alone", "alone is missing", "day", "day is missing"),
    )
    assert preprocessing.pass_through == (False, True, True, True, True, True, True, False, True)
    assert preprocessing.source_names == ("age", "port", "alone", "day")
    spans = {"age": slice(0, 2), "port": slice(2, 5), "alone": slice(5, 7), "day": slice(7, 9)}
    assert dict(preprocessing.groups) == spans
    x = preprocessing.encode(raw(columns))
    assert x.dtype == np.float32
    assert x.tolist() == [
        [1.0, 0, 0, 1, 0, 1, 0, 1.0, 0],
        [3.5, 1, 1, 0, 0, 1, 1, 2.5, 0],
        [5.0, 0, 0, 0, 1, 0, 0, 1.0, 1],
        [3.5, 0, 0, 1, 0, 1, 0, -1.0, 0],
    ]


@pytest.mark.parametrize(("values", "fill"), [(["yes", "no", "yes"], 1), (["yes", "no"], 0), (["no", "no", "yes"], 0)])
def test_a_boolean_gap_is_what_most_are(values: list[str], fill: float) -> None:
    assert encoder({"c": [*values, None]}, {"c": "boolean"}).encode(raw({"c": [None]})).tolist() == [[fill, 1]]


def test_only_training_rows_count() -> None:
    """The median of all rows would be 30, and all rows have a gap and a third colour."""
    columns = {"age": ["10", "20", None, "40", "90"], "colour": ["red", "blue", "green", "red", "red"]}
    kinds = {"age": "number", "colour": "category"}
    rows = raw(columns)
    training = RawTable(rows.columns.append_column("y", pa.array(["a", "b", "a", "b", "a"])), rows.place)
    preprocessing, _ = fit_preprocessing(
        [training.take(np.array([0, 1]))],
        kinds,
        TARGET,
        DataConfig(source="표.csv"),
        ReadOptions(formats={}),  # type: ignore[arg-type]
    )
    assert preprocessing.feature_names == ("age", "colour = blue", "colour = red")
    assert preprocessing.encode(rows).tolist() == [[10, 0, 1], [20, 1, 0], [15, 0, 0], [40, 0, 1], [90, 0, 1]]


def test_a_category_never_seen_is_other_and_so_is_a_gap() -> None:
    values = ["red"] * 60 + ["blue"] * 60 + ["rare"]
    preprocessing, notes = fitted({"c": values}, {"c": "category"})
    assert notes == ['column "c": 1 of 3 categories is rare and is treated as one, (other)']
    assert preprocessing.feature_names == ("c = blue", "c = red", "c = (other)")
    assert preprocessing.encode(raw({"c": ["red", "rare", "never", None]})).tolist() == [[0, 1, 0], *[[0, 0, 1]] * 3]


def test_columns_that_say_nothing_in_the_training_rows() -> None:
    columns = {"a": ["1", "2"] * 50, "b": ["x"] * 100, "c": [None] * 100, "d": [f"t{number}" for number in range(100)]}
    columns["e"] = columns["c"]
    kinds = {"a": "number", "b": "category", "c": "number", "d": "category", "e": "category"}
    preprocessing, notes = fitted(columns, kinds)
    assert preprocessing.feature_names == ("a",)
    assert notes == [
        'column "b" has one value only in the training rows and is left out',
        'column "c" has no value in the training rows and is left out',
        'column "d" has no frequent category in the training rows and is left out',
        'column "e" has no value in the training rows and is left out',
    ]
    with pytest.raises(SettingError, match=r'data.features: no column is informative in the training rows: column "b"'):
        fitted({"b": columns["b"]}, {"b": "category"})


def test_gaps_in_rare_categories_still_tell() -> None:
    preprocessing = encoder({"cabin": [f"c{number}" for number in range(80)] + [None] * 40}, {"cabin": "category"})
    assert preprocessing.feature_names == ("cabin = (other)", "cabin = (missing)")


def test_rows_with_gaps_can_be_dropped() -> None:
    columns = {"age": ["10", None, "30", "90"], "c": ["x", "y", "x", "y"]}
    preprocessing = encoder(columns, {"age": "number", "c": "category"}, missing="drop")
    assert preprocessing.feature_names == ("age", "c = x", "c = y")
    rows = raw({**columns, "y": ["a", "a", None, "b"]})
    assert preprocessing.kept_rows(rows, with_target=False).tolist() == [0, 2, 3]
    assert preprocessing.kept_rows(rows, with_target=True).tolist() == [0, 3]
    message = "표.csv:3: age: has no value (1 such row), and the model does not accept missing values; fill it in"
    with pytest.raises(DataError, match=re.escape(message)):
        preprocessing.encode(rows)
    assert left_out_note(1, 4) == [
        "1 of 4 rows have missing values and are left out (data.missing: drop); impute keeps them"
    ]
    assert left_out_note(0, 4) == []


def test_under_error_no_gap_is_taken() -> None:
    preprocessing = encoder({"age": ["10", "30"]}, {"age": "number"}, missing="error")
    with pytest.raises(DataError, match=re.escape("표.csv:3: age: has no value")):
        preprocessing.encode(raw({"age": ["1", None]}))
    assert preprocessing.kept_rows(raw({"age": ["1", None]}), with_target=False).tolist() == [0, 1]


def test_no_training_row_left() -> None:
    with pytest.raises(DataError, match=r"^표\.csv: no training row is left: all lack the target or other values"):
        fitted({"age": [None, None]}, {"age": "number"}, missing="drop")


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("number", "x", '표.csv:3: c: "x"'),
        ("number", "1e400", '표.csv:3: c: "1e400"'),
        ("number", "1e39", '표.csv:3: c: "1e39"'),
        ("number", "inf", '표.csv:3: c: "inf"'),
        ("boolean", "maybe", '표.csv:3: c: "maybe"'),
        ("date", "2024-02-30", '표.csv:3: c: "2024-02-30"'),
    ],
)
def test_a_value_of_another_kind_names_its_place(kind: str, value: str, message: str) -> None:
    good = {"number": ["1", "2"], "boolean": ["yes", "no"], "date": ["2024-01-01", "2024-01-02"]}[kind]
    with pytest.raises(DataError, match=re.escape(message)):
        fitted({"c": [good[0], value]}, {"c": kind})
    with pytest.raises(DataError, match=re.escape(message)):
        encoder({"c": good}, {"c": kind}).encode(raw({"c": [good[0], value]}))


def test_missing_columns_are_named() -> None:
    preprocessing = encoder({"age": ["1", "2"], "fare": ["1", "2"]}, {"age": "number", "fare": "number"})
    with pytest.raises(DataError) as raised:
        preprocessing.encode(raw({"ages": ["1"], "price": ["2"]}))
    assert str(raised.value) == (
        '표.csv: lacks 2 columns age, fare; it has: ages, price; rename or add them: age (did you mean "ages"?)'
    )
    with pytest.raises(DataError) as raised:
        preprocessing.kept_rows(raw({"x": ["1"], "fare": ["2"]}), with_target=False)
    assert str(raised.value) == "표.csv: lacks the column age; it has: x, fare; rename or add it"
    table = raw({"age": ["1"], "fare": ["2"]})
    with pytest.raises(DataError, match=re.escape("표.csv: lacks the column y; it has: age, fare")):
        preprocessing.encode_target(table)


def test_names_alone_take_numbers_without_gaps() -> None:
    plain = plain_preprocessing(("a", "b"), ("no", "yes"), ())
    table = raw({"b": ["2"], "result": ["yes"], "a": ["1"]})
    assert plain.encode(table).tolist() == [[1, 2]]
    assert plain.encode_target(table).tolist() == [1]
    assert plain.feature_names == ("a", "b")
    assert plain.pass_through == (False, False)
    with pytest.raises(DataError, match=re.escape("표.csv:2: a: has no value")):
        plain.encode(raw({"a": [None], "b": ["1"]}))
    with pytest.raises(DataError, match=re.escape('표.csv:2: a: "x"')):
        plain.encode(raw({"a": ["x"], "b": ["1"]}))


def test_a_target_without_a_name_is_found() -> None:
    plain = plain_preprocessing(("a",), None, ())
    assert plain.encode_target(raw({"a": ["1"], "id": ["7"], "Target": ["2.5"]})).tolist() == [2.5]
    assert plain.kept_rows(raw({"a": ["1", "2"], "t": [None, "1"]}), with_target=True).tolist() == [1]
    message = "표.csv: cannot tell which column is the target (besides the features it has i, j); name the target"
    with pytest.raises(DataError, match=re.escape(message)):
        plain.encode_target(raw({"a": ["1"], "i": ["1"], "j": ["2"]}))
    assert plain_preprocessing(("a",), None, ("j",)).encode_target(
        raw({"a": ["1"], "i": ["1"], "j": ["2"]})
    ).tolist() == [2]


def test_a_moment_keeps_its_day_whatever_the_file() -> None:
    typed = raw({"day": [datetime(1970, 1, 11, 6), None]})
    preprocessing = encoder({"day": ["1970-01-11 06:00", None]}, {"day": "date"})
    assert preprocessing.encode(typed).tolist() == [[10.25, 0], [10.25, 1]]
