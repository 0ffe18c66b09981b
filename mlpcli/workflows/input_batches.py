"""Rows of table files to predict, and of CSV on standard input: encoded as the training rows were."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, model_values
from mlpcli.data.dataset import Layout
from mlpcli.data.npz import feature_names_in, read_npz
from mlpcli.errors import DataError
from mlpcli.files import open_binary
from mlpcli.text import did_you_mean

if TYPE_CHECKING:
    from mlpcli.tables.preprocessing import Preprocessing, Read
    from mlpcli.tables.raw_table import RawTable, ReadOptions


BATCH_ROWS = 65_536
BATCH_VALUES = 1 << 22
"""The most values of a batch, read or encoded; wider tables are read in fewer rows at a time."""


def preprocessing_of(layout: Layout, targets: tuple[str, ...]) -> Preprocessing | None:
    """The preprocessing for tables; None if the model was not trained on named columns."""
    from mlpcli.tables.preprocessing import plain_preprocessing

    if layout.preprocessing is not None:
        return layout.preprocessing
    if layout.feature_names is None or len(layout.input_shape) != 1:
        return None
    return plain_preprocessing(layout.feature_names, layout.class_names, targets)


def file_reader(path: Path) -> Read:
    """Reads a table file, a pattern of files, or a folder of them."""
    from mlpcli.tables.table_reader import read_batches

    return lambda options, rows: read_batches(path, options, rows)


class KeptStream:
    """CSV from a stream that can be read only once, stored in a temporary file as long as this object lives."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Read the stream to its end.

        Raises:
            DataError: the stream is empty, or the disk is full.
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
                f"{STANDARD_INPUT}: cannot be stored in {self.path.parent}: {reason}; save it to a file and give that"
            ) from error
        if self.path.stat().st_size == 0:
            raise DataError(f"{STANDARD_INPUT}: is empty; send CSV with a line of column names")

    def read(self, options: ReadOptions, rows: int) -> Iterator[RawTable]:
        """The rows in batches, from the beginning each time."""
        from mlpcli.tables.table_reader import read_named

        yield from read_named(self.path, STANDARD_INPUT, options, rows)


MOST_BROKEN = 1000
"""Rows of a batch that cannot be encoded; more are a fault of the file as a whole."""


