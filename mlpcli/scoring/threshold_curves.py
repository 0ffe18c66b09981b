"""ROC and precision-recall curves over all thresholds, and the areas under them: one class against the rest.

A row has a score for each class. Above a threshold it is said to be of the class, below not; each threshold gives a
point of a curve. The area under the ROC curve is the chance that a row of the class has a higher score than another
row (ties count half). The average precision is the area under the precision-recall curve drawn in steps: precision
between two recalls is the one at the higher of them.

Scores are kept up to MOST_VALUES, so that the areas are exact. Of more, they are counted in bins, and those in one bin
count as ties.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array

AREAS = ("roc_auc", "average_precision")
"""Of evaluation.json. Of two classes, those of the second; of several, means over the classes."""
MOST_VALUES = 1 << 24
"""Scores that are kept: 64 MiB."""
BINS, LOWEST, HIGHEST = 4096, -32.0, 17.0
"""Of logits; those of 32-bit probabilities do not reach higher. A bin spans 1.2 % of the odds."""
MOST_POINTS = 200
"""Of a curve in evaluation.json."""
MOST_CURVES, WORST = 10, 5
"""Of up to MOST_CURVES classes all curves are kept; of more, those with the smallest areas."""
Counts = npt.NDArray[np.int64]
Points = tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class ClassCurves:
    """The curves of one class against the rest; rows of both occur.

    positive, negative: (groups,) rows of the class and others, by groups of equal score from the highest on.
    """

    positive: Counts
    negative: Counts

    @cached_property
    def counted(self) -> tuple[Counts, Counts]:
        """Rows of the class, and others, above a threshold below each group."""
        return self.positive.cumsum(), self.negative.cumsum()

    @property
    def roc_auc(self) -> float:
        """The area under the ROC curve, summed up in whole numbers."""
        found, alarms = self.counted
        return float((self.negative * (2 * found - self.positive)).sum() / (2 * int(found[-1]) * int(alarms[-1])))

    @property
    def average_precision(self) -> float:
        """The mean, over the rows of the class, of the precision at their score."""
        found, alarms = self.counted
        return float((self.positive * (found / np.maximum(found + alarms, 1))).sum() / found[-1])

    def roc(self) -> Points:
        """False and true positive rates, from (0, 0) to (1, 1); without points in the middle of a straight line."""
        found, alarms = (np.append(0, counts) for counts in self.counted)
        bends = [(np.diff(counts)[:-1] > 0) | (np.diff(counts)[1:] > 0) for counts in (found, alarms)]
        corner = np.concatenate([[True], bends[0] & bends[1], [True]])
        return alarms[corner] / alarms[-1], found[corner] / found[-1]

    def precision_recall(self) -> Points:
        """Recalls, ascending to 1, and the precision at each, where rows of the class are found."""
        found, alarms = (counts[self.positive > 0] for counts in self.counted)
        return found / found[-1], found / (found + alarms)


class ThresholdCurves:
    """The curves of all classes, from any number of batches."""

    def __init__(self, rows: int, class_names: Sequence[str], probabilities: bool) -> None:
        """rows: how many there will be. probabilities: whether outputs of several units sum up to 1."""
        self.names = tuple(class_names)
        self.first = 1 if len(self.names) == 2 else 0
        """Of two classes, only the second has curves; those of the first say the same."""
        columns = len(self.names) - self.first
        room = min(rows, max(1, MOST_VALUES // max(1, columns)))
        self.scores, self.true = np.empty((columns, room), np.float32), np.empty(room, np.int64)
        self.probabilities, self.filled, self.finite = probabilities, 0, True
        self.bins: Counts | None = None
        """(2, columns, BINS): rows of the class, and all; None as long as the scores have room."""
        self.as_logits = False

    def add(self, true: Array, outputs: Array) -> None:
        """Class indices (n,), and outputs (n, classes), or (n, 1) for a binary task."""
        scores = self._scores(outputs)
        self.finite = self.finite and not bool(np.isnan(scores).any())
        while len(true):
            taken = min(len(true), len(self.true) - self.filled)
            here = slice(self.filled, self.filled + taken)
            self.scores[:, here], self.true[here] = scores[:taken].T, true[:taken]
            self.filled += taken
            true, scores = true[taken:], scores[taken:]
            if len(true):
                self._count()

    def _scores(self, outputs: Array) -> Array:
        """(n, columns): of two outputs, how much higher the second is."""
        if outputs.shape[1] == 1 or not self.first:
            return outputs
        # Of two probabilities the second says all; a difference would make ties of those near 0.
        return outputs[:, 1:] if self.probabilities else outputs[:, 1:] - outputs[:, :1]

    def _count(self) -> None:
        """Empty the kept scores into bins."""
        if self.bins is None:
            self.bins = np.zeros((2, len(self.scores), BINS), np.int64)
            kept = self.scores[:, : self.filled]
            self.as_logits = bool(kept.min() >= 0 and kept.max() <= 1)
        true = self.true[: self.filled]
        for column, scores in enumerate(self.scores[:, : self.filled]):
            places = _places(scores, self.as_logits)
            self.bins[0, column] += np.bincount(places[true == column + self.first], minlength=BINS)
            self.bins[1, column] += np.bincount(places, minlength=BINS)
        self.filled = 0

    def result(self) -> tuple[dict[str, Any], list[dict[str, float]]]:
        """Areas and curves for evaluation.json, and the areas of each class.

        {} for a class that no row is of, or all, for the first of two, and for all of them where a score is NaN.
        """
        areas: list[dict[str, float]] = [{} for _ in self.names]
        if not self.finite:
            return {}, areas
        kept = _Kept()
        for place, curves in enumerate(self._curves(), start=self.first):
            if curves is not None:
                areas[place] = kept.add(self.names[place], curves)
        return kept.result(several=len(self.names) > 2), areas

    def _curves(self) -> Iterator[ClassCurves | None]:
        """Of each column; None where a class has no row, or all."""
        if self.bins is not None:
            self._count()
        true = self.true[: self.filled]
        for column, scores in enumerate(self.scores[:, : self.filled]):
            if self.bins is None:
                positive, negative = _groups(np.sort(scores), np.sort(scores[true == column + self.first]))
            else:
                positive, every = self.bins[:, column, ::-1]
                positive, negative = positive[every > 0], (every - positive)[every > 0]
            yield ClassCurves(positive, negative) if positive.any() and negative.any() else None


def _groups(scores: Array, own: Array) -> tuple[Counts, Counts]:
    """Rows of the class, and others, by groups of scores from the highest on.

    A group has the rows of one score of the class, or those of all scores between two; the curves of other rows' scores
    one by one would be the same.

    Args:
        scores: (n,) of all rows, ascending.
        own: (m,) of the rows of the class, ascending.
    """
    values, hits = np.unique(own, return_counts=True)
    low, high = (np.searchsorted(scores, values, side) for side in ("left", "right"))
    positive, negative = (np.zeros(2 * len(values) + 1, np.int64) for _ in range(2))
    positive[1::2], negative[1::2] = hits, high - low - hits
    negative[::2] = np.append(low, len(scores)) - np.append(0, high)
    there = (positive + negative)[::-1] > 0
    return positive[::-1][there], negative[::-1][there]


def _places(scores: Array, as_logits: bool) -> Array:
    """The bin of each score (n,): of probabilities by the logit."""
    if as_logits:
        p = np.clip(scores, 0, 1)
        with np.errstate(divide="ignore"):
            scores = np.log(p) - np.log1p(-p)
    scaled = (np.clip(scores, LOWEST, HIGHEST) - LOWEST) * ((BINS - 1) / (HIGHEST - LOWEST))
    return np.asarray(scaled, np.int64)


class _Kept:
    """Curves with few points, and their mean over the classes."""

    grid = np.linspace(0, 1, MOST_POINTS)
    false = grid**2
    """Denser where the curves of good models bend."""

    def __init__(self) -> None:
        self.roc: list[dict[str, Any]] = []
        self.precision_recall: list[dict[str, Any]] = []
        self.found, self.precise = np.zeros(MOST_POINTS), np.zeros(MOST_POINTS)

    def add(self, name: str, curves: ClassCurves) -> dict[str, float]:
        """Keep the curves of a class; returns its areas."""
        (false, true), (recall, precision) = curves.roc(), curves.precision_recall()
        self.found += np.interp(self.false, false, true)
        self.precise += precision[np.searchsorted(recall, self.grid)]
        roc_auc, average_precision = curves.roc_auc, curves.average_precision
        share = float(curves.positive.sum() / (curves.positive.sum() + curves.negative.sum()))
        self.roc.append(_roc(name, roc_auc, *thinned(false, true)))
        self.precision_recall.append(_pr(name, average_precision, share, *thinned(recall, precision)))
        return {"roc_auc": roc_auc, "average_precision": average_precision}

    def result(self, several: bool) -> dict[str, Any]:
        if not self.roc:
            return {}
        areas = [float(np.mean([curve["area"] for curve in curves])) for curves in (self.roc, self.precision_recall)]
        roc, precise = _to_show(self.roc), _to_show(self.precision_recall)
        if several:
            classes = len(self.roc)
            share = float(np.mean([curve["share"] for curve in self.precision_recall]))
            start = np.append(0, self.false), np.append(0, self.found / classes)
            roc.insert(0, _roc(None, areas[0], *start))
            precise.insert(0, _pr(None, areas[1], share, self.grid, self.precise / classes))
        curves = {"classes": len(self.roc), "roc": roc, "precision_recall": precise}
        return {**dict(zip(AREAS, areas, strict=True)), "threshold_curves": curves}


def _to_show(curves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All of a few curves; of many, the worst, the worst of all first."""
    if len(curves) <= MOST_CURVES:
        return list(curves)
    return sorted(curves, key=lambda curve: float(curve["area"]))[:WORST]


