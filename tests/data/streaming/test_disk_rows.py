"""Rows on disk: the same values as an array, whatever is asked for, and never more than that in memory."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpcli.data.dataset import Part
from mlpcli.data.streaming import disk_rows
from mlpcli.data.streaming import disk_rows as block_buffer
from mlpcli.data.streaming.disk_rows import BlockOrder, DiskRows, MappedRows, RowRange, on_disk, rows_per_block
from mlpcli.data.streaming.stored_table import RowsWriter
from mlpcli.errors import DataError


def stored(folder: Path, values: np.ndarray, block_rows: int = 4) -> DiskRows:
    """The values as a file of small blocks."""
    path = folder / "값.bin"
    path.write_bytes(values.tobytes())
    return DiskRows(path, values.shape, values.dtype, block_rows=block_rows)


VALUES = np.arange(106, dtype=np.float32).reshape(53, 2) * 1.5


@pytest.fixture
def few_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A buffer of three blocks: most requests do not fit into it."""
    monkeypatch.setattr(block_buffer, "BUFFER_BLOCKS", 3)


def test_it_looks_like_an_array(tmp_path: Path) -> None:
    rows = stored(tmp_path, VALUES)
    assert (len(rows), rows.shape, rows.dtype, rows.ndim, rows.nbytes) == (53, (53, 2), np.float32, 2, 424)
    assert on_disk(rows)
    assert not on_disk(VALUES)


INDICES: list[Any] = [
    slice(None),
    slice(3, 9),
    slice(50, 99),
    slice(-4, None),
    slice(9, 3),
    slice(0, 53, 7),
    np.array([], np.int64),
    np.array([7]),
    np.array([5, 6, 7, 8]),
    np.array([52, 0, 52, 17, 17, 1]),
    np.array([[3, 50, 20], [9, 8, 7]]),
    np.random.default_rng(0).permutation(53),
    12,
    np.int64(52),
]


@pytest.mark.usefixtures("few_blocks")
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_it_gives_what_an_array_gives(tmp_path: Path, index: Any) -> None:
    rows = stored(tmp_path, VALUES)
    for _ in range(2):  # once from the file, once from the buffer
        found = rows[index]
        np.testing.assert_array_equal(found, VALUES[index])
        assert found.dtype == np.float32


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 40),
    block_rows=st.sampled_from([1, 4, 8]),
    requests=st.lists(st.lists(st.integers(0, 10**6), max_size=30), min_size=1, max_size=4),
)
def test_any_requests_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, rows: int, block_rows: int, requests: list[list[int]]
) -> None:
    values = np.arange(rows * 3, dtype=np.int64).reshape(rows, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_buffer, "BUFFER_BLOCKS", 2)
        found = stored(tmp_path_factory.mktemp("rows"), values, block_rows)
        for request in requests:
            wanted = np.array(request, np.int64) % rows
            np.testing.assert_array_equal(found[wanted], values[wanted])
        found.close()


@pytest.mark.parametrize("index", [53, -1, np.array([0, 53]), np.array([-1]), np.array([True] * 53), np.array([0.5])])
def test_what_is_no_row_is_refused(tmp_path: Path, index: Any) -> None:
    with pytest.raises(IndexError):
        stored(tmp_path, VALUES)[index]


def test_it_is_not_turned_into_an_array_by_accident(tmp_path: Path) -> None:
    rows = stored(tmp_path, VALUES)
    doubled = MappedRows(rows, lambda values: 2 * values)
    for refused in (rows, doubled):
        with pytest.raises(TypeError, match="53 rows on disk are not turned into one array"):
            np.asarray(refused)


def test_a_range_of_all_rows_reads_nothing(tmp_path: Path) -> None:
    rows = stored(tmp_path, VALUES)
    assert rows[RowRange(53)] is rows
    with pytest.raises(IndexError, match="a range of 5 rows for 53 rows on disk"):
        rows[RowRange(5)]


def test_a_row_range_is_arange() -> None:
    rows = RowRange(7)
    assert (len(rows), rows.shape, rows[2], rows[-1]) == (7, (7,), 2, 6)
    assert rows[2:4].tolist() == [2, 3]
    assert rows[5:99].tolist() == [5, 6]
    assert rows[2:4].dtype == np.int64
    assert np.array_equal(rows, np.arange(7))  # type: ignore[arg-type]


def test_a_part_of_them_is_a_part(tmp_path: Path) -> None:
    x = stored(tmp_path, VALUES)
    part = Part(x, x, RowRange(53))  # type: ignore[arg-type]
    assert len(part) == 53
    np.testing.assert_array_equal(part.x[part.indices[4:6]], VALUES[4:6])


