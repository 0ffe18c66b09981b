"""How well one column alone predicts the target: learnt from one half of the rows, tried on the other, both ways."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mlpcli.data.dataset import Array
from mlpcli.data.look.row_hashes import distinct, row_hashes

Floats = npt.NDArray[np.float64]

FEW_VALUES = 100
"""A column with at most so many values has a guess for each; with more, the nearest rows decide."""

NEAREST = 5
FEWEST_ROWS = 4 * NEAREST
"""With fewer rows, halves of them are no evidence."""


def classes_right(column: Array, y: Array, classes: int) -> int:
    """How many rows the best rule on one column gets right.

    column: (n, k), what became of it in x; y: class indices (n,); the rows come in random order.
    """
    key, many_valued = _keys_and_numbers(column)
    scores = [0]
    if key is not None:
        scores.append(sum(int((guess == true).sum()) for guess, true in _majorities(key, y, classes)))
    for values in many_valued:
        # The middle of the five sorted classes is the one that three or more of them have.
        guesses = ((np.sort(window, axis=1)[:, NEAREST // 2], true) for window, true in _nearest(values, y))
        scores.append(sum(int((guess == true).sum()) for guess, true in guesses))
    return max(scores)


def variance_explained(column: Array, y: Array) -> float:
    """The r2 of the best rule on one column, at least 0. column: (n, k); y: numbers (n,); rows in random order."""
    y = y.astype(np.float64)
    total = float(((y - y.mean()) ** 2).sum())
    if total == 0:
        return 0.0
    key, many_valued = _keys_and_numbers(column)
    errors = [total]
    if key is not None:
        errors.append(sum(float(((guess - true) ** 2).sum()) for guess, true in _means(key, y)))
    for values in many_valued:
        errors.append(sum(float(((guess - true) ** 2).sum()) for guess, true in _between(values, y)))
        errors.append(_line_error(values.astype(np.float64), y))
    return 1 - min(errors) / total


def _keys_and_numbers(column: Array) -> tuple[Array | None, list[Array]]:
    """One key (n,) for all few-valued columns together, as those of a category are, and the many-valued columns."""
    few: list[Array] = []
    many: list[Array] = []
    for values in column.T:
        (few if distinct(np.sort(values)) <= FEW_VALUES else many).append(values)
    if not few:
        return None, many
    table = np.stack(few, axis=1)
    hashes = row_hashes(table, np.arange(len(table)), table.dtype)
    return np.unique(hashes, return_inverse=True)[1].ravel(), many


def _halves(rows: int) -> Iterator[tuple[slice, slice]]:
    """Rows to learn from and rows to try on, then the other way round."""
    first, second = slice(0, rows // 2), slice(rows // 2, rows)
    yield first, second
    yield second, first


def _majorities(key: Array, y: Array, classes: int) -> Iterator[tuple[Array, Array]]:
    """The most frequent class of each key, or of all rows where the key was not seen; beside the true classes."""
    keys = int(key.max()) + 1
    for learn, test in _halves(len(y)):
        counts = np.bincount(key[learn] * classes + y[learn], minlength=keys * classes).reshape(keys, classes)
        counts[counts.sum(axis=1) == 0] = counts.sum(axis=0)
        yield counts.argmax(axis=1)[key[test]], y[test]


def _means(key: Array, y: Floats) -> Iterator[tuple[Array, Array]]:
    """The mean of each key, or of all rows where the key was not seen; beside the true numbers."""
    keys = int(key.max()) + 1
    for learn, test in _halves(len(y)):
        counts = np.bincount(key[learn], minlength=keys)
        sums = np.bincount(key[learn], weights=y[learn], minlength=keys)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), y[learn].mean())
        yield means[key[test]], y[test]


def _nearest(values: Array, y: Array) -> Iterator[tuple[Array, Array]]:
    """The classes of the five rows around each value in the order of the column (n, 5), beside the true ones (n,)."""
    for learn, test in _halves(len(y)):
        order = np.argsort(values[learn], kind="stable")
        place = np.searchsorted(values[learn][order], values[test]) - NEAREST // 2
        start = np.clip(place, 0, len(order) - NEAREST)
        yield y[learn][order][start[:, None] + np.arange(NEAREST)], y[test]


def _between(values: Array, y: Floats) -> Iterator[tuple[Array, Array]]:
    """The target on the line between the two nearest rows of each value, beside the true one (n,)."""
    for learn, test in _halves(len(y)):
        order = np.argsort(values[learn], kind="stable")
        yield np.interp(values[test], values[learn][order], y[learn][order]), y[test]


def _line_error(values: Floats, y: Floats) -> float:
    """The squared error of the best straight line; its two numbers need no rows of their own to be tried on."""
    x, target = values - values.mean(), y - y.mean()
    slope = float(x @ target) / float(x @ x)
    return float(((target - slope * x) ** 2).sum())
