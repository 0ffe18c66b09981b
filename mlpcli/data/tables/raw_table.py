"""Rows of a table as they were read, before anything is decided about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class RawTable:
    """Columns by name, and where each row stands.

    columns: from CSV all are strings, from Parquet whatever the file says; a gap is a null in both.
    place: row index (from 0) to where a person finds it: "people.csv:17", or "people.parquet: row 16 (from 0)".
    """

    columns: pa.Table
    place: Callable[[int], str]

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def take(self, rows: npt.NDArray[np.int64]) -> RawTable:
        """Some of the rows, by index (ascending or not); each still knows its place."""
        import pyarrow as pa

        place = self.place
        return RawTable(self.columns.take(pa.array(rows)), lambda row: place(int(rows[row])))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the order of the file."""
        return tuple(self.columns.column_names)
