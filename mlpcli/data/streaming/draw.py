"""Which part each row of a stream goes to, decided block by block: nothing is kept of the rows that went by."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mlpcli.data.tables.raw_table import RawTable

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig

Indices = npt.NDArray[np.int64]
PartName = Literal["train", "validation", "test"]

PARTS: tuple[PartName, ...] = ("train", "validation", "test")
STREAM = 1_398_034_244
"""Keeps these draws apart from others of the same seed."""


@dataclass(frozen=True)
class Draw:
    """The fractions of data.test and data.validation (0 where rows are not drawn), and the seed.

    Of each block of rows, the shares are met to half a row, so that the whole is met better than that. Classes are not
    looked at: their shares hold in expectation, which for a class of n rows is to within about sqrt(n) of them.
    """

    seed: int
    test: float
    validation: float

    @classmethod
    def of(cls, data: DataConfig, seed: int) -> Draw:
        """As the config says; a path, "test" or null draws nothing."""
        test, validation = (value if isinstance(value, float) else 0.0 for value in (data.test, data.validation))
        return cls(seed, test, validation)

    def rows(self, block: int, count: int) -> dict[PartName, Indices]:
        """The rows (n,) of each part, ascending, for a block of `count` rows: a pure function of seed and number."""
        order = np.random.default_rng([STREAM, self.seed, block]).permutation(count)
        test = math.floor(count * self.test + 0.5)
        validation = math.floor((count - test) * self.validation + 0.5)
        return {
            "train": np.sort(order[test + validation :]),
            "validation": np.sort(order[test : test + validation]),
            "test": np.sort(order[:test]),
        }

    def parts_of(self, block: int, count: int) -> npt.NDArray[np.int8]:
        """For each row (n,) of a block, the position of its part in PARTS."""
        parts = np.zeros(count, np.int8)
        for number, name in enumerate(PARTS):
            parts[self.rows(block, count)[name]] = number
        return parts


def training_rows(batches: Iterable[RawTable], draw: Draw) -> Iterator[RawTable]:
    """Of each batch (which is a block), the rows drawn for training."""
    for block, batch in enumerate(batches):
        yield batch.take(draw.rows(block, len(batch))["train"])


def limited(batches: Iterable[RawTable], limit: int | None) -> Iterator[RawTable]:
    """The first `limit` rows (data.limit; None: all); what follows is not read."""
    left = limit
    for batch in batches:
        if left is None or len(batch) <= left:
            yield batch
        else:
            yield RawTable(batch.columns.slice(0, left), batch.place)
        if left is not None:
            left -= len(batch)
            if left <= 0:
                return