@pytest.mark.parametrize("bytes_", [423, 425, 0])
def test_a_file_of_another_size_is_refused(tmp_path: Path, bytes_: int) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(bytes_))
    with pytest.raises(DataError, match=f"has {bytes_} bytes and not 424; remove it"):
        DiskRows(path, (53, 2), np.float32)


def test_a_file_that_is_cut_off_while_it_is_read(tmp_path: Path) -> None:
    rows = stored(tmp_path, VALUES)
    rows.path.write_bytes(b"short")
    with pytest.raises(DataError, match="ends too early, since something else wrote to it; start again"):
        rows[:]


def test_an_open_file_outlives_its_name(tmp_path: Path) -> None:
    rows = stored(tmp_path, VALUES)
    rows.path.unlink()
    np.testing.assert_array_equal(rows[:], VALUES)


@pytest.mark.parametrize(("row_bytes", "rows"), [(4, 16_384), (80, 8192), (1 << 20, 1), (1 << 25, 1), (1000, 1024)])
def test_a_block_is_a_power_of_two_of_rows_and_at_most_a_mebibyte(row_bytes: int, rows: int) -> None:
    assert rows_per_block(row_bytes) == rows


def test_hardly_a_block_is_read_twice_in_an_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_buffer, "BUFFER_BLOCKS", 8)
    monkeypatch.setattr("mlpcli.data.streaming.disk_rows.BUFFER_BLOCKS", 8)
    values = np.arange(4 * 40)
    rows = stored(tmp_path, values)
    order = BlockOrder(1, 0, len(rows), 4)
    reads: list[tuple[int, int]] = []
    real = rows._read
    monkeypatch.setattr(rows, "_read", lambda start, stop: reads.append((start, stop)) or real(start, stop))
    for start in range(0, len(rows), 7):  # batches that lie across the ends of buffers
        np.testing.assert_array_equal(rows[order[start : start + 7]], values[order[start : start + 7]])
    assert len(set(reads)) == 40
    assert len(reads) <= 44  # a batch across the ends of two buffers may cost a block of the second


def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_rows, "BLOCK_BYTES", 1 << 12)
    peaks = []
    for rows in (1 << 17, 1 << 19):
        path = tmp_path / f"{rows}.bin"
        path.write_bytes(bytes(rows * 8))
        tracemalloc.start()
        found = DiskRows(path, (rows, 2), np.float32)
        order = BlockOrder(0, 0, rows, found.block_rows)
        for start in range(0, rows, 4096):
            found[order[start : start + 4096]]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0] < 2 << 20  # of files of 1 and 4 MiB


@pytest.mark.usefixtures("few_blocks")
def test_mapped_rows_are_made_when_asked_for(tmp_path: Path) -> None:
    y = stored(tmp_path, np.arange(20) % 3)
    table = np.array([[0.5, 1], [1.5, 2], [2.5, 3]], np.float32)
    mapped = MappedRows(y, lambda rows: table[rows])
    assert (len(mapped), mapped.shape, mapped.dtype, mapped.ndim) == (20, (20, 2), np.float32, 2)
    whole = table[np.arange(20) % 3]
    for index in (slice(2, 9), np.array([19, 0, 4]), np.array([[1, 2], [17, 3]])):
        np.testing.assert_array_equal(mapped[index], whole[index])


def test_a_writer_counts_what_it_writes(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(1e4, 3, (1000, 3)).astype(np.float32)
    writer = RowsWriter(tmp_path / "x.bin", (3,), np.float32)
    for start, stop in ((0, 1), (1, 400), (400, 400), (400, 1000)):
        writer.append(values[start:stop])
    assert not (tmp_path / "x.bin").exists()
    rows = writer.finish()
    np.testing.assert_array_equal(rows[:], values)
    assert rows.digest == hashlib.sha256(values.tobytes()).hexdigest()
    moments, exact = rows.moments, values.astype(np.float64)
    assert moments is not None
    assert moments.count == 1000
    np.testing.assert_allclose(moments.mean, exact.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(moments.variance, exact.var(axis=0), rtol=1e-10)
    np.testing.assert_array_equal((moments.low, moments.high), (exact.min(axis=0), exact.max(axis=0)))
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]


def test_what_is_abandoned_leaves_nothing(tmp_path: Path) -> None:
    writer = RowsWriter(tmp_path / "x.bin", (), np.int64)
    writer.append(np.arange(5))
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_rows_of_another_shape_are_a_mistake_of_ours(tmp_path: Path) -> None:
    writer = RowsWriter(tmp_path / "x.bin", (3,), np.float32)
    with pytest.raises(ValueError, match="rows of the shape"):
        writer.append(np.zeros((2, 4)))
    writer.abandon()
