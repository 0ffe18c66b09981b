"""Finds columns that alone predict the target (leaks): they are often known only after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, sqrt

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.data.dataset import Rows
from mlpcli.data.look.duplicates import distinct, row_hashes
from mlpcli.data.look.findings import Finding, RawColumn, how_to_exclude
from mlpcli.text import listed, percent, quoted

MOST_WRONG = 0.02
MOST_WRONG_OF_BASELINE = 0.2
"""Where one class is frequent anyway, a column must also leave at most a fifth of what always saying that class gets
wrong; up to 90 % of the rows, this is the looser of the two bounds."""
LEAST_R2 = 0.995
FEWEST_FOR_R2 = 50


@dataclass(frozen=True)
class _Leak:
    """A column and its score, as a number and as it is shown."""

    column: RawColumn
    score: float
    shown: str


def find_leaks(columns: Sequence[RawColumn], sample: Rows, class_names: tuple[str, ...] | None) -> list[Finding]:
    """One finding that names the columns of which each predicts the target of the sample (random order) almost wholly.

    A table of one column has nothing else to predict from, so that it is not looked at.
    """
    if len(columns) < 2 or len(sample) < FEWEST_ROWS:
        return []
    if class_names is None:
        return _number_leaks(columns, sample)
    return _class_leaks(columns, sample, class_names)


def least_share(right: int, rows: int) -> float:
    """The lower end of Wilson's interval of one standard error: what a share may be that was seen in so few rows."""
    share = right / rows
    spread = sqrt(share * (1 - share) / rows + 1 / (4 * rows**2))
    return (share + 1 / (2 * rows) - spread) / (1 + 1 / rows)


def _class_leaks(columns: Sequence[RawColumn], sample: Rows, class_names: tuple[str, ...]) -> list[Finding]:
    counts, rows = np.bincount(sample.y, minlength=len(class_names)), len(sample)
    frequent = int(counts.argmax())
    most_wrong = min(MOST_WRONG, MOST_WRONG_OF_BASELINE * (1 - counts[frequent] / rows))
    found = []
    for column in columns:
        right = classes_right(sample.x[:, column.where], sample.y, len(class_names))
        if least_share(right, rows) >= 1 - most_wrong:
            found.append(_Leak(column, right / rows, percent(right, rows)))
    baseline = f"always saying {quoted([class_names[frequent]])} has {percent(int(counts[frequent]), rows)}"
    return _finding(found, "predicts the class right in {} of the rows", baseline)


def _number_leaks(columns: Sequence[RawColumn], sample: Rows) -> list[Finding]:
    if len(sample) < FEWEST_FOR_R2:
        return []
    targets = sample.y.reshape(len(sample), -1).T
    found = []
    for column in columns:
        r2 = max(variance_explained(sample.x[:, column.where], target) for target in targets)
        if r2 >= LEAST_R2:
            found.append(_Leak(column, r2, f"{floor(r2 * 10_000) / 10_000:g}"))
    return _finding(found, "predicts the target with an r2 of {}", "1 is perfect")


def _finding(found: list[_Leak], words: str, beside: str) -> list[Finding]:
    if not found:
        return []
    best, *others = sorted(found, key=lambda leak: -leak.score)
    more = listed([f"{leak.column.label} ({leak.shown})" for leak in others])
    text = f"{best.column.label} alone {words.format(best.shown)} ({beside})" + (f", and so do {more}" if more else "")
    question = f"{'are they' if others else 'is it'} known before the answer is? If not"
    columns = [best.column, *(leak.column for leak in others)]
    names = tuple(column.name for column in columns if column.name is not None)
    return [Finding("leak", text, f"{question}, {how_to_exclude(columns)}", columns=names)]


Floats = npt.NDArray[np.float64]
FEW_VALUES = 100
"""A column with at most so many values has a guess for each; with more, the nearest rows decide."""
NEAREST = 5
FEWEST_ROWS = 4 * NEAREST
"""With fewer rows, the two halves are too small to judge."""


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
