"""Columns that alone tell the target: they are often known only once the answer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, sqrt

import numpy as np

from mlpcli.data.dataset import Rows
from mlpcli.data.look.findings import Finding
from mlpcli.data.look.one_column import FEWEST_ROWS, classes_right, variance_explained
from mlpcli.data.look.raw_columns import RawColumn, how_to_exclude
from mlpcli.data.wording import listed, percent, quoted

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
