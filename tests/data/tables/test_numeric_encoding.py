"""data.numeric_encoding: the bins of numbers and dates, their edges, and what becomes of values."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pydantic import ValidationError

from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import Rows, Source
from mlpcli.data.load_data import load_data
from mlpcli.data.look.findings import raw_columns
from mlpcli.data.streaming.load_streamed import memory_needed
from mlpcli.data.streaming.stored_table import set_key
from mlpcli.errors import SettingError
from mlpcli.tables.column_encoders import ValueColumn, bin_shares
from mlpcli.tables.column_fitters import ValueFitter, ValueSample
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.target import TargetEncoder
from mlpcli.tables.unlike import UnlikeTraining

Columns = Mapping[str, Sequence[Any]]


def raw(columns: Columns) -> RawTable:
    return RawTable(pa.table({name: pa.array(values) for name, values in columns.items()}), lambda row: f"표:{row + 2}")


def fitted(columns: Columns, kinds: Mapping[str, Any], bins: int | None) -> Preprocessing:
    rows = len(next(iter(columns.values())))
    training = raw({**columns, "y": ["a", "b"] * (rows // 2) + ["a"] * (rows % 2)})
    encoding = {"piecewise_linear": {"bins": bins}} if bins else None
    data = DataConfig(source="t.csv", numeric_encoding=encoding)  # type: ignore[arg-type]
    target = TargetEncoder(("y",), ("a", "b"))
    return fit_preprocessing([training], kinds, target, data, ReadOptions(formats={}))[0]


def edges_of(values: Sequence[float], bins: int, kind: Any = "number") -> tuple[float, ...]:
    texts = [None if np.isnan(value) else repr(float(value)) for value in values]
    (column,) = fitted({"v": texts}, {"v": kind}, bins).columns
    assert isinstance(column, ValueColumn)
    return column.edges


def test_a_column_by_hand() -> None:
    preprocessing = fitted({"age": ["10", "20", None, "40", "80", "30"]}, {"age": "number"}, 2)
    assert preprocessing.feature_names == ("age", "age is missing", "age from 10 to 30", "age from 30 to 80")
    assert preprocessing.pass_through == (False, True, True, True)
    assert preprocessing.groups == [("age", slice(0, 4))]
    assert preprocessing.groups_without_bins == [("age", slice(0, 2))]
    x = preprocessing.encode(raw({"age": ["-5", "10", "25", "30", "40", "99", None]}))
    expected = [
        [-5, 0, 0, 0],
        [10, 0, 0, 0],
        [25, 0, 0.75, 0],
        [30, 0, 1, 0],
        [40, 0, 1, 0.2],
        [99, 0, 1, 1],
        [30, 1, 1, 0],  # a gap is the median
    ]
    assert_allclose(x, expected, rtol=1e-7)


def test_without_the_key_nothing_is_different() -> None:
    columns, kinds = {"age": ["10", "20", "30", "40"], "c": ["x", "y", "x", "y"]}, {"age": "number", "c": "category"}
    preprocessing = fitted(columns, kinds, None)
    assert preprocessing.feature_names == ("age", "c = x", "c = y")
    assert "edges" not in preprocessing.as_json()["columns"][0]


def test_booleans_and_categories_have_no_bins_and_dates_have() -> None:
    columns = {"flag": ["yes", "no", "yes", "no"], "c": ["x", "y", "x", "y"]}
    days = {"day": ["1970-01-02", "1970-01-03", "1970-01-11", "1970-01-21"]}
    preprocessing = fitted({**columns, **days}, {"flag": "boolean", "c": "category", "day": "date"}, 3)
    assert preprocessing.feature_names == (
        *("flag", "c = x", "c = y", "day"),
        *("day from 1 to 2", "day from 2 to 10", "day from 10 to 20"),
    )
    x = preprocessing.encode(raw({"flag": ["yes"], "c": ["y"], "day": [date(1970, 1, 7)]}))
    assert x.tolist() == [[1, 0, 1, 6, 1, 0.5, 0]]


@pytest.mark.parametrize(
    ("values", "bins", "edges"),
    [
        ([1, 2, 3, 4, 5], 2, (1, 3, 5)),
        ([1, 2, 3, 4, 5], 4, (1, 2, 3, 4, 5)),
        ([1, 2, 3, 4, 5], 16, (1, 2, 3, 4, 5)),  # more bins than values
        ([1, 2, 2, 2, 2, 2, 9], 4, (1, 2, 9)),  # ties
        ([0] * 99 + [7], 16, ()),  # one bin from 0 to 7 would be the value itself
        ([3, 5, 3, 5], 16, ()),
        ([4, 4, 4], 16, ()),
        ([4], 16, ()),
        ([float("nan"), 1, 2, 3], 2, (1, 2, 3)),
        ([2**24, 2**24 + 1, 2**24 + 2], 16, ()),  # two values, in 32 bits
        ([-3e38, 0, 3e38], 16, (np.float32(-3e38), 0, np.float32(3e38))),
        ([1e-44, 3e-45, 0], 16, (0, np.float32(3e-45), np.float32(1e-44))),
    ],
)
def test_edges_by_hand(values: list[float], bins: int, edges: tuple[float, ...]) -> None:
    assert edges_of(values, bins) == edges
    assert edges_of(values[::-1], bins) == edges


def test_edges_are_the_quantiles_of_numpy() -> None:
    values = np.random.default_rng(1).lognormal(3, 2, 4001).astype(np.float32)
    expected = np.quantile(values, np.linspace(0, 1, 17), method="nearest")
    assert_array_equal(edges_of(values.tolist(), 16), expected)
    assert_allclose(np.quantile(values, np.linspace(0, 1, 17)), expected, rtol=2e-2)  # those between two values
    counts = np.histogram(values, expected)[0]
    assert (counts.min(), counts.max()) == (250, 251)


def test_values_are_those_of_a_slow_reference() -> None:
    draws = np.random.default_rng(2)
    edges = tuple(np.sort(draws.normal(0, 50, 17)).tolist())
    values = np.concatenate([draws.normal(0, 80, 3000), edges])
    found = np.full((len(values), 16), 7, np.float32)
    bin_shares(values, edges, found)
    for value, row in zip(values.tolist(), found, strict=True):
        for (low, high), share in zip(pairwise(edges), row.tolist(), strict=True):
            expected = 0 if value <= low else 1 if value >= high else (value - low) / (high - low)
            assert share == np.float32(expected)


def test_rows_are_encoded_one_like_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """In chunks of rows, into columns of a wider array."""
    monkeypatch.setattr("mlpcli.arrays.CHUNK_BYTES", 8 * 3 * 10)
    values, wide = np.linspace(-1, 4, 101), np.zeros((101, 7), np.float32)
    bin_shares(values, (0.0, 1.0, 2.0, 3.0), wide[:, 2:5])
    assert_allclose(wide[:, 2:5].sum(axis=1), np.clip(values, 0, 3), atol=1e-6)
    assert not wide[:, [0, 1, 5, 6]].any()


def test_edges_do_not_depend_on_batches_and_are_bounded() -> None:
    values = np.random.default_rng(3).permutation(100_000).astype(float)
    whole, batched = (ValueFitter("v", "number", 0, 10_000, 8) for _ in range(2))
    whole.add(raw({"v": values}))
    for start in range(0, len(values), 999):
        batched.add(raw({"v": values[start : start + 999]}))
    (one, _), (other, _) = whole.finish(), batched.finish()
    assert isinstance(one, ValueColumn) and isinstance(other, ValueColumn)
    assert one.edges == other.edges
    assert (one.edges[0], one.edges[-1]) == (0, 99_999)  # which the sample of 2,000 values may lack
    assert np.abs(np.array(one.edges) - np.linspace(0, 99_999, 9)).max() < 5_000  # one standard error is about 1,100
    sample = ValueSample(columns=10_000)
    sample.add(values)
    assert len(sample._values) <= 2_500 and len(sample._keys) <= 2_500


def test_names_tell_edges_apart() -> None:
    close = (16_777_216.0, 16_777_218.0, 16_777_220.0, 1e30)
    names = ValueColumn("v", "number", 0, False, edges=close).feature_names
    assert names == ("v", "v from 16777216 to 16777218", "v from 16777218 to 16777220", "v from 16777220 to 1e+30")
    assert ValueColumn("v", "number", 0, False, edges=(0.1, 0.25, 3.0)).feature_names[1:] == (
        *("v from 0.1 to 0.25", "v from 0.25 to 3"),
    )


def test_it_travels_as_json() -> None:
    columns = {"age": ["10", "20.1", None, "40", "80"], "flag": ["yes", "no", "no", "no", "yes"]}
    preprocessing = fitted(columns, {"age": "number", "flag": "boolean"}, 16)
    stored = preprocessing.as_json()
    assert stored["columns"][0]["edges"] == [10, float(np.float32(20.1)), 40, 80]
    restored = Preprocessing.from_json(copy.deepcopy(stored))
    assert restored == preprocessing
    assert_array_equal(restored.encode(raw(columns)), preprocessing.encode(raw(columns)))


BAD = "has bins whose edges are not three numbers or more, each above the one before it"


@pytest.mark.parametrize(
    ("kind", "edges", "message"),
    [
        ("number", [], BAD),
        ("number", [1.0, 2.0], BAD),
        ("number", [1.0, 2.0, 2.0], BAD),
        ("number", [3.0, 2.0, 1.0], BAD),
        ("number", [1.0, 1.0 + 1e-9, 2.0], BAD),
        ("number", [1.0, float("nan"), 2.0], "finite number"),
        ("number", [1.0, 2.0, float("inf")], "finite number"),
        ("number", [1.0, 2.0, 1e39], "less than or equal"),
        ("number", [1.0, 2.0, 10**400], "valid number"),
        ("number", [1.0, "2", 3.0], "valid number"),
        ("number", "123", "valid tuple"),
        ("number", 3.0, "valid tuple"),
        ("number", [float(edge) for edge in range(258)], "at most 257 items"),
        ("boolean", [0.0, 0.5, 1.0], "has bins, but is a boolean"),
        ("category", [0.0, 0.5, 1.0], "Extra inputs"),
    ],
)
def test_damaged_edges_are_refused(kind: str, edges: Any, message: str) -> None:
    stored = fitted({"age": ["1", "2", "3"], "c": ["x", "y", "x"]}, {"age": "number", "c": "category"}, 2).as_json()
    column = stored["columns"][1 if kind == "category" else 0]
    column.update(kind=kind, edges=edges)
    with pytest.raises(ValidationError, match=message):
        Preprocessing.from_json(stored)


def test_new_rows_are_compared_by_their_values() -> None:
    preprocessing = fitted({"age": ["10", "20", "30", "40"]}, {"age": "number"}, 2)
    unlike = UnlikeTraining(preprocessing)
    unlike.add(raw({"age": ["1000", "20"]}))
    assert unlike.notes() == [
        "age: 1 of 2 values are far outside the training rows' range, such as 1000; training had 10 to 40"
    ]


def test_a_look_at_the_data_sees_values_not_bins() -> None:
    columns = {"age": ["10", "20", None, "40"], "fare": ["1", "2", "4", "9"]}
    preprocessing = fitted(columns, {"age": "number", "fare": "number"}, 2)
    rows = Rows(preprocessing.encode(raw(columns)), np.zeros(4))
    source = Source("t", "table", rows, None, None, preprocessing.feature_names, None, preprocessing)
    assert [(column.name, column.where) for column in raw_columns(source)] == [
        ("age", slice(0, 2)),
        ("fare", slice(4, 5)),
    ]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A table of 300 rows with amounts, some of which are missing."""
    rows = [f"{'' if i % 11 == 0 else i * 37 % 100 / 4},{'ab'[i * 5 % 3 % 2]}" for i in range(300)]
    (tmp_path / "people.csv").write_text("\n".join(["amount,label", *rows]), encoding="utf-8")
    return tmp_path / "people.csv"


