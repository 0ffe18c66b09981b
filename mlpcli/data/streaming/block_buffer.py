"""The blocks of a file that are in memory, the least recently asked for making room for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from mlpcli.data.dataset import Array
from mlpcli.data.streaming.block_order import BUFFER_BLOCKS

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
