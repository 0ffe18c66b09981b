"""A table file as a data set: split first, fitted on the training rows, other files encoded like them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.load_data import load_data
from mlpcli.errors import DataError, SettingError

Write = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path) -> Write:
    """Writes lines to a CSV file."""

    def write(lines: list[str], name: str = "people.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def load(path: Path, **settings: Any) -> Any:
    return load_data(DataConfig(source=str(path), **{"target": "y", **settings}), seed=1)


ROWS = [f"{number},{'red' if number % 3 else 'blue'},{'a' if number % 2 else 'b'}" for number in range(40)]


def test_columns_become_numbers(table: Write) -> None:
    loaded = load(table(["size,colour,y", *ROWS]))
    source = loaded.source
    assert (source.name, source.kind, source.class_names) == ("people", "table", ("a", "b"))
    assert source.feature_names == ("size", "colour = blue", "colour = red")
    assert source.preprocessing is not None
    assert source.preprocessing.pass_through == (False, True, True)
    np.testing.assert_array_equal(source.train.x[:4], [[0, 1, 0], [1, 0, 1], [2, 0, 1], [3, 1, 0]])
    np.testing.assert_array_equal(source.train.y[:4], [1, 0, 1, 0])
    assert (len(loaded.splits.train), len(loaded.splits.validation)) == (32, 8)
    assert [column.kind for column in source.columns] == ["number", "category", "target"]


def test_the_median_is_that_of_the_training_rows(table: Write) -> None:
    """The gap is filled with the median of the rows that are learnt from, not of all."""
    lines = ["size,y", *(f"{number**2},{'ab'[number % 2]}" for number in range(30)), ",a", ",b", ",a", ",b"]
    loaded = load(table(lines), validation=0.5)
    x, rows = loaded.source.train.x, loaded.splits.train.indices
    known = [index**2 for index in rows if index < 30]
    np.testing.assert_array_equal(x[30:, 0], np.full(4, np.median(known), np.float32))
    assert loaded.source.feature_names == ("size", "size is missing")
    np.testing.assert_array_equal(x[28:32, 1], [0, 0, 1, 1])


def test_rows_without_a_target_are_left_out_and_counted(table: Write) -> None:
    loaded = load(table(["size,y", "1,a", "2,", "3,b", "4,a", "5,b", "6,NA", "7,a", "8,b"]), validation=None)
    assert loaded.source.train.x[:, 0].tolist() == [1, 3, 4, 5, 7, 8]
    assert any("2 of 8 rows" in note for note in loaded.source.notes)


def test_rows_with_gaps_are_dropped_if_asked(table: Write) -> None:
    path = table(["size,y", "1,a", ",b", "3,b", "4,a", "5,b"])
    loaded = load(path, validation=None, missing="drop")
    assert loaded.source.train.x[:, 0].tolist() == [1, 3, 4, 5]
    assert any(note.startswith("1 of 5 rows have missing values and are left out") for note in loaded.source.notes)
    with pytest.raises(DataError, match=r"people\.csv:3: size: has no value"):
        load(path, validation=None, missing="error")


def test_other_files_are_encoded_like_the_training_rows(table: Write) -> None:
    path = table(["size,colour,y", *ROWS])
    other = table(["y,extra,colour,size", "b,9,red,100", "a,9,green,"], "other.csv")
    splits = load(path, test=str(other)).splits
    np.testing.assert_array_equal(splits.test.x, [[100, 0, 1], [np.median(splits.train.indices), 0, 0]])
    np.testing.assert_array_equal(splits.test.y, [1, 0])
    validation = load(path, validation=str(other)).splits.validation
    np.testing.assert_array_equal(validation.y, [1, 0])
    assert load(path, test=str(other), validation="test").splits.validation is not None


def test_a_stored_preprocessing_takes_the_place_of_a_new_one(table: Write) -> None:
    path = table(["size,colour,y", *ROWS])
    first = load(path)
    changed = table(["size,colour,y", *ROWS[:-1], "1000000,purple,a"], "changed.csv")
    again = load_data(DataConfig(source=str(changed), target="y"), 1, first.source.preprocessing).source
    assert again.feature_names == first.source.feature_names
    np.testing.assert_array_equal(again.train.x[:-1], first.source.train.x[:-1])
    np.testing.assert_array_equal(again.train.x[-1], [1_000_000, 0, 0])


def test_limit_keeps_the_first_rows(table: Write) -> None:
    splits = load(table(["size,colour,y", *ROWS]), limit=10, validation=None).splits
    assert splits.train.indices.tolist() == list(range(10))


def test_the_same_table_as_parquet(table: Write, tmp_path: Path) -> None:
    import pyarrow.parquet as pq
    from pyarrow import csv

    path = table(["size,colour,y", *ROWS])
    pq.write_table(csv.read_csv(path), tmp_path / "people.parquet")
    one, other = load(path), load(tmp_path / "people.parquet")
    np.testing.assert_array_equal(one.source.train.x, other.source.train.x)
    np.testing.assert_array_equal(one.splits.train.indices, other.splits.train.indices)


def test_too_few_rows(table: Write) -> None:
    with pytest.raises(DataError, match=r"people.csv: y: all 1 rows with a target|at least 2 are needed"):
        load(table(["size,y", "1,a", "2,"]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image": {"color": "rgb"}}, "data.image: is only for folders of class folders"),
        ({"strict": True}, "data.strict: is only for folders of class folders"),
        ({"generate": {"rows": 50}}, "data.generate: is only for generated sets"),
        ({"path": "x"}, "data.path: is for built-in names"),
    ],
)
def test_settings_of_other_sources_are_refused(table: Write, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message.split(": ", 1)[1]):
        load_data(
            DataConfig.model_validate({"source": str(table(["size,y", "1,a", "2,b"])), "target": "y", **settings}), 1
        )


@pytest.mark.parametrize("key", ["types", "na_values", "separator", "encoding", "missing", "streaming"])
def test_settings_of_tables_are_refused_elsewhere(key: str) -> None:
    values = {"types": {"a": "number"}, "na_values": ["-"], "missing": "drop", "streaming": "always"}
    data = DataConfig.model_validate({"source": "iris", key: values.get(key, ";" if key == "separator" else "cp949")})
    with pytest.raises(SettingError, match="is only for tables"):
        load_data(data, 1)
