"""The order of an epoch over rows on disk: near to a shuffle of all rows, at the price of reading blocks in sequence.

Blocks of rows that lie together are permuted; of these, BUFFER_BLOCKS at a time are held in memory, and the rows of
such a buffer are permuted among themselves. Rows that fit into one buffer are therefore shuffled without compromise.
Beyond that, a batch mixes rows from BUFFER_BLOCKS places of the file, drawn anew in each epoch: of a file sorted by its
target, each buffer is a random sample of BUFFER_BLOCKS blocks, and not of rows. What no epoch does is to part the rows
of one block by more than one buffer's length.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

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
