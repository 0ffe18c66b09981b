"""Which rows of a batch each replica takes, where several train one model on the same batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.data.batches import RowBatches
from mlpcli.data.streaming.disk_rows import on_disk

Indices = npt.NDArray[np.int64]
LEAST_BLOCKS = 16
"""Of each worker: where rows on disk are fewer, the shares of a batch would differ too much, and it is cut evenly."""


@dataclass(frozen=True)
class Shares:
    """How a batch is shared out: `workers` processes, each with `devices` replicas.

    block_rows: of rows on disk; None of rows in memory. Every process has the same batches, in the same order as one
    process that trains alone. Of rows in memory each replica takes an equal piece of a batch. Rows on disk belong to a
    worker block by block, whatever the epoch, so that it never reads the blocks of the others.
    """

    workers: int
    devices: int = 1
    block_rows: int | None = None

    @classmethod
    def for_training(cls, batches: RowBatches, workers: int, devices: int) -> Shares:
        """Of shuffled batches."""
        rows = batches.part.x
        by_block = on_disk(rows) and len(rows) // rows.block_rows >= LEAST_BLOCKS * workers
        return cls(workers, devices, rows.block_rows if by_block and on_disk(rows) else None)

    @property
    def replicas(self) -> int:
        """Of all workers together."""
        return self.workers * self.devices

    def of(self, rows: Array) -> list[Array]:
        """The rows (n,) of a batch in a piece for each replica; some may be empty."""
        if self.block_rows is None:
            return _pieces(rows, self.replicas)
        owner = rows // self.block_rows % self.workers
        return [piece for worker in range(self.workers) for piece in _pieces(rows[owner == worker], self.devices)]


def _pieces(rows: Array, count: int) -> list[Array]:
    """Pieces whose lengths differ by one row at most."""
    cuts = [len(rows) * number // count for number in range(count + 1)]
    return [rows[start:stop] for start, stop in pairwise(cuts)]


@dataclass(frozen=True, eq=False)
class Steps:
    """The steps that one worker takes at a time.

    rows: (steps, devices, width) its own rows; a piece that is shorter repeats a row. counts: (steps, replicas) how
    many rows of each step every replica has, those of the other workers, too.
    """

    rows: Indices
    counts: npt.NDArray[np.int32]


def steps_of(batches: Sequence[Array], shares: Shares, rank: int) -> Steps:
    """The share of worker `rank` in successive batches of rows (n,)."""
    shared = [shares.of(batch) for batch in batches]
    counts = np.array([[len(piece) for piece in pieces] for pieces in shared], np.int32)
    first = rank * shares.devices
    own = [pieces[first : first + shares.devices] for pieces in shared]
    width = max(1, max(len(piece) for pieces in own for piece in pieces))
    # Where a replica has no row of a batch, one of its worker's is computed and not counted.
    spare = next((piece[:1] for pieces in own for piece in pieces if len(piece)), batches[0][:1])
    rows = [[np.resize(piece if len(piece) else spare, width) for piece in pieces] for pieces in own]
    return Steps(np.array(rows, np.int64), counts)
