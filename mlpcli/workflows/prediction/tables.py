"""Rows of table files to predict, and of CSV on standard input: encoded as the training rows were."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlpcli.data.other_rows import Layout
from mlpcli.errors import DataError, ModelFileError
from mlpcli.workflows.prediction.batch import InputBatch
from mlpcli.workflows.prediction.kinds import STANDARD_INPUT

if TYPE_CHECKING:
    from mlpcli.data.tables.fitting_options import Read
    from mlpcli.data.tables.preprocessing import Preprocessing
    from mlpcli.data.tables.raw_table import RawTable
    from mlpcli.data.tables.read_options import ReadOptions

BATCH_ROWS = 65_536
BATCH_VALUES = 1 << 22
"""Values of a batch, at most, read or encoded: wider tables come in fewer rows at a time."""


def preprocessing_of(layout: Layout, target: str | None) -> Preprocessing | None:
    """How columns become what the model takes; None where it has learnt on no columns with names."""
    from mlpcli.data.tables.preprocessing import plain_preprocessing

    if layout.preprocessing is not None:
        return layout.preprocessing
    if layout.feature_names is None or len(layout.input_shape) != 1:
        return None
    return plain_preprocessing(layout.feature_names, layout.class_names, target)


def file_reader(path: Path) -> Read:
    """Reads a table file, a pattern of files, or a folder of them."""
    from mlpcli.data.tables.reader import read_batches

    return lambda options, rows: read_batches(path, options, rows)


class KeptStream:
    """CSV that comes once and cannot be asked for again, kept in a temporary file as long as this object lives."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Read the stream to its end.

        Raises:
            DataError: nothing comes, or more than the disk holds.
        """
        handle, name = tempfile.mkstemp(prefix="mlpcli-", suffix=".csv")
        self.path = Path(name)
        weakref.finalize(self, self.path.unlink, missing_ok=True)
        try:
            with os.fdopen(handle, "wb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
        except OSError as error:
            reason = error.strerror or str(error)
            raise DataError(
                f"{STANDARD_INPUT}: cannot be kept in {self.path.parent}: {reason}; save it to a file, and give that"
            ) from error
        if self.path.stat().st_size == 0:
            raise DataError(f"{STANDARD_INPUT}: is empty; send CSV with a line of column names")

    def read(self, options: ReadOptions, rows: int) -> Iterator[RawTable]:
        """The rows in batches, from the beginning each time."""
        from mlpcli.data.tables.reader import read_stream

        with open(self.path, "rb") as file:
            yield from read_stream(file, STANDARD_INPUT, options, rows)


def table_batches(name: str, read: Read, preprocessing: Preprocessing) -> Iterator[InputBatch]:
    """The rows of a table, encoded.

    Raises:
        DataError: the file cannot be read, lacks columns, or holds a value that does not fit its column.
    """
    from mlpcli.data.tables.fitting_options import fitting_options

    width = max(1, len(preprocessing.feature_names), len(preprocessing.source_names))
    rows = max(1, min(BATCH_ROWS, BATCH_VALUES // width))
    first = 0
    for raw in read(fitting_options(read, preprocessing), rows):
        if len(raw):
            yield InputBatch(preprocessing.encode(raw), (name,), first, raw)
        first += len(raw)


def check_encoded(file: Path, preprocessing: Preprocessing, layout: Layout) -> None:
    """Hold the width of encoded rows to the model's.

    Raises:
        ModelFileError: they differ, so the file's metadata is not that of its model.
    """
    if layout.input_shape != (len(preprocessing.feature_names),):
        raise ModelFileError(
            f"{file}: its mlpcli metadata is damaged (columns for {len(preprocessing.feature_names)} inputs, and the"
            f" model takes {layout.input_shape}); restore the file or train again"
        )
