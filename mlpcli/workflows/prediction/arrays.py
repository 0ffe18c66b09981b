"""Rows to predict out of .npy and .npz files, and arrays that are in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mlpcli.data.arrays import model_values
from mlpcli.data.dataset import Array
from mlpcli.data.local_files import open_binary
from mlpcli.data.npz import read_npz
from mlpcli.data.npz_source import feature_names_in
from mlpcli.data.other_rows import Layout
from mlpcli.errors import DataError, did_you_mean
from mlpcli.workflows.prediction.batch import InputBatch

BATCH_BYTES = 1 << 24
AGAIN = "write it again with numpy.save"


def array_batches(name: str, array: Array | Path, layout: Layout) -> Iterator[InputBatch]:
    """The rows of an array, or of the array in a file, some MiB at a time; a file .npy is never in memory as a whole.

    Rows are (n, *input_shape); one alone, without the n, is a row, too, and a last side of 1 may be there or not.

    Raises:
        DataError: the file cannot be read, or its rows are not what the model takes.
    """
    x = _rows(name, _read(array, layout) if isinstance(array, Path) else array, layout.input_shape)
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
        raise DataError(f"{path}: is no .npy file of numbers, or is cut off ({reason}); {AGAIN}") from error
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
            raise DataError(f'{path}: lacks the column "{name}", which the model takes{did_you_mean(name, own)}')
    return x[:, [own.index(name) for name in layout.feature_names]]


def _rows(name: str, x: Array, input_shape: tuple[int, ...]) -> Array:
    core = input_shape[:-1] if len(input_shape) == 3 and input_shape[-1] == 1 else input_shape
    for shape in (input_shape, core, (*core, 1)):
        if x.shape == shape:
            return x.reshape(1, *input_shape)
        if x.shape[1:] == shape:
            return x.reshape(-1, *input_shape) if len(x) else x
    wanted = f"(rows, {', '.join(map(str, input_shape))})"
    raise DataError(f"{name}: has the shape {x.shape}, and the model takes {wanted}; give rows of that shape")
