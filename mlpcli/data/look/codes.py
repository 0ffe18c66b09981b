"""Finds whole numbers that behave as codes: what the target does from one value to the next follows no order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.config.yaml_names import yaml_names
from mlpcli.data.dataset import Rows
from mlpcli.data.look.findings import Finding
from mlpcli.tables.column_encoders import ValueColumn
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.text import listed, percent, shown

CODES = "codes"
"""The topic of the finding."""
FEWEST_VALUES, MOST_VALUES = 4, 50
"""Three values always have one peak or one valley at most."""
ROWS_PER_VALUE, FEWEST_ROWS = 20, 10
"""On average, and of each value that is looked at."""
FEWEST_EXPECTED = 5
"""Rows of a class that the smallest group should have: below that, its share is not normally distributed."""
LEAST_GAIN = 0.01
"""Of the target's variance: what is certain but smaller is not worth the inputs of a category."""
LEAST_STEP = 0.5
"""Of the squared difference of any two group means, that of neighbours: 1 for codes, on average, and 0.1 for hours."""
FALSE_ALARMS = 1e-3
"""Tables among so many that would be told of codes where there are none."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Codes:
    """A column, and the shares of the target's variance that its values explain: each by itself, and in order."""

    name: str
    apart: float
    ordered: float


def find_codes(preprocessing: Preprocessing | None, sample: Rows, class_names: tuple[str, ...] | None) -> list[Finding]:
    """One finding that names the columns of a table whose whole numbers are perhaps codes.

    They are if the target's group means have more than one peak or valley, by more than noise would give them
    (`least_gain`) and by more than a trifle; and if the means of neighbours differ about as those of any two values do.
    Numbers are taken by their ranks, so that a few huge ones do not matter; of classes, any one is enough.
    """
    columns, classes = _whole_numbers(preprocessing, sample), len(class_names or ())
    y = sample.y if classes else _ranks(sample.y.reshape(len(sample), -1))
    tests = max(1, len(columns)) * (classes or y.shape[1])
    judged = (_judge(name, values[kept], y[kept], classes, tests) for name, values, kept in columns)
    found = [codes for codes in judged if codes]
    return [_finding(found)] if found else []


def _finding(found: list[_Codes]) -> Finding:
    best, names = max(found, key=_gain), [codes.name for codes in found]
    others = [shown(name) for name in names if name != best.name]
    more = f", and so do {listed(others)}" if others else ""
    apart, ordered = (percent(int(1000 * share), 1000) for share in (best.apart, best.ordered))
    text = (
        f'column "{shown(best.name)}" has whole numbers that behave like codes, not amounts (as separate values they'
        f" explain {apart} of the target's variance, as ordered ones {ordered}){more}"
    )
    told = ", ".join(f"{yaml_names([name])[1:-1]}: category" for name in names)
    return Finding(CODES, text, f"data.types: {{{told}}} reads them as categories", "note", tuple(names))


def _whole_numbers(preprocessing: Preprocessing | None, sample: Rows) -> list[tuple[str, Array, npt.NDArray[np.bool_]]]:
    """Name and values (n,) of the columns of whole numbers, and which rows have one; none without a table."""
    if preprocessing is None:
        return []
    found = []
    for column, (name, where) in zip(preprocessing.columns, preprocessing.groups, strict=True):
        if isinstance(column, ValueColumn) and column.kind == "number":
            values = sample.x[:, where.start]
            kept = sample.x[:, where.start + 1] == 0 if column.indicator else np.ones(len(values), bool)
            if (values[kept] == np.floor(values[kept])).all():
                found.append((name, values, kept))
    return found


def _ranks(targets: Array) -> Floats:
    """The rank of each value (n, k) in its column, from 1; equal ones share the middle of theirs."""
    ranks = np.empty(targets.shape)
    for column, target in enumerate(targets.T):
        _, position, counts = np.unique(target, return_inverse=True, return_counts=True)
        ranks[:, column] = (np.cumsum(counts) - (counts - 1) / 2)[position.ravel()]
    return ranks


