"""The indices 0, 1, 2 ... of a part that has all rows of its file, without an array of them."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


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
