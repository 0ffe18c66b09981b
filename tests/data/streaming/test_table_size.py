"""data.streaming: auto, by the size of the table and the memory that is free."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mlpcli.config.sections import DataConfig
from mlpcli.data.streaming import load_streamed as size
from mlpcli.data.streaming.load_streamed import KEPT_FREE, memory_needed, should_stream
from mlpcli.errors import DataError


def _config(path: Path, **settings: Any) -> DataConfig:
    return DataConfig(source=str(path), **settings)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "표.csv"
    path.write_text("a,b\n" + "1,2\n" * 1000, encoding="utf-8")
    return path


def test_told(table: Path) -> None:
    assert should_stream(table, _config(table, streaming="never")) == (False, "")
    stream, why = should_stream(table, _config(table, streaming="always"))
    assert (stream, why) == (True, "the rows are streamed from disk (data.streaming: always)")


def test_auto_loads_what_fits(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert should_stream(table, _config(table)) == (False, "")
    monkeypatch.setattr(size, "available_memory", lambda: None)
    assert should_stream(table, _config(table)) == (False, "")


def test_auto_streams_what_does_not_and_says_why(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_needed(table)
    for free, expected in ((KEPT_FREE + needed, False), (KEPT_FREE + needed - 1, True)):
        monkeypatch.setattr(size, "available_memory", lambda free=free: free)
        assert should_stream(table, _config(table))[0] is expected
    monkeypatch.setattr(size, "available_memory", lambda: 10_000)
    assert should_stream(table, _config(table))[1] == (
        "a table of 4.0 kB needs about 20.0 kB of memory, but 10.0 kB are free, so it is streamed from disk;"
        " data.streaming: never loads it"
    )


def test_tables_for_test_and_validation_count_too(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "test.csv"
    other.write_bytes(table.read_bytes())
    monkeypatch.setattr(size, "available_memory", lambda: KEPT_FREE + memory_needed(table))
    assert not should_stream(table, _config(table, test=0.2, validation="test"))[0]
    assert should_stream(table, _config(table, test=str(other)))[0]
    with pytest.raises(DataError, match="not found"):
        should_stream(table, _config(table, validation=str(tmp_path / "없다.csv")))


def test_packed_text_counts_as_what_it_will_be(tmp_path: Path) -> None:
    text = b"a,b\n" + b"1,2\n" * 100_000
    for name, content in (("t.csv", text), ("t.csv.gz", gzip.compress(text)), ("no.csv.gz", b"not packed" * 9)):
        (tmp_path / name).write_bytes(content)
    assert memory_needed(tmp_path / "t.csv.gz") == memory_needed(tmp_path / "t.csv") > 1_000_000
    assert memory_needed(tmp_path / "no.csv.gz") == 450
    (tmp_path / "t.csv.zst").write_bytes(b"x" * 1000)
    assert memory_needed(tmp_path / "t.csv.zst") == 25_000


def test_parquet_counts_by_its_values(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"a": np.zeros(100_000), "b": np.zeros(100_000, np.int8)}), path)
    assert path.stat().st_size < 5_000
    assert 28 * 200_000 <= memory_needed(path) < 40 * 200_000
    path.write_bytes(b"damaged")
    assert memory_needed(path) == 7
