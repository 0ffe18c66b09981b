"""Rows in a plain file, of which only what is asked for is read.

No memory map: its pages count as memory of this process, and a file that is cut off would end it by a signal
(benchmarks/memmap_rows.py; the numbers are in docs/architecture.md).
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeGuard, overload

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Moments
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
                    raise DataError(f"{self.path}: ends too early, since something else wrote to it; start again")
                rest = rest[count:]
        return rows


def rows_per_block(row_bytes: int) -> int:
    """A power of two, so that blocks of x and of y hold the same rows wherever both are given the same number."""
    fitting = max(1, BLOCK_BYTES // max(1, row_bytes))
    return min(MOST_BLOCK_ROWS, 1 << (fitting.bit_length() - 1))


def on_disk(rows: object) -> TypeGuard[DiskRows]:
    """Whether these are rows on disk, and no array."""
    return isinstance(rows, DiskRows)


Indices = npt.NDArray[np.int64]
Read = Callable[[int, int], Array]


class BlockBuffer:
    """Rows by index, in any order, out of at most BUFFER_BLOCKS blocks. It takes memory when it is first asked."""

    def __init__(self, rows: int, block_rows: int) -> None:
        self._rows, self._block_rows = rows, block_rows
        self.blocks = -(-rows // block_rows)
        self.slots = min(BUFFER_BLOCKS, self.blocks)
        self._slot_of = np.full(self.blocks, -1, np.int64)
        self._block_in = np.full(self.slots, -1, np.int64)
        self._last_use = np.zeros(self.slots, np.int64)
        self._uses = 0
        self._held: Array | None = None

    def take(self, rows: Indices, read: Read) -> Array:
        """The rows (n, ...) for indices (n,) that are in range; n is at least 1.

        `read(start, stop)` gives the rows start to stop of the file.
        """
        blocks = rows // self._block_rows
        wanted = np.zeros(self.blocks, bool)
        wanted[blocks] = True
        numbers = np.flatnonzero(wanted)
        if len(numbers) <= self.slots:
            return self._from_buffer(rows, blocks, numbers, read)
        found: Array | None = None
        for group in self._groups(numbers):
            wanted[:] = False
            wanted[group] = True
            here = np.flatnonzero(wanted[blocks])
            values = self._from_buffer(rows[here], blocks[here], group, read)
            if found is None:
                found = np.empty((len(rows), *values.shape[1:]), values.dtype)
            found[here] = values
        assert found is not None
        return found

    def _groups(self, numbers: Indices) -> Iterator[Indices]:
        """As many blocks as there are slots, those in memory first: they would be read twice otherwise."""
        ordered = numbers[np.argsort(self._slot_of[numbers] < 0, kind="stable")]
        for start in range(0, len(ordered), self.slots):
            yield ordered[start : start + self.slots]

    def _from_buffer(self, rows: Indices, blocks: Indices, numbers: Indices, read: Read) -> Array:
        held = self._holding(numbers, read)
        return held.take(self._slot_of[blocks] * self._block_rows + rows % self._block_rows, axis=0)

    def _holding(self, numbers: Indices, read: Read) -> Array:
        """The buffer, with these blocks in it."""
        self._uses += 1
        slots = self._slot_of[numbers]
        self._last_use[slots[slots >= 0]] = self._uses
        missing = numbers[slots < 0]
        for block, slot in zip(missing.tolist(), np.argsort(self._last_use, kind="stable").tolist(), strict=False):
            start = block * self._block_rows
            self._put(slot, block, read(start, min(start + self._block_rows, self._rows)))
        assert self._held is not None
        return self._held

    def _put(self, slot: int, block: int, values: Array) -> None:
        if self._held is None:
            self._held = np.empty((self.slots * self._block_rows, *values.shape[1:]), values.dtype)
        if self._block_in[slot] >= 0:
            self._slot_of[self._block_in[slot]] = -1
        self._held[slot * self._block_rows : slot * self._block_rows + len(values)] = values
        self._slot_of[block], self._block_in[slot], self._last_use[slot] = slot, block, self._uses


BUFFER_BLOCKS = 64
"""Blocks that are in memory at once."""
STREAM = 1_112_298_611
"""Keeps these permutations apart from other draws of the same seed."""


class BlockOrder:
    """The row indices of one epoch: a pure function of (seed, epoch, rows, block_rows), any slice of it at once.

    Memory: 8 bytes per block, and per row of one buffer; nothing grows with the rows of the file but the former.
    """

    def __init__(self, seed: int, epoch: int, rows: int, block_rows: int) -> None:
        self.rows, self.block_rows = rows, block_rows
        self._seeds = [STREAM, seed, epoch]
        blocks = -(-rows // block_rows)
        self._blocks = np.random.default_rng(self._seeds).permutation(blocks)
        sizes = np.minimum(block_rows, rows - self._blocks * block_rows)
        starts = np.arange(0, blocks, BUFFER_BLOCKS)
        ends = np.cumsum(np.add.reduceat(sizes, starts)) if blocks else np.zeros(0, np.int64)
        self._starts = np.concatenate([[0], ends])
        self._buffer = lru_cache(maxsize=1)(self._shuffled)

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, part: slice) -> Indices:
        """The indices (n,) at these places of the epoch, from 0."""
        start, stop, step = part.indices(self.rows)
        if step != 1:
            raise IndexError("only slices without a step")
        first = int(np.searchsorted(self._starts, start, side="right")) - 1
        pieces = [np.zeros(0, np.int64)]
        for number in range(first, len(self._starts) - 1):
            begin = int(self._starts[number])
            if begin >= stop:
                break
            pieces.append(self._buffer(number)[max(start - begin, 0) : stop - begin])
        return np.concatenate(pieces)

    def _shuffled(self, number: int) -> Indices:
        """The rows of one buffer; counted from 1 in the seed, where a last 0 would say nothing."""
        blocks = self._blocks[number * BUFFER_BLOCKS : (number + 1) * BUFFER_BLOCKS]
        rows = (blocks[:, None] * self.block_rows + np.arange(self.block_rows)).ravel()
        shuffled: Indices = np.random.default_rng([*self._seeds, number + 1]).permutation(rows[rows < self.rows])
        return shuffled


class MappedRows:
    """`function(rows)` of any rows: it takes and gives (n, ...) and looks at each row alone."""

    def __init__(self, rows: DiskRows, function: Callable[[Array], Array]) -> None:
        self.rows, self.function = rows, function
        sample = function(rows[:1])
        self.shape, self.dtype, self.ndim = (len(rows), *sample.shape[1:]), sample.dtype, sample.ndim

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Array:
        """A slice, or indices of any shape, as rows on disk take them."""
        found: Array = self.rows[index]
        leading = found.shape[: found.ndim - len(self.rows.shape) + 1]
        flat = self.function(found.reshape(-1, *self.rows.shape[1:]) if len(leading) != 1 else found)
        return flat.reshape(leading + self.shape[1:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        raise TypeError(f"{len(self):,} rows on disk are not turned into one array; take slices of them")


class RowRange:
    """Stands for `numpy.arange(rows)` in a `Part`; a slice of it is an array, so that slices are what is asked for."""

    dtype = np.dtype(np.int64)
    ndim = 1

    def __init__(self, rows: int) -> None:
        self.shape = (rows,)

    def __len__(self) -> int:
        return self.shape[0]

    @overload
    def __getitem__(self, index: slice) -> Indices: ...
    @overload
    def __getitem__(self, index: int) -> int: ...
    def __getitem__(self, index: slice | int) -> Indices | int:
        found = range(len(self))[index]
        return found if isinstance(found, int) else np.arange(found.start, found.stop, found.step, dtype=np.int64)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Indices:
        """All of them at once: 8 bytes a row, for whoever knows the rows to be few."""
        return np.arange(len(self), dtype=dtype or np.int64)
