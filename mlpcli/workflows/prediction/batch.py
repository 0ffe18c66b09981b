"""Some of the examples to predict, and what people call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlpcli.data.dataset import Array

if TYPE_CHECKING:
    from mlpcli.data.tables.raw_table import RawTable


@dataclass(frozen=True, eq=False)
class InputBatch:
    """Examples x (n, *input_shape), as the model takes them.

    names: the file of each example, as the user wrote it; or one, for a file that all of them come from.
    first: which row of that file (from 0) the first of them is; None for pictures, each of which is a file.
    table: the rows as they stand in a table file.
    """

    x: Array
    names: tuple[str, ...]
    first: int | None = None
    table: RawTable | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def nbytes(self) -> int:
        """Memory in bytes, about."""
        return int(self.x.nbytes) + (int(self.table.columns.nbytes) if self.table is not None else 0)

    def name(self, index: int) -> str:
        """The file that an example of this batch comes from."""
        return self.names[index if self.first is None else 0]

    def place(self, index: int) -> str:
        """Where a person finds the example."""
        if self.table is not None:
            return self.table.place(index)
        return self.name(index) if self.first is None else f"{self.name(index)}: row {self.first + index} (from 0)"