def _judge(name: str, values: Array, y: Array, classes: int, tests: int) -> _Codes | None:
    """The column (n,), if it holds codes for any class of y (n,), or any of its columns (n, k) where there are none."""
    distinct, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    frequent = counts >= FEWEST_ROWS
    few = len(distinct) <= MOST_VALUES and ROWS_PER_VALUE * len(distinct) <= len(values)
    if not few or frequent.sum() < FEWEST_VALUES:
        return None
    rows = frequent[group.ravel()]
    position = (np.cumsum(frequent) - 1)[group.ravel()[rows]]
    means, totals = _means(position, y[rows], counts[frequent], classes)
    judged = (
        _compare(name, mean, counts[frequent], total, tests)
        for mean, total in zip(means.T, totals, strict=True)
        if not classes or _is_frequent(mean, counts[frequent])
    )
    return max((codes for codes in judged if codes), key=_gain, default=None)


def _gain(codes: _Codes) -> float:
    return codes.apart - codes.ordered


def _means(group: Array, y: Array, counts: Array, classes: int) -> tuple[Floats, Floats]:
    """The mean of each output in each group (groups, outputs), and its squared error from that of all (outputs,)."""
    if not classes:
        sums = np.stack([np.bincount(group, weights=output) for output in y.T], axis=1)
        return sums / counts[:, np.newaxis], ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    sums = np.bincount(group * classes + y, minlength=len(counts) * classes).reshape(len(counts), classes)
    shares = sums.sum(axis=0) / len(y)
    return sums / counts[:, np.newaxis], len(y) * shares * (1 - shares)


def _is_frequent(shares: Floats, counts: Array) -> bool:
    """Whether the shares of a class in the groups (k,) are about normally distributed."""
    share = float(counts @ shares) / counts.sum()
    return bool(min(share, 1 - share) * counts.min() >= FEWEST_EXPECTED)


def _compare(name: str, means: Floats, counts: Array, total: float, tests: int) -> _Codes | None:
    """The column, if the means of its groups (k,), in the order of their values, are those of codes.

    counts: rows of each group. total: the squared error of all rows from their mean.
    """
    between = float(counts @ (means - counts @ means / counts.sum()) ** 2)
    variance = (total - between) / (counts.sum() - len(counts))
    least = max(LEAST_GAIN * total, variance * least_gain(len(counts), tests))
    if between <= least or _step(means) < LEAST_STEP:
        return None
    gain = min(errors_in_order(means, counts), errors_in_order(-means, counts))
    return _Codes(name, between / total, (between - gain) / total) if gain > least else None


def least_gain(groups: int, tests: int) -> float:
    """How far, in variances of a row, group means may lie from one peak or valley by noise alone.

    If the true means have one, the best such fit is at least as near as they are, whose distance is a chi-square of as
    many degrees of freedom as there are groups. That exceeds k + 2 sqrt(k t) + 2 t with a probability below exp(-t)
    (Laurent and Massart, "Adaptive estimation of a quadratic functional by model selection", 2000, lemma 1); t is such
    that of FALSE_ALARMS tables one is told, however many tests each of them takes.
    """
    t = log(tests / FALSE_ALARMS)
    return groups + 2 * sqrt(groups * t) + 2 * t


def _step(means: Floats) -> float:
    """The squared difference of neighbours, on average, by that of any two of the means (k,)."""
    pairs = 2 * float(means.var(ddof=1))
    return float((np.diff(means) ** 2).mean()) / pairs if pairs else 0.0


def errors_in_order(means: Floats, counts: Array) -> float:
    """The squared error of the best fit to group means (k,) that rises up to some group and falls from there on.

    >>> errors_in_order(np.array([1.0, 5.0, 3.0, 2.0]), np.array([9, 9, 9, 9]))
    0.0
    >>> errors_in_order(np.array([0.0, 2.0, 0.0, 4.0]), np.array([1, 1, 1, 1]))
    2.0
    """
    rising = [0.0, *_rising_errors(means, counts)]
    falling = [0.0, *_rising_errors(means[::-1], counts[::-1])]
    return min(up + down for up, down in zip(rising, falling[::-1], strict=True))


def _rising_errors(means: Floats, counts: Array) -> Iterator[float]:
    """Of the best rising fit to the first mean, the first two, ...: neighbours that fall are pooled."""
    blocks: list[tuple[float, float]] = []
    error = 0.0
    for mean, count in zip(means.tolist(), counts.tolist(), strict=True):
        while blocks and blocks[-1][0] >= mean:
            before, rows = blocks.pop()
            error += rows * count / (rows + count) * (before - mean) ** 2
            mean, count = (before * rows + mean * count) / (rows + count), rows + count
        blocks.append((mean, count))
        yield error