def _roc(name: str | None, area: float, false: Array, true: Array) -> dict[str, Any]:
    """For evaluation.json; without a name it is the mean over the classes."""
    return {"name": name, "area": area, "false_positive_rate": _rounded(false), "true_positive_rate": _rounded(true)}


def _pr(name: str | None, area: float, share: float, recall: Array, precision: Array) -> dict[str, Any]:
    """For evaluation.json. share: of the rows that are of the class, which is the precision of guessing."""
    return {"name": name, "area": area, "share": share, "recall": _rounded(recall), "precision": _rounded(precision)}


def _rounded(values: Array) -> list[float]:
    return [float(value) for value in np.round(values, 6)]


def thinned(x: Array, y: Array) -> Points:
    """At most MOST_POINTS points of a curve whose x ascend, both ends among them.

    Half of them are even in x, the others along the curve, so that neither flat nor steep parts are lost.
    """
    if len(x) <= MOST_POINTS:
        return x, y
    along = np.append(0, (np.abs(np.diff(x)) + np.abs(np.diff(y))).cumsum())
    inner = [np.searchsorted(way, np.linspace(way[0], way[-1], MOST_POINTS // 2)[1:-1]) for way in (x, along)]
    places = np.unique(np.concatenate([[0, len(x) - 1], *inner]))
    return x[places], y[places]
