"""Values that would ruin the training are refused before it."""

from __future__ import annotations

import numpy as np

from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Array
from mlpcli.data.streaming.moments import moments_of
from mlpcli.errors import DataError


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
