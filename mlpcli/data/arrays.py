"""Array work in bounded memory: rows by chunks, and values in the types that models take."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.errors import DataError

CHUNK_BYTES = 1 << 23


def row_chunks(x: Array, rows: int | None = None) -> Iterator[slice]:
    """Slices over the first `rows` rows (default: all), each about 8 MiB once its values are float64."""
    total = len(x) if rows is None else rows
    step = max(1, CHUNK_BYTES // (8 * max(1, math.prod(x.shape[1:]))))
    for start in range(0, total, step):
        yield slice(start, min(start + step, total))


def model_values(where: str, x: Array) -> Array:
    """x in a type that a model takes, copied only where it must be.

    Integers keep their type; float64 becomes float32, bool becomes uint8; the byte order becomes the machine's.

    Raises:
        DataError: not numbers, or a value is too large for float32. `where` opens the message.
    """
    if x.dtype.kind not in "biuf":
        raise DataError(f"{where}: holds {x.dtype.name} values; only numbers and true/false are allowed")
    if x.dtype.kind == "b":
        return x.view(np.uint8)
    if x.dtype.kind == "f" and x.dtype.itemsize > 4:
        return float32_values(where, x)
    return x.astype(x.dtype.newbyteorder("="), copy=False)


def float32_values(where: str, values: Array) -> Array:
    """The values as float32.

    Raises:
        DataError: a finite value becomes infinite in float32; names the count and the first one.
    """
    result = np.empty(values.shape, np.float32)
    for chunk in row_chunks(values):
        with np.errstate(over="ignore"):
            result[chunk] = values[chunk]
        lost = np.isinf(result[chunk]) & np.isfinite(values[chunk])
        if lost.any():
            place = tuple(int(i) for i in np.argwhere(lost)[0])
            raise DataError(
                f"{where}: row {place[0] + chunk.start} (from 0) holds {values[chunk][place]:g}, too large for"
                f" 32-bit numbers (at most 3.4e38); scale the values"
            )
    return result


def highest_pixel(x: Array) -> float | None:
    """The `pixel_max` of images (n, h, w) or (n, h, w, c).

    1 where all values lie in [0, 1], 255 where they are whole-number types in [0, 255], else None.
    """
    low, high = float(x.min()), float(x.max())
    if low >= 0 and high <= 1:
        return 1.0
    if x.dtype.kind in "iu" and low >= 0 and high <= 255:
        return 255.0
    return None
