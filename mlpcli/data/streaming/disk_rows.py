"""Rows in a plain file, of which only what is asked for is read.

No memory map: pages that were touched would count as memory of this process, and nobody could say how many.
"""

from __future__ import annotations

import math
import threading
import weakref
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from mlpcli.data.dataset import Array
from mlpcli.data.streaming.block_buffer import BlockBuffer
from mlpcli.data.streaming.moments import Moments
from mlpcli.data.streaming.row_range import RowRange
from mlpcli.errors import DataError

BLOCK_BYTES = 1 << 20
"""Read at once where rows are asked for in shuffled order: large enough to cost a disk no more than a sequence."""
MOST_BLOCK_ROWS = 1 << 14
"""A block of narrow rows is smaller, so that there are many to choose from, and their order stays small, too."""


class DiskRows:
    """Looks like an array (rows, ...): len, shape, dtype, ndim, nbytes, slices and arrays of indices.

    Slices and runs of successive indices are read straight from the file. Other indices go through a buffer of
    BUFFER_BLOCKS blocks of `block_rows` rows, made for the order that `BlockOrder` gives. Turning all of it into an
    array is refused (TypeError), so that it cannot happen by accident. `close()` closes the file; so does its end.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike,
        moments: Moments | None = None,
        digest: str = "",
        block_rows: int | None = None,
    ) -> None:
        """`moments` and `digest` (sha256 in hex) are of all its bytes; `block_rows` is chosen by the size of a row.

        Raises:
            DataError: the file has another size; OSError: it cannot be opened.
        """
        self.path, self.shape, self.dtype = path, shape, np.dtype(dtype)
        self.moments, self.digest = moments, digest
        self.row_bytes = self.dtype.itemsize * math.prod(shape[1:])
        self.block_rows = block_rows or rows_per_block(self.row_bytes)
        self._lock = threading.RLock()
        # Kept open: another process may clear the cache, and an open file stays readable.
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        self.close = weakref.finalize(self, self._file.close)
        size = self._file.seek(0, 2)
        if size != self.nbytes:
            self.close()
            raise DataError(f"{path}: has {size:,} bytes and not {self.nbytes:,}; remove it, and it is written again")
        self._buffer = BlockBuffer(len(self), self.block_rows)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """Axes, the rows' own included."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows, on disk."""
        return self.row_bytes * len(self)

    def __getitem__(self, index: Any) -> Any:
        """A slice: (n, ...); indices of any shape: (*indices.shape, ...); one index: (...); a RowRange: all, unread."""
        if isinstance(index, RowRange):
            if len(index) != len(self):
                raise IndexError(f"a range of {len(index)} rows for {len(self)} rows on disk")
            return self
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self._read(start, max(start, stop))
            index = np.arange(start, stop, step)
        rows = np.asarray(index)
        if rows.dtype.kind not in "iu":
            raise IndexError(f"rows on disk are named by whole numbers, and not by {rows.dtype}")
        return self._gather(rows.ravel()).reshape(rows.shape + self.shape[1:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        raise TypeError(f"{len(self):,} rows on disk are not turned into one array; take slices of them")

    def _gather(self, rows: Array) -> Array:
        if not len(rows):
            return self._read(0, 0)
        if rows.min() < 0 or rows.max() >= len(self):
            raise IndexError(f"row {int(rows.min())} or {int(rows.max())} is out of range: there are {len(self)}")
        first = int(rows[0])
        if np.array_equal(rows, np.arange(first, first + len(rows))):
            return self._read(first, first + len(rows))
        with self._lock:
            return self._buffer.take(rows, self._read)

    def _read(self, start: int, stop: int) -> Array:
        """Rows start to stop, from the file."""
        rows = np.empty((stop - start, *self.shape[1:]), self.dtype)
        rest = rows.reshape(-1).view(np.uint8).data
        with self._lock:
            self._file.seek(start * self.row_bytes)
            while len(rest):
                count = self._file.readinto(rest)
                if not count:
                    raise DataError(f"{self.path}: ends too early, something else wrote to it; start again")
                rest = rest[count:]
        return rows


def rows_per_block(row_bytes: int) -> int:
    """A power of two, so that blocks of x and of y hold the same rows wherever both are given the same number."""
    fitting = max(1, BLOCK_BYTES // max(1, row_bytes))
    return min(MOST_BLOCK_ROWS, 1 << (fitting.bit_length() - 1))


def on_disk(rows: object) -> TypeGuard[DiskRows]:
    """Whether these are rows on disk, and no array."""
    return isinstance(rows, DiskRows)
