"""Several columns to predict at once: which, as what, and their numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.load_data import load_data
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_forms import profile_columns
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import RawTable
from mlpcli.tables.target import TargetEncoder, choose_target

HOUSES = """area,rooms,city,price,rent
10.5,1,서울,"$1,250",70.5 kg
20.5,2,부산,"$2,500",80 kg
30.5,3,서울,"$3,750",
40.5,1,부산,,90.5 kg
50.5,2,서울,"$9,000",100.25 kg
"""


def raw(columns: dict[str, list[Any]]) -> RawTable:
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return RawTable(table, lambda row: f"표.csv:{row + 2}")


def chosen(columns: dict[str, list[Any]], **settings: Any) -> TargetEncoder:
    data = DataConfig(source="표.csv", **{"target": list(columns), **settings})
    return choose_target("표.csv", profile_columns([raw(columns)], data), data)[0]


def test_the_numbers_of_each_row_in_the_order_of_the_config() -> None:
    columns = {"a": ["0.5", "2", "-1e1"], "b": ["7.5", "8.25", "9"]}
    both = chosen(columns, target=["b", "a"])
    assert (both.names, both.class_names, both.row_shape) == (("b", "a"), None, (2,))
    y = both.encode(raw(columns))
    assert y.dtype == np.float32
    assert y.tolist() == [[7.5, 0.5], [8.25, 2], [9, -10]]


def test_a_gap_in_either_is_named() -> None:
    encoder = TargetEncoder(("a", "b"), None)
    with pytest.raises(DataError, match=re.escape("표.csv:3: b: has no value (1 such row in all)")):
        encoder.encode(raw({"a": ["1", "2"], "b": ["1", None]}))
    with pytest.raises(DataError, match="lacks the column b"):
        encoder.found_in(raw({"a": ["1"]}), ())


CODES = ["0", "1", "1", "0", "1", "0"]
NUMBERS = ["1.5", "2.5", "3.5", "4.5", "5.5", "6.5"]
REFUSED: list[tuple[dict[str, list[Any]], dict[str, Any], str]] = [
    (
        {"a": NUMBERS, "종": ["개", "말", "개", "말", "개", "말"]},
        {},
        'data.target: several targets must be numbers, but "종" of 표.csv holds classes (개, 말); predict it alone, in'
        " a config of its own",
    ),
    (
        {"a": NUMBERS, "code": CODES},
        {},
        'but "code" of 표.csv holds 2 whole numbers that look like classes (0, 1); set data.task: regression to predict'
        " it as a number, or predict it alone",
    ),
    (
        {"a": NUMBERS, "b": ["x", *NUMBERS[1:3], "y", "z", "x"]},
        {"task": "regression"},
        'data.target: several targets must be numbers, but "b" of 표.csv holds classes (',
    ),
    (
        {"a": NUMBERS, "b": NUMBERS},
        {"task": "classification"},
        "data.task: classification is for one target, but data.target names 2; use regression or auto",
    ),
    ({"a": NUMBERS, "b": ["7"] * 6}, {}, '표.csv: b: all 6 rows with a target have the same one, "7"'),
    ({"a": NUMBERS}, {"target": ["a", "aa"]}, 'data.target: 표.csv has no column "aa"; it has: a; did you mean "a"?'),
    ({"a": NUMBERS, "b": NUMBERS}, {"target": ["a", "a"]}, 'data.target: column "a" is named twice'),
]


@pytest.mark.parametrize(("columns", "settings", "message"), REFUSED, ids=[words[-30:] for *_, words in REFUSED])
def test_refused(columns: dict[str, list[Any]], settings: dict[str, Any], message: str) -> None:
    with pytest.raises((SettingError, DataError)) as raised:
        chosen(columns, **settings)
    assert message in str(raised.value)


def test_whole_numbers_are_numbers_where_the_config_says_regression() -> None:
    columns = {"a": NUMBERS[:3], "code": CODES[:3]}
    assert chosen(columns, task="regression").encode(raw(columns)).tolist() == [[1.5, 0], [2.5, 1], [3.5, 1]]


@pytest.mark.parametrize("streaming", ["never", "always"])
def test_rows_that_lack_one_are_left_out_and_the_dress_is_taken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, streaming: str
) -> None:
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "cache"))
    (tmp_path / "houses.csv").write_text(HOUSES, encoding="utf-8")
    data = DataConfig(
        source=str(tmp_path / "houses.csv"), target=["price", "rent"], validation=None, streaming=streaming
    )
    for _ in range(2):  # the second time from the cache
        loaded = load_data(data, 0)
        part = loaded.splits.train
        y = np.asarray(part.y[np.sort(part.indices[:])])
        assert y.dtype == np.float32
        assert y.tolist() == [[1250, 70.5], [2500, 80], [9000, 100.25]]
        assert loaded.source.class_names is None
        assert {column.name: column.kind for column in loaded.source.columns} == {
            "area": "number", "rooms": "number", "city": "category", "price": "target", "rent": "target"
        }  # fmt: skip
        assert '1 of 5 rows has no target value and is left out (column "rent")' in loaded.source.notes
    fitted = loaded.source.preprocessing
    assert fitted is not None
    assert fitted.source_names == ("area", "rooms", "city")
    again = Preprocessing.from_json(fitted.as_json())
    assert again == fitted
    assert again.target.names == ("price", "rent")
    assert fitted.as_json()["target"]["name"] == ["price", "rent"]


def test_a_target_is_no_feature(tmp_path: Path) -> None:
    (tmp_path / "houses.csv").write_text(HOUSES, encoding="utf-8")
    data = DataConfig(source=str(tmp_path / "houses.csv"), target=["price", "rent"], exclude=["rent"])
    with pytest.raises(SettingError, match=re.escape('data.exclude: "rent" is a target (data.target); remove it here')):
        load_data(data, 0)