@pytest.mark.parametrize("written", ["piecewise_linear", {"piecewise_linear": 3}, {"piecewise_linear": {"bins": 3}}])
def test_a_table_is_the_same_in_memory_and_on_disk(written: Any, people: Path) -> None:
    settings = {"source": str(people), "target": "label", "validation": None}
    memory, disk = (
        load_data(DataConfig(**settings, streaming=streaming, numeric_encoding=written), 0)  # type: ignore[arg-type]
        for streaming in ("never", "always")
    )
    assert memory.source.feature_names == disk.source.feature_names
    assert memory.source.feature_names is not None
    bins = [name for name in memory.source.feature_names if name.startswith("amount from")]
    assert len(bins) == (16 if written == "piecewise_linear" else 3)
    assert_array_equal(memory.splits.train.x, disk.splits.train.x[:])


def test_rows_on_disk_with_other_bins_are_others(people: Path) -> None:
    settings = [None, {"piecewise_linear": 16}, {"piecewise_linear": 8}]
    configs = [DataConfig(source=str(people), numeric_encoding=written) for written in settings]  # type: ignore[arg-type]
    assert len({set_key([people], data, 0) for data in configs}) == 3


def test_bins_take_memory(people: Path) -> None:
    assert memory_needed(people, 16) == memory_needed(people) + 16 * people.stat().st_size


@pytest.mark.parametrize("source", ["iris", "moons", "digits"])
def test_other_sources_refuse_it(source: str) -> None:
    data = DataConfig(source=source, numeric_encoding={"piecewise_linear": 4})  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=f"numeric_encoding: is only for tables .*, but {source} is not one"):
        load_data(data, 0)
