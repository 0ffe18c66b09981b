"""Parquet: types are kept, what cannot be read is left out and named, damage and bombs are refused."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlpcli.errors import DataError
from mlpcli.tables import parquet_reader
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_batches, read_table

FOUND = ReadOptions(formats={})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "표.parquet"


def test_types(path: Path) -> None:
    day, moment = datetime.date(2024, 1, 31), datetime.datetime(2024, 1, 31, 12)
    columns = {
        "정수": pa.array([1, None, 3], pa.int16()),
        "u64": pa.array([2**63, 0, None], pa.uint64()),
        "f": pa.array([1.5, float("nan"), None]),
        "half": pa.array(np.array([0.5, 1, 2], np.float16)),
        "dec": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")]),
        "text": pa.array([" 가 ", "NA", ""]),
        "large": pa.array(["x", None, "y"], pa.large_string()),
        "cat": pa.array(["u", "v", None]).dictionary_encode(),
        "bool": pa.array([True, None, False]),
        "day": pa.array([day, None, day]),
        "moment": pa.array([moment, None, moment], pa.timestamp("us")),
        "none": pa.nulls(3),
    }
    pq.write_table(pa.table(columns), path)
    raw, found, notes = read_table(path, FOUND)
    assert (found, notes) == (FOUND, [])
    types = [str(kind) for kind in raw.columns.schema.types]
    assert types[:5] == ["int16", "uint64", "double", "float", "double"]
    assert types[5:] == ["string", "string", "string", "bool", "date32[day]", "timestamp[us]", "null"]
    read = raw.columns.to_pydict()
    assert read["dec"] == [1.5, None, -2.25]
    assert read["text"] == ["가", None, None]
    assert (read["cat"], read["large"]) == (["u", "v", None], ["x", None, "y"])
    assert read["moment"] == [moment, None, moment]
    assert raw.place(2) == f"{path}: row 2 (from 0)"


def test_columns_that_are_not_read(path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "list": [[1]], "raw": [b"x"], "struct": [{"k": 1}]}), path)
    raw, _, notes = read_table(path, FOUND)
    assert raw.names == ("a",)
    assert notes == [
        f"{path}: left out, because only numbers, text, true/false and dates are supported:"
        " list (list<element: int64>), raw (binary), struct (struct<k: int64>)"
    ]
    pq.write_table(pa.table({"list": [[1]]}), path)
    with pytest.raises(DataError, match=r"no column has a supported type: list \(list<element: int64>\); write plain"):
        read_table(path, FOUND)


@pytest.mark.parametrize("batch_rows", [1, 999, 1000, 5000, 100_000])
def test_batches_are_the_table(path: Path, batch_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_reader, "ROWS_AT_ONCE", 700)
    table = pa.table({"x": np.arange(5000), "t": [f"글 {i % 7}" for i in range(5000)]})
    pq.write_table(table, path, row_group_size=1234)
    if batch_rows == 1:
        table = table.slice(0, 20)
        pq.write_table(table, path, row_group_size=7)
    batches = list(read_batches(path, FOUND, batch_rows))
    assert all(len(batch) == batch_rows for batch in batches[:-1])
    assert pa.concat_tables([batch.columns for batch in batches]).equals(read_table(path, FOUND)[0].columns)
    assert read_table(path, FOUND)[0].columns.to_pydict() == table.to_pydict()
    assert batches[-1].place(0).endswith(f"row {batch_rows * (len(batches) - 1):,} (from 0)")


def test_files_of_other_types(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"x": [1], "y": pa.nulls(1), "d": pa.array(["a"]).dictionary_encode()}), tmp_path / "a.parquet"
    )
    pq.write_table(pa.table({"d": ["b"], "y": ["t"], "x": [1.5]}), tmp_path / "b.parquet")
    raw, _, _ = read_table(tmp_path, FOUND)
    assert raw.columns.to_pydict() == {"x": [1.0, 1.5], "y": [None, "t"], "d": ["a", "b"]}
    pq.write_table(pa.table({"d": ["b"], "y": ["t"], "x": ["1.5"]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b\.parquet: x: is string, but int64 in .*a\.parquet; write all files with"):
        read_table(tmp_path, FOUND)


def test_no_rows_and_doubled_names(path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), path)
    with pytest.raises(DataError, match="has the names of 2 columns but no rows; add rows"):
        read_table(path, FOUND)
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(DataError, match='duplicate column names: "a"'):
        read_table(path, FOUND)


@pytest.mark.parametrize("damage", ["cut", "junk", "empty", "a csv", "bits"])
def test_damaged_files(path: Path, damage: str) -> None:
    pq.write_table(pa.table({"a": np.arange(1000), "b": [str(i) for i in range(1000)]}), path)
    data = path.read_bytes()
    path.write_bytes(
        {
            "cut": data[: len(data) // 2],
            "junk": b"\xff" * 1000,
            "empty": b"",
            "a csv": b"a,b\n1,2\n",
            "bits": data[:10] + b"\xff" * 100 + data[110:],
        }[damage]
    )
    with pytest.raises(
        DataError, match=r"표\.parquet: (is not a Parquet file, is damaged, or is truncated|is empty \(0 bytes\))"
    ):
        read_table(path, FOUND)


def test_a_bomb_of_one_long_text(path: Path) -> None:
    """A text of a million letters in a million rows: 3 kB on disk, 1 TB in memory."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"s": texts}), path, compression="zstd")
    assert path.stat().st_size < 10_000
    before = pa.total_allocated_bytes()
    with pytest.raises(
        DataError, match=r"16,384 rows hold 16,384,000,000 bytes, but this machine has .*; use a smaller"
    ):
        for _ in read_batches(path, FOUND):
            pass
    assert pa.total_allocated_bytes() - before < 1 << 26


def test_a_row_group_larger_than_the_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_reader, "physical_memory", lambda: 1000)
    pq.write_table(pa.table({"a": np.arange(1000.0)}), path)
    with pytest.raises(DataError, match=r"row group 0 hold [0-9,]+ bytes, but this machine has 1,000 bytes"):
        read_table(path, FOUND)
