"""What training rows teach about columns, and what then becomes of rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlpcli.config.data import DataConfig
from mlpcli.data.tables.column_fitters import CategoryFitter, least_rows
from mlpcli.data.tables.preprocessing import Preprocessing, fit_preprocessing, plain_preprocessing
from mlpcli.data.tables.raw_table import RawTable
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.target_encoder import TargetEncoder
from mlpcli.data.tables.usable_rows import left_out_note
from mlpcli.data.tables.value_sample import ValueSample
from mlpcli.errors import DataError, SettingError

Columns = Mapping[str, Sequence[Any]]
TARGET = TargetEncoder("y", ("a", "b"))


def raw(columns: Columns) -> RawTable:
    return RawTable(pa.table({name: pa.array(values) for name, values in columns.items()}), lambda row: f"표.csv:{row + 2}")


def fitted(columns: Columns, kinds: Mapping[str, Any], **settings: Any) -> tuple[Preprocessing, list[str]]:
    rows = len(next(iter(columns.values())))
    training = raw({**columns, "y": ["a", "b"] * (rows // 2) + ["a"] * (rows % 2)})
    return fit_preprocessing([training], kinds, TARGET, DataConfig(source="표.csv", **settings), ReadOptions())


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


def test_only_training_rows_count() -> None:
    """The median of all rows would be 30, and all rows have a gap and a third colour."""
    columns = {"age": ["10", "20", None, "40", "90"], "colour": ["red", "blue", "green", "red", "red"]}
    kinds = {"age": "number", "colour": "category"}
    rows = raw(columns)
    training = RawTable(rows.columns.append_column("y", pa.array(["a", "b", "a", "b", "a"])), rows.place)
    preprocessing, _ = fit_preprocessing(
        [training.take(np.array([0, 1]))], kinds, TARGET, DataConfig(source="표.csv"), ReadOptions()  # type: ignore[arg-type]
    )
    assert preprocessing.feature_names == ("age", "colour = blue", "colour = red")
    assert preprocessing.encode(rows).tolist() == [[10, 0, 1], [20, 1, 0], [15, 0, 0], [40, 0, 1], [90, 0, 1]]


def test_a_category_never_seen_is_other_and_so_is_a_gap() -> None:
    values = ["red"] * 60 + ["blue"] * 60 + ["rare"]
    preprocessing, notes = fitted({"c": values}, {"c": "category"})
    assert notes == ['column "c": 1 of 3 categories is rare and becomes one, (other)']
    assert preprocessing.feature_names == ("c = blue", "c = red", "c = (other)")
    assert preprocessing.encode(raw({"c": ["red", "rare", "never", None]})).tolist() == [[0, 1, 0], *[[0, 0, 1]] * 3]


@pytest.mark.parametrize(("rows", "least"), [(4, 1), (20, 1), (40, 2), (100, 5), (500, 5), (700, 7), (10**6, 100)])
def test_how_many_rows_make_a_category(rows: int, least: int) -> None:
    assert least_rows(rows) == least


def test_at_most_fifty_categories_the_most_frequent() -> None:
    values = [f"c{number:02}" for number in range(60) for _ in range(5 + (number >= 20))]
    preprocessing, notes = fitted({"c": values}, {"c": "category"})
    expected = [f"c = c{number:02}" for number in (*range(10), *range(20, 60))]
    assert preprocessing.feature_names == (*expected, "c = (other)")
    assert notes == ['column "c": 10 of 60 categories are rare and become one, (other)']


def test_counting_very_many_categories_forgets_the_rarest() -> None:
    fitter = CategoryFitter("c", most_counted=4)
    for batch in (["a", "b", "a"], ["a", "c", "d", "e"], ["a", "f", "a"]):
        fitter.add(pa.chunked_array([batch]), str)
    column, _ = fitter.finish()
    assert column is not None
    assert column.feature_names[0] == "c = a"
    assert column.feature_names[-1] == "c = (other)"


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
    with pytest.raises(SettingError, match='data.features: no column says anything in the training rows: column "b" has'):
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
    message = "표.csv:3: age: has no value (1 such row), and the model takes no rows with gaps; fill it in, leave out the row"
    with pytest.raises(DataError, match=re.escape(message)):
        preprocessing.encode(rows)
    assert left_out_note(1, 4) == [
        "1 of 4 rows have gaps and are left out (data.missing: drop); impute would keep them"
    ]
    assert left_out_note(0, 4) == []


def test_under_error_no_gap_is_taken() -> None:
    preprocessing = encoder({"age": ["10", "30"]}, {"age": "number"}, missing="error")
    with pytest.raises(DataError, match="표.csv:3: age: has no value"):
        preprocessing.encode(raw({"age": ["1", None]}))
    assert preprocessing.kept_rows(raw({"age": ["1", None]}), with_target=False).tolist() == [0, 1]


def test_no_training_row_left() -> None:
    with pytest.raises(DataError, match="no training row is left"):
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
        preprocessing.encode(raw({"Age ": ["1"], "price": ["2"]}))
    assert str(raised.value) == "표.csv: lacks 2 columns: age, fare; it has: Age , price; rename or add them"
    with pytest.raises(DataError) as raised:
        preprocessing.kept_rows(raw({"ages": ["1"], "fare": ["2"]}), with_target=False)
    assert str(raised.value) == (
        '표.csv: lacks the column: age; did you mean "ages"? It has: ages, fare; rename or add it'
    )
    table = raw({"age": ["1"], "fare": ["2"]})
    assert not preprocessing.has_target(table)
    with pytest.raises(DataError, match="표.csv: lacks the column: y; it has: age, fare"):
        preprocessing.encode_target(table)


def test_names_alone_take_numbers_without_gaps() -> None:
    plain = plain_preprocessing(("a", "b"), ("no", "yes"), None)
    table = raw({"b": ["2"], "result": ["yes"], "a": ["1"]})
    assert plain.encode(table).tolist() == [[1, 2]]
    assert plain.encode_target(table).tolist() == [1]
    assert plain.feature_names == ("a", "b")
    assert plain.pass_through == (False, False)
    with pytest.raises(DataError, match="표.csv:2: a: has no value"):
        plain.encode(raw({"a": [None], "b": ["1"]}))
    with pytest.raises(DataError, match='표.csv:2: a: "x"'):
        plain.encode(raw({"a": ["x"], "b": ["1"]}))


def test_a_target_without_a_name_is_found() -> None:
    plain = plain_preprocessing(("a",), None, None)
    assert plain.encode_target(raw({"a": ["1"], "id": ["7"], "Target": ["2.5"]})).tolist() == [2.5]
    assert plain.kept_rows(raw({"a": ["1", "2"], "t": [None, "1"]}), with_target=True).tolist() == [1]
    assert not plain.has_target(raw({"a": ["1"]}))
    message = "표.csv: which column is the target? Beside the features it has i, j; call it target"
    with pytest.raises(DataError, match=re.escape(message)):
        plain.encode_target(raw({"a": ["1"], "i": ["1"], "j": ["2"]}))
    assert plain_preprocessing(("a",), None, "j").encode_target(raw({"a": ["1"], "i": ["1"], "j": ["2"]})).tolist() == [2]


def test_the_median_is_exact_up_to_a_limit_and_then_of_a_sample() -> None:
    values = np.random.default_rng(0).permutation(100_000).astype(float)
    whole, sampled, batched = ValueSample(), ValueSample(columns=10_000), ValueSample(columns=10_000)
    whole.add(values)
    assert whole.median() == 49_999.5
    sampled.add(values)
    for start in range(0, len(values), 999):
        batched.add(values[start : start + 999])
    assert sampled.median() == batched.median() != whole.median()
    assert abs(sampled.median() - 50_000) < 5_000  # 2,000 values: one standard error is about 1,100
    assert np.isnan(ValueSample().median())


def test_a_moment_keeps_its_day_whatever_the_file() -> None:
    typed = raw({"day": [datetime(1970, 1, 11, 6), None]})
    preprocessing = encoder({"day": ["1970-01-11 06:00", None]}, {"day": "date"})
    assert preprocessing.encode(typed).tolist() == [[10.25, 0], [10.25, 1]]


def test_the_same_as_scikit_learn_on_titanic(shared_data: Path) -> None:
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder

    numbers, categories = ["pclass", "age", "sibsp", "fare"], ["sex", "embarked", "deck", "who"]
    with (shared_data / "tabular" / "titanic.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {name: [row[name] or None for row in rows] for name in numbers + categories}
    preprocessing = encoder(columns, {**dict.fromkeys(numbers, "number"), **dict.fromkeys(categories, "category")})
    x = preprocessing.encode(raw(columns))
    values = np.array([[float(row[name] or "nan") for name in numbers] for row in rows])
    imputed = SimpleImputer(strategy="median", add_indicator=True).fit_transform(values)
    ours = ["pclass", "age", "sibsp", "fare", "age is missing"]
    np.testing.assert_allclose(x[:, [preprocessing.feature_names.index(name) for name in ours]], imputed, rtol=1e-6)
    texts = np.array([[row[name] or "(missing)" for name in categories] for row in rows], dtype=object)
    rare = OneHotEncoder(min_frequency=least_rows(len(rows)), sparse_output=False)  # 9 of 891 rows
    theirs = dict(zip(rare.fit(texts).get_feature_names_out(categories), rare.transform(texts).T, strict=True))
    for index, name in enumerate(preprocessing.feature_names[5:], start=5):
        column, _, category = name.partition(" = ")
        other = {"(other)": "infrequent_sklearn"}.get(category, category)
        if (column, category) == ("embarked", "(missing)"):  # two rows: scikit-learn finds gaps rare, too
            other = "infrequent_sklearn"
        np.testing.assert_array_equal(x[:, index], theirs.pop(f"{column}_{other}"), err_msg=name)
    assert not theirs
