"""Writes the encoded rows of one part: x and y, each into its file."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.data.streaming.disk_rows import DiskRows
from mlpcli.data.streaming.stored_set import file_names
from mlpcli.data.streaming.writer import RowsWriter

if TYPE_CHECKING:
    from mlpcli.data.tables.preprocessing import Preprocessing


class PartWriter:
    """A context manager; what is not finished when it ends is removed."""

    def __init__(self, folder: Path, name: str, preprocessing: Preprocessing) -> None:
        x, y = (folder / file for file in file_names(name))
        y_type = np.float32 if preprocessing.target.class_names is None else np.int64
        self._x = RowsWriter(x, (len(preprocessing.pass_through),), np.float32)
        self._y = RowsWriter(y, (), y_type)

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in (self._x, self._y):
            writer.abandon()

    def append(self, x: Array, y: Array) -> None:
        """More rows: x (n, width), y (n,)."""
        self._x.append(x)
        self._y.append(y)

    def finish(self) -> tuple[DiskRows, DiskRows]:
        """The rows, whole and on the disk."""
        return self._x.finish(), self._y.finish()
