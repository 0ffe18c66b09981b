"""The rows that an export is checked on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array
from mlpcli.tables.raw_table import RawTable

AT_ONCE = 100
"""Rows that a runtime is given at a time: the windows of a convolution take thousands of numbers a row."""


@dataclass(frozen=True, eq=False)
class Rows:
    """x: (n, *input_shape), as the network takes them. table: the same rows as the model takes them, with columns.

    None where the model has no preprocessing of a table.
    """

    x: Array
    table: RawTable | None = None

    def __len__(self) -> int:
        return len(self.x)

    def batches(self) -> Iterator[Rows]:
        """The same rows, a few at a time."""
        for start in range(0, len(self), AT_ONCE):
            rows = np.arange(start, min(start + AT_ONCE, len(self)))
            yield replace(self, x=self.x[rows], table=None if self.table is None else self.table.take(rows))
