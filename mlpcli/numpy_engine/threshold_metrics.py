"""Metrics over many thresholds: the area under a curve, and one rate where another is high enough."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array
from mlpcli.numpy_engine.losses import aligned
from mlpcli.numpy_engine.metrics import Metric, one_class, share

_RATES = {
    "recall": ("true_positives", "false_negatives"),
    "sensitivity": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
    "precision": ("true_positives", "false_positives"),
    "fall_out": ("false_positives", "true_negatives"),
}
"""Each is the first count over the sum of both."""


class ManyThresholds(Metric):
    """Positives and negatives at thresholds that divide 0 to 1 evenly; a histogram, so that memory stays small."""

    lowest_counts = False
    """Whether an output of exactly 0 lies above the lowest threshold."""

    def __init__(self, name: str, num_thresholds: int = 200, class_id: int | None = None) -> None:
        super().__init__(name)
        self.class_id = class_id
        self.positive = np.zeros(num_thresholds, np.int64)
        self.negative = np.zeros(num_thresholds, np.int64)
        self.total = {True: 0, False: 0}

    def add(self, y: Array, p: Array, z: Array | None) -> None:
        true, outputs = aligned(y, p).astype(bool), p
        if self.class_id is not None:
            true, outputs = one_class(self.name, self.class_id, true, outputs)
        places = np.ceil(np.clip(outputs, 0, 1) * (len(self.positive) - 1)) - 1
        if self.lowest_counts:
            places = np.maximum(places, 0)
        for label, histogram in ((True, self.positive), (False, self.negative)):
            found = places[true == label].astype(np.int64)
            self.total[label] += len(found)
            histogram += np.bincount(found[found >= 0], minlength=len(histogram))

    def counts(self) -> dict[str, Array]:
        """Each of the four at every threshold, ascending."""
        right, wrong = (np.cumsum(histogram[::-1])[::-1] for histogram in (self.positive, self.negative))
        return {
            "true_positives": right,
            "false_positives": wrong,
            "true_negatives": self.total[False] - wrong,
            "false_negatives": self.total[True] - right,
        }

    def rate(self, name: str) -> Array:
        """One of _RATES at every threshold, in float32 as Keras has it."""
        counts = self.counts()
        part, other = (counts[cell] for cell in _RATES[name])
        return share(part, part + other)


class RateAtRate(ManyThresholds):
    """The best `gives` among the thresholds at which `held` is at least `least`."""

    def __init__(
        self, name: str, gives: str, held: str, least: float, num_thresholds: int = 200, class_id: int | None = None
    ) -> None:
        super().__init__(name, num_thresholds, class_id)
        self.gives, self.held, self.least = gives, held, least

    def result(self) -> float:
        enough = self.rate(self.held) >= np.float32(self.least)
        return float(np.where(enough, self.rate(self.gives), 0).max(initial=0))


class AUC(ManyThresholds):
    """The area under the ROC curve or the precision-recall curve."""

    lowest_counts = True

    def __init__(
        self, name: str, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation"
    ) -> None:
        super().__init__(name, num_thresholds)
        self.curve, self.summation_method = curve, summation_method

    def result(self) -> float:
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated()
        if self.curve == "ROC":
            x, heights = self.rate("fall_out"), self.rate("recall")
        else:
            x, heights = self.rate("recall"), self.rate("precision")
        left, right = heights[:-1], heights[1:]
        sides = {"minoring": np.minimum(left, right), "majoring": np.maximum(left, right)}
        return float(((x[:-1] - x[1:]) * sides.get(self.summation_method, (left + right) / 2)).sum(dtype=np.float64))

    def _interpolated(self) -> float:
        """Between two thresholds the true positives grow evenly with all positives (Davis and Goadrich, 2006)."""
        counts = self.counts()
        right = counts["true_positives"].astype(np.float64)
        claimed = right + counts["false_positives"]
        all_true = right + counts["false_negatives"]
        steps, widths = right[:-1] - right[1:], claimed[:-1] - claimed[1:]
        slope = np.divide(steps, widths, out=np.zeros_like(steps), where=widths != 0)
        intercept = right[1:] - slope * claimed[1:]
        both = (claimed[:-1] > 0) & (claimed[1:] > 0)
        ratio = np.divide(claimed[:-1], claimed[1:], out=np.ones_like(steps), where=both)
        areas = slope * (steps + intercept * np.log(ratio))
        return float(np.divide(areas, all_true[1:], out=np.zeros_like(areas), where=all_true[1:] != 0).sum())
