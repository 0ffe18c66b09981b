"""Writes rows to a file as they come, and counts what later passes would ask for."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlpcli.artifacts.files import TEMPORARY_PREFIX
from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Array
from mlpcli.data.streaming.disk_rows import DiskRows
from mlpcli.data.streaming.moments import Moments


class RowsWriter:
    """Appends batches (n, *row_shape); the file has its name only when it is whole.

    After `finish` there are the rows, with the sha256 of their bytes (as they lie in the file) and their moments per
    column. Memory: one batch.
    """

    def __init__(self, path: Path, row_shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        """Raises OSError where nothing can be written."""
        self.path, self.row_shape, self.dtype = path, row_shape, np.dtype(dtype)
        self.rows = 0
        self._moments: Moments | None = None
        self._digest = hashlib.sha256()
        self._temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")
        self._file = open(self._temporary, "wb")  # noqa: SIM115

    def append(self, values: Array) -> None:
        """Write these rows behind the others.

        Raises:
            OSError: the disk is full.
        """
        values = np.ascontiguousarray(values, self.dtype)
        if values.shape[1:] != self.row_shape:
            raise ValueError(f"rows of the shape {values.shape[1:]} in a file of {self.row_shape}")
        for chunk in row_chunks(values):
            self._count(values[chunk])
        self._digest.update(values.data)
        self._file.write(values.data)
        self.rows += len(values)

    def _count(self, values: Array) -> None:
        moments = Moments.of(values.reshape(len(values), -1).astype(np.float64))
        self._moments = moments if self._moments is None else self._moments.merged(moments)

    def finish(self) -> DiskRows:
        """Sync the file, give it its name, and open it for reading."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self.path)
        return DiskRows(self.path, (self.rows, *self.row_shape), self.dtype, self._moments, self._digest.hexdigest())

    def abandon(self) -> None:
        """Remove what was written; does nothing after `finish`."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)
