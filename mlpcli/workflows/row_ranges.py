"""Rows in another range than the model takes: divided or scaled already, or not yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array
from mlpcli.modelfile.description import SavedNormalization

if TYPE_CHECKING:
    from mlpcli.modelfile.saved_model import SavedModel

BYTES_ABOVE = 128
"""Whole numbers up to more than this are taken for pixels of 0 to 255."""
BELOW = -0.5
"""Pixels lower than this are none, however noisy they are."""


def range_warning(model: SavedModel, x: Array) -> str | None:
    """What to say where rows x (n, ...) are in another range than the model takes; None: nothing.

    x: before it is divided as --divide-by says.
    """
    if model.told.divide_by is not None or len(x) == 0:
        return None
    taken = model.card.data.pixel_max
    return _of_columns(model, x) if taken is None else _of_pixels(model, x, taken)


def _of_pixels(model: SavedModel, x: Array, taken: float) -> str | None:
    """taken: the largest pixel of the training pictures."""
    low, high, whole, own = float(x.min()), float(x.max()), x.dtype.kind in "iu", not model.stock
    if taken == 1 and (whole or own) and low >= 0 and BYTES_ABOVE < high <= 255:
        return _undivided(own, high)
    if taken > 1 and not whole and low >= 0 and 0 < high <= 1:
        way = "which mlpcli scales itself, though this file leaves the scaling out for stock Keras"
        way = way if model.left_out else "which its first layer scales"
        found = f"these rows hold values from 0 to 1, but the model takes 0 to {taken:g}, {way}"
        return f"{found}; give them undivided, or multiply them by {taken:g}"
    if own and (low < BELOW or high > 2 * taken):
        found = f"these rows hold values from {low:g} to {high:g}, but the model was trained on 0 to {taken:g}"
        return f"{found}; give the pixels in that range"
    return None


def _undivided(own: bool, high: float) -> str:
    if own:
        return f"these rows hold values up to {high:g}, but the model was trained on 0 to 1; divide them by 255"
    return (
        "these rows hold whole numbers up to 255, and the model has no layer that scales; if it learnt x / 255,"
        " give --divide-by 255, else --divide-by 1"
    )


LEAST_ROWS, MOST_ROWS = 10, 10_000
"""Fewer rows have no mean to judge by, and more are not needed."""
MOST = 0.8
"""Of the columns that can tell: as many must look scaled."""


def _of_columns(model: SavedModel, x: Array) -> str | None:
    """Compares rows (n, ..., columns) with what the first layer subtracts and divides by, where it has such numbers.

    Columns that are about 0 and 1 in their own units, too, tell nothing.
    """
    first = model.layers[0].component if model.layers else None
    if not isinstance(first, SavedNormalization) or first.mean is None or first.variance is None:
        return None
    mean, deviation = np.atleast_1d(first.mean), np.sqrt(np.atleast_1d(first.variance))
    values = x[:MOST_ROWS].astype(np.float64).reshape(-1, len(mean))
    if len(values) < LEAST_ROWS:
        return None
    middle, spread, low, high = values.mean(axis=0), values.std(axis=0), values.min(axis=0), values.max(axis=0)
    far = (mean > 2) | (mean < -1) | (deviation > 4)
    standardized = (abs(middle) < 0.5) & (spread > 0.5) & (spread < 2)
    for tells, looks, what in (
        (far | (deviation < 0.25), standardized, "have a mean near 0 and a deviation near 1"),
        (far, (low >= 0) & (high <= 1) & (spread > 0), "lie between 0 and 1"),
    ):
        if tells.any() and looks[tells].mean() >= MOST:
            own = "the model takes columns in their own units" if x.ndim == 2 else "the model takes raw values"
            return f"these rows look scaled already: they {what}, but {own} and scales them itself; give them unscaled"
    return None
