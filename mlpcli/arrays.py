"""Array work in bounded memory: rows by chunks, and values in the types that models take."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpcli.errors import DataError

CHUNK_BYTES = 1 << 23


def row_chunks(x: Array, rows: int | None = None) -> Iterator[slice]:
    """Slices over the first `rows` rows (default: all), each about 8 MiB once its values are float64."""
    total = len(x) if rows is None else rows
    step = max(1, CHUNK_BYTES // (8 * max(1, math.prod(x.shape[1:]))))
    for start in range(0, total, step):
        yield slice(start, min(start + step, total))


CACHED = 1 << 16
"""Values: half a MiB of float64."""


def pieces(values: Array) -> Iterator[slice]:
    """Slices over values (n,), each so short that it stays in the processor's cache from one operation to the next."""
    for start in range(0, len(values), CACHED):
        yield slice(start, start + CACHED)


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


Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """Of `count` rows, for each column (columns,): mean, sum of squared deviations from it, lowest, highest."""

    count: int
    mean: Floats
    squares: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, values: Floats) -> Moments:
        """Of the rows (n, columns) at hand; n is at least 1."""
        low, high = values.min(axis=0), values.max(axis=0)
        # The mean of equal values may differ from them by a rounding, and they would seem to vary.
        with np.errstate(invalid="ignore"):  # infinite values: low and high tell of them
            mean = np.where(low == high, low, values.mean(axis=0))
            return cls(len(values), mean, ((values - mean) ** 2).sum(axis=0), low, high)

    def merged(self, other: Moments) -> Moments:
        """The moments of the rows of `self` and `other` together."""
        count = self.count + other.count
        with np.errstate(invalid="ignore"):
            step = other.mean - self.mean
            mean = self.mean + step * (other.count / count)
            squares = self.squares + other.squares + step**2 * (self.count * other.count / count)
        return Moments(count, mean, squares, np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    @property
    def variance(self) -> Floats:
        """Mean squared deviation, without Bessel's correction (as scikit-learn's StandardScaler has it)."""
        return self.squares / self.count

    def as_json(self) -> dict[str, Any]:
        """Every number exactly, as JSON's decimals are read back."""
        columns = {name: getattr(self, name).tolist() for name in ("mean", "squares", "low", "high")}
        return {"count": self.count, **columns}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Moments:
        """The inverse of `as_json`."""
        columns = (np.array(value[name], np.float64) for name in ("mean", "squares", "low", "high"))
        return cls(int(value["count"]), *columns)


def moments_of(rows: object) -> Moments | None:
    """What is known already of rows that were counted as they were written; None for any array in memory."""
    found = getattr(rows, "moments", None)
    return found if isinstance(found, Moments) else None


def check_finite(name: str, x: Array, y: Array, feature_names: tuple[str, ...] | None = None) -> None:
    """Refuse NaN and infinity in x (n, ...) and y (n, ...); works in chunks. `name` opens the message.

    Raises:
        DataError: the count, the place and the value of the first.
    """
    _check_array(f"{name}: x", x, feature_names)
    _check_array(f"{name}: y", y, None)


def _check_array(where: str, values: Array, feature_names: tuple[str, ...] | None) -> None:
    known = moments_of(values)
    if values.dtype.kind != "f" or (known is not None and np.isfinite([known.low, known.high]).all()):
        return
    count, first, value = 0, None, 0.0
    for chunk in row_chunks(values):
        bad = ~np.isfinite(values[chunk])
        count += int(bad.sum())
        if first is None and bad.any():
            row, *rest = (int(index) for index in np.argwhere(bad)[0])
            first, value = (row + chunk.start, *rest), float(values[chunk][(row, *rest)])
    if first is not None:
        raise DataError(
            f"{where}: {count:,} {'value is' if count == 1 else 'values are'} not finite; the first is"
            f" {value:g} in row {first[0]} (from 0){_place(first[1:], feature_names)};"
            " fill in or leave out such rows"
        )


def _place(position: tuple[int, ...], feature_names: tuple[str, ...] | None) -> str:
    if len(position) == 1:
        return f", {_column(position[0], feature_names)}"
    return f", pixel {position}" if position else ""


def _column(index: int, feature_names: tuple[str, ...] | None) -> str:
    return f'column "{feature_names[index]}"' if feature_names else f"column {index} (from 0)"


def class_counts(y: Array, classes: int) -> npt.NDArray[np.int64]:
    """How many rows are of each class (classes,), from class indices (n,) in memory or on disk; works in chunks."""
    counts = np.zeros(classes, np.int64)
    for chunk in row_chunks(y):
        counts += np.bincount(y[chunk], minlength=classes)
    return counts
