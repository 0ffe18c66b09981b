"""Rows made from rows on disk when they are asked for: targets in the form of the loss, weights of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlpcli.data.dataset import Array
from mlpcli.data.streaming.disk_rows import DiskRows


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