def table_batches(name: str, read: Read, preprocessing: Preprocessing, strict: bool) -> Iterator[InputBatch]:
    """The rows of a table, encoded; one that holds a value of the wrong kind is `broken`, or an error with strict.

    Raises:
        DataError: the file cannot be read, lacks columns, or holds a thousand such values.
    """
    from mlpcli.tables.preprocessing import fitting_options

    width = max(1, len(preprocessing.feature_names), len(preprocessing.source_names))
    rows = max(1, min(BATCH_ROWS, BATCH_VALUES // width))
    first = 0
    for raw in read(fitting_options(read, preprocessing), rows):
        if len(raw):
            yield table_batch(name, raw, preprocessing, strict, first)
        first += len(raw)


def table_batch(name: str, raw: RawTable, preprocessing: Preprocessing, strict: bool, first: int = 0) -> InputBatch:
    """Rows of a table that are in memory, encoded; the first is number `first` (raises as `table_batches`)."""
    from mlpcli.tables.raw_table import check_columns

    check_columns(raw, preprocessing.source_names)
    broken: dict[int, str] = {}
    x = preprocessing.encode(raw) if strict else _encoded(raw, preprocessing, 0, broken)
    return InputBatch(x, (name,), first, raw, broken)


def _encoded(raw: RawTable, preprocessing: Preprocessing, first: int, broken: dict[int, str]) -> Array:
    """x of the rows from `first` on in a batch; zeros for a broken one, found by halves, whose reason is put down."""
    try:
        return preprocessing.encode(raw)
    except DataError as error:
        if len(raw) == 1 and len(broken) < MOST_BROKEN:
            broken[first] = str(error)
            return np.zeros((1, len(preprocessing.feature_names)), np.float32)
        if len(raw) == 1:
            raise
    half = len(raw) // 2
    parts = (np.arange(half), np.arange(half, len(raw)))
    return np.concatenate([_encoded(raw.take(rows), preprocessing, first + int(rows[0]), broken) for rows in parts])


BATCH_BYTES = 1 << 24
AGAIN = "write it again with numpy.save"


def array_batches(name: str, array: Array | Path, layout: Layout) -> Iterator[InputBatch]:
    """The rows of an array, or of the array in a file, some MiB at a time; an .npy file is never in memory as a whole.

    Rows are (n, *input_shape); a single row may lack the first axis, and a last axis of 1 is optional.

    Raises:
        DataError: the file cannot be read, or its rows do not fit the model.
    """
    x = _rows(name, _read(array, layout) if isinstance(array, Path) else array, layout)
    if len(x) == 0:
        raise DataError(f"{name}: holds no rows (its shape is {x.shape}); give at least one")
    step = max(1, BATCH_BYTES // (8 * max(1, math.prod(layout.input_shape))))
    for start in range(0, len(x), step):
        yield InputBatch(model_values(name, np.asarray(x[start : start + step])), (name,), start)


def _read(path: Path, layout: Layout) -> Array:
    if path.suffix.lower() == ".npz":
        return _from_npz(path, layout)
    with open_binary(path):  # a pipe or an empty file is named as such
        pass
    try:  # mapped, so that a header that lies is found before anything is allocated
        array: Array = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # numpy raises several kinds on damaged bytes, and on pickled Python objects
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: is not an .npy file of numbers, or is cut off ({reason}); {AGAIN}") from error
    return array


def _from_npz(path: Path, layout: Layout) -> Array:
    arrays = read_npz(path)
    if "x" not in arrays:
        listed = ", ".join(arrays) or "no array"
        raise DataError(f"{path}: the array x is missing (it holds {listed}); save the rows as x with numpy.savez")
    x = arrays["x"]
    own = feature_names_in(path, arrays, x.shape)
    if own is None or layout.feature_names is None or own == layout.feature_names:
        return x
    for name in layout.feature_names:
        if name not in own:
            raise DataError(f'{path}: lacks the column "{name}", which the model needs{did_you_mean(name, own)}')
    return x[:, [own.index(name) for name in layout.feature_names]]


def _rows(name: str, x: Array, layout: Layout) -> Array:
    input_shape = layout.input_shape
    core = input_shape[:-1] if len(input_shape) == 3 and input_shape[-1] == 1 else input_shape
    for shape in (input_shape, core, (*core, 1)):
        if x.shape == shape:
            return x.reshape(1, *input_shape)
        if x.shape[1:] == shape:
            return x.reshape(-1, *input_shape) if len(x) else x
    if layout.any_shape and x.ndim > 1 and len(x) and math.prod(x.shape[1:]) == math.prod(input_shape):
        return x.reshape(-1, *input_shape)
    wanted = f"(rows, {', '.join(map(str, input_shape))})"
    raise DataError(f"{name}: has the shape {x.shape}, but the model takes {wanted}; give rows of that shape")


@dataclass(frozen=True, eq=False)
class InputBatch:
    """Examples x (n, *input_shape), as the model takes them.

    names: the file of each example, as the user wrote it; or one, for a file that all of them come from.
    first: which row of that file (from 0) the first of them is; None for pictures, each of which is a file.
    table: the rows as they stand in a table file.
    broken: index of an example that could not be read, whose x is 0, to the reason.
    """

    x: Array
    names: tuple[str, ...]
    first: int | None = None
    table: RawTable | None = None
    broken: Mapping[int, str] = field(default_factory=dict)

    @property
    def good(self) -> npt.NDArray[np.int64]:
        """The indices of the examples that could be read."""
        return np.array([index for index in range(len(self)) if index not in self.broken], np.int64)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def nbytes(self) -> int:
        """Memory in bytes, roughly."""
        return int(self.x.nbytes) + (int(self.table.columns.nbytes) if self.table is not None else 0)

    def name(self, index: int) -> str:
        """The file that an example of this batch comes from."""
        return self.names[index if self.first is None else 0]

    def place(self, index: int) -> str:
        """The place of an example, for messages: file and row."""
        if self.table is not None:
            return self.table.place(index)
        return self.name(index) if self.first is None else f"{self.name(index)}: row {self.first + index} (from 0)"


STANDARD_INPUT = "standard input"
