"""The threshold of a binary model that is best for F1, for balanced accuracy, or for what mistakes cost.

Above 0.5 the second class is the more likely one, which makes the fewest mistakes. Where one class is rare, or one
mistake is dearer than the other, another threshold is better. Any threshold between two neighbouring probabilities of
the validation rows sorts them alike, so that as many as there are rows are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.thresholds import CostThreshold, ThresholdGoal
from mlpcli.data.dataset import Part
from mlpcli.scoring.predictor import Predictor
from mlpcli.text import number

MOST_OUTPUTS = 1 << 24
"""64 MiB: of more, the threshold is that of rows that are evenly spread over all."""
ALIKE = 1e-12
"""Relative; scores nearer to each other are those of equally good thresholds."""


@dataclass(frozen=True)
class BestThreshold:
    """The best threshold for a goal, on rows that the network was not trained on.

    threshold: None where one of the classes has no row. goal: f1 (of the second class), balanced_accuracy or cost (a
    mean over the rows). positive: the second class. split: "validation", or "test" where these are the same rows.
    value, at_default: the score there, and at the threshold without a goal.
    """

    threshold: float | None
    goal: str
    positive: str
    split: str
    rows: int
    value: float | None
    at_default: float | None

    def as_json(self) -> dict[str, Any]:
        """For metrics.json."""
        return asdict(self)

    def as_metadata(self) -> dict[str, Any]:
        """For the model file."""
        return {name: getattr(self, name) for name in ("threshold", "goal", "positive", "split", "rows")}

    @property
    def warning(self) -> str | None:
        """Why there is none, if so."""
        if self.threshold is not None:
            return None
        return f"output.threshold: the {self.rows:,} {self.split} rows have one class only, so no threshold is best"


def choose_threshold(
    predictor: Predictor, part: Part, goal: ThresholdGoal, split: str, positive: str, default: float
) -> BestThreshold:
    """The best threshold for the rows of a part; default: the one to compare with; positive: the second class."""
    part = part.spread(MOST_OUTPUTS)
    true = part.y[part.indices] == 1
    outputs = np.concatenate([found[:, 0] for _, found in predictor.batches(part)])
    name = "cost" if isinstance(goal, CostThreshold) else goal
    if true.all() or not true.any():
        return BestThreshold(None, name, positive, split, len(part), None, None)
    threshold = best_threshold(outputs, true, goal)
    value, before = (_score_at(outputs, true, goal, where) for where in (threshold, default))
    return BestThreshold(threshold, name, positive, split, len(part), value, before)


def best_threshold(outputs: Array, true: Array, goal: ThresholdGoal) -> float:
    """The middle of the range of thresholds with the best score; of several such ranges, of the widest.

    Args:
        outputs: (n,) probabilities of the second class, in the precision in which a threshold will be compared.
        true: (n,) whether a row is of the second class; some are, some are not.
    """
    values, which = np.unique(outputs, return_inverse=True)
    hits, others = (np.bincount(which, rows, len(values)) for rows in (true, ~true))
    found, false_alarms = (np.append(counts[::-1].cumsum()[::-1], 0) for counts in (hits, others))
    scores = _scores(goal, found, false_alarms, int(true.sum()), int((~true).sum()))
    low, high = np.append(0, values), np.append(values, 1)
    best = np.isclose(scores, scores[high > low].max(), rtol=ALIKE, atol=0)
    place = int(np.argmax(np.where(best, high - low, -1)))
    middle = values.dtype.type((float(low[place]) + float(high[place])) / 2)
    # Between neighbouring numbers there is no other, and half of them would be rounded up.
    return float(str(middle if middle < high[place] else low[place]))


def _scores(goal: ThresholdGoal, hits: Array, false_alarms: Array, positives: int, negatives: int) -> Array:
    """The higher, the better; of as many rows as are predicted to be of the second class, right and wrong."""
    missed = positives - hits
    if isinstance(goal, CostThreshold):
        costs = goal.cost.false_positive * false_alarms + goal.cost.false_negative * missed
        return np.asarray(-costs / (positives + negatives))
    if goal == "f1":
        return np.asarray(2 * hits / (2 * hits + false_alarms + missed))
    return np.asarray((hits / positives + 1 - false_alarms / negatives) / 2)


def _score_at(outputs: Array, true: Array, goal: ThresholdGoal, threshold: float) -> float:
    """F1, balanced accuracy, or the mean cost of a row."""
    chosen = outputs > threshold
    hits, false_alarms = np.array([(chosen & true).sum()]), np.array([(chosen & ~true).sum()])
    score = float(_scores(goal, hits, false_alarms, int(true.sum()), int((~true).sum()))[0])
    return -score if isinstance(goal, CostThreshold) else score


def described(best: Mapping[str, Any]) -> str:
    """A best threshold of metrics.json or of a model's metadata: what it is and what it is best for."""
    goal = f'f1 of "{best["positive"]}"' if best["goal"] == "f1" else str(best["goal"])
    return f"threshold {best['threshold']:.4g}, best for {goal} on {best['rows']:,} {best['split']} rows"


def gained(best: Mapping[str, Any]) -> str:
    """The threshold of metrics.json as a sentence, with its score and that of the default."""
    scores = f"{number(best['value'])}, and {number(best['at_default'])} without it"
    return f"{described(best)}: {scores}; predict and evaluate use it with --threshold best"
