"""Which columns are used, and as what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_forms import profile_columns
from mlpcli.tables.kinds import ChosenColumns, choose_kinds
from mlpcli.tables.raw_table import RawTable

Columns = Mapping[str, Sequence[Any]]
TEN = range(10)
WORDS = ["the cat sat down", "a dog ran off fast", "we like the sea"]


def chosen(columns: Columns, target: str | None = None, **settings: Any) -> ChosenColumns:
    table = RawTable(
        pa.table({name: pa.array(values) for name, values in columns.items()}), lambda row: f"표.csv:{row + 2}"
    )
    data = DataConfig(source="표.csv", **settings)
    return choose_kinds("표.csv", profile_columns([table], data), data, () if target is None else (target,))


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("age", ["3", "4.5", None], "number"),
        ("pclass", ["1", "2", "3", "1"], "number"),
        ("flag", ["0", "1", "1"], "number"),
        ("flag", ["yes", "no", "no"], "boolean"),
        ("flag", [True, False, None], "boolean"),
        ("날짜", ["2024년 1월 31일", "2024-02-01"], "date"),
        ("port", ["S", "C", "S"], "category"),
        ("port", ["1", "2", "S", "C"], "category"),
        ("zip_code", ["10", "20", "30", "10"], "category"),
        ("우편번호", ["10", "20", "30", "10"], "category"),
        ("zip_code", [str(number) for number in range(21)], "number"),
        ("encode", ["10", "20", "30", "10"], "number"),
        ("district", ["01", "02", "03", "01"], "category"),
        ("ratio", ["0.5", "0.25", "1"], "number"),
        ("mark", ["x", None, None, "x"], "category"),
        ("too large", ["1e400", "2"], "number"),
        ("infinite", ["inf", "2", "3"], "number"),
    ],
)
def test_kinds_by_their_values(name: str, values: list[Any], kind: str) -> None:
    assert chosen({name: values}).kinds == {name: kind}


def test_codes_are_said() -> None:
    notes = chosen({"zip_code": ["10", "20", "30", "10"]}).notes
    assert notes == ['column "zip_code": 3 whole numbers that look like codes are used as categories']


def test_what_tells_nothing_is_left_out_and_said() -> None:
    columns = {
        "a": [str(number / 2) for number in TEN],
        "빈": [None] * 10,
        "same": ["x"] * 10,
        "name": [f"n{number}" for number in TEN],
    }
    result = chosen(columns)
    assert list(result.kinds) == ["a"]
    assert result.notes == [
        '1 column without any value left out: "빈"',
        '1 column with one value only left out: "same"',
        '1 column with a different text in every row, such as names or identifiers, left out: "name"',
    ]


def test_few_rows_do_not_make_an_identifier() -> None:
    assert chosen({"name": ["a", "b", "c"]}).kinds == {"name": "category"}


@pytest.mark.parametrize(
    ("name", "values", "noted"),
    [
        ("row", [str(number + 5) for number in TEN], True),
        ("customer_id", [str(number * 7 % 11) for number in TEN], True),
        ("고객번호", [str(number * 7 % 11) for number in TEN], True),
        ("amount", [str(number * 7 % 11) for number in TEN], False),
        ("paid", [str(number * 7 % 11) for number in TEN], False),
        ("row", [str(number) for number in range(9)], False),
    ],
)
def test_numbers_that_name_the_rows_are_kept_and_warned_of(name: str, values: list[str], noted: bool) -> None:
    result = chosen({name: values})
    assert result.kinds == {name: "number"}
    assert result.notes == (
        [f'column "{name}": every row has a different number, like row numbers or identifiers; data.exclude: [{name}]?']
        if noted
        else []
    )


def test_settings_choose_columns_in_their_order() -> None:
    columns = {"a": ["1", "2"], "b": ["3", "4"], "c": ["5", "6"], "y": ["0", "1"]}
    assert list(chosen(columns, "y").kinds) == ["a", "b", "c"]
    assert list(chosen(columns, "y", exclude=["b"]).kinds) == ["a", "c"]
    assert list(chosen(columns, "y", features=["c", "b", "a"], exclude=["b"]).kinds) == ["c", "a"]
    assert chosen(columns, "y", types={"a": "category", "y": "category"}).kinds["a"] == "category"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": ["agee"]}, 'data.features: 표.csv has no column "agee"; it has: age, y; did you mean "age"?'),
        ({"exclude": ["yy"]}, 'data.exclude: 표.csv has no column "yy"'),
        ({"types": {"Age": "number"}}, 'data.types: 표.csv has no column "Age"; it has: age, y; did you mean "age"?'),
        ({"features": ["age", "age"]}, 'data.features: column "age" is named twice'),
        ({"features": ["age", "y"]}, 'data.features: "y" is the target (data.target); remove it here'),
        ({"exclude": ["y"]}, 'data.exclude: "y" is the target'),
        ({"exclude": ["age"]}, "data.exclude: 표.csv has no columns left to learn from"),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=re.escape(message)):
        chosen({"age": ["1", "2"], "y": ["0", "1"]}, "y", **settings)


def test_nothing_left_says_why() -> None:
    with pytest.raises(SettingError) as raised:
        chosen({"a": ["1", "1"], "b": [None, None]})
    assert str(raised.value) == (
        "data.source: 표.csv has no columns left to learn from: 1 without any value, 1 with one value only"
    )


def test_numbers_with_a_mistake_among_them_name_its_line() -> None:
    with pytest.raises(DataError) as raised:
        chosen({"나이": ["1", "2", None, "3", "모름", "5", "6", "7", "x", "9", "10", "11"]})
    assert str(raised.value) == (
        '표.csv:10: 나이: "x" is not a number, but 9 of 11 values are; correct the 2, or set data.na_values: [x]'
        " if it means a missing value, or data.types: {나이: category}"
    )


def test_dates_with_a_mistake_among_them() -> None:
    with pytest.raises(
        DataError, match=re.escape('표.csv:6: day: "soon" is not a date, but 4 of 5 values are; correct the 1')
    ):
        chosen({"day": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "soon"]})


def test_mixed_columns_can_be_declared() -> None:
    values = ["1", "2", "3", "4", "4+"]
    assert chosen({"size": values}, types={"size": "category"}).kinds == {"size": "category"}
    assert chosen({"size": values}, types={"size": "number"}).kinds == {"size": "number"}  # its error names the value


def test_free_text_is_refused_with_advice() -> None:
    texts = [f"{WORDS[number % 3]} {number}" for number in range(60)]
    columns = {"a": [str(number / 2) for number in range(60)], "comment": texts, "댓글": texts}
    with pytest.raises(SettingError) as raised:
        chosen(columns)
    assert str(raised.value) == (
        'data.exclude: 표.csv: free text (5 words on average, 60 distinct texts) in "comment", "댓글", which this'
        " network cannot use; set data.exclude: [comment, 댓글], or data.types: {comment: category} to use its most"
        " frequent texts"
    )
    assert list(chosen(columns, exclude=["comment"], types={"댓글": "category"}).kinds) == ["a", "댓글"]


def test_texts_of_several_words_that_repeat_are_categories() -> None:
    assert chosen({"kind": [WORDS[number % 3] for number in range(60)]}).kinds == {"kind": "category"}


def test_gaps_under_error_are_counted_and_placed() -> None:
    columns = {
        "a": ["1", "2", "3", "4"],
        "b": ["1", None, None, "2"],
        "c": [None, "x", "y", "y"],
        "unused": [None, *"123"],
    }
    with pytest.raises(DataError) as raised:
        chosen(columns, missing="error", exclude=["unused"])
    assert str(raised.value) == (
        "표.csv:3: b: has no value (missing in all: b 2, c 1); fill them in, or choose data.missing: impute (filled"
        " with the median) or drop (such rows are left out)"
    )
    assert list(chosen(columns, missing="error", features=["a"]).kinds) == ["a"]


def test_where_rows_with_gaps_are_dropped_they_tell_nothing() -> None:
    assert list(chosen({"a": ["1", "2"], "mark": ["x", None]}, missing="drop").kinds) == ["a"]


def test_five_hundred_columns() -> None:
    columns = {f"c{number}": ["0.5", "1"] for number in range(500)}
    assert len(chosen(columns).kinds) == 500
