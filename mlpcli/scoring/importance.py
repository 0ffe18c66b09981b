"""How much each column of a table matters to a model: what its score loses when the column is shuffled.

Breiman, "Random Forests" (2001), as scikit-learn's `permutation_importance` has it. All inputs that a column becomes
(one-hot, bins, parts of a date, the flag of a gap) are shuffled together: the row gets another row's cell. Columns that
say the same stand in for each other, so that each alone seems to matter little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Part
from mlpcli.scoring.predictor import Predictor
from mlpcli.scoring.probabilities import ProbabilityScores, predicted_classes
from mlpcli.scoring.scores import ClassScores, RegressionScores

FOR_CLASSES = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss")
FOR_NUMBERS = ("r2", "rmse", "mae")
"""The scores there are; the first is the default."""
LOWER_IS_BETTER = ("log_loss", "rmse", "mae")

Group = tuple[str, slice]


@dataclass(frozen=True)
class ColumnImportance:
    """What the score loses, over the repeats: its mean and standard deviation. 0: the model does not need it."""

    name: str
    mean: float
    deviation: float


@dataclass(frozen=True)
class Judge:
    """The score of outputs: of classes (class_names, threshold), or of numbers where class_names is None."""

    metric: str
    class_names: tuple[str, ...] | None
    threshold: float

    def score(self, true: Array, outputs: Array) -> float:
        """Class indices (n,) or numbers (n, k), and outputs (n, units)."""
        if self.class_names is None:
            numbers = RegressionScores(len(true))
            numbers.add(true.reshape(len(true), -1), outputs)
            return float(numbers.result()[self.metric])
        if self.metric == "log_loss":
            probabilities = ProbabilityScores()
            probabilities.add(true, outputs)
            return probabilities.result()["log_loss"]
        classes = ClassScores(self.class_names)
        classes.add(true, predicted_classes(outputs, self.threshold))
        return float(classes.result()[self.metric])

    def loss_from(self, before: float, after: float) -> float:
        """How much worse `after` is."""
        return after - before if self.metric in LOWER_IS_BETTER else before - after


def column_importances(
    predictor: Predictor, x: Array, y: Array, groups: Sequence[Group], judge: Judge, repeats: int, seed: int
) -> tuple[float, list[ColumnImportance]]:
    """The model's score, and what it loses by each column, the largest first.

    Args:
        predictor: the model.
        x: rows (n, inputs), as the model takes them. y: their targets, as they are scored.
        groups: of each column, its name and its inputs.
        judge: the score.
        repeats: how often each column is shuffled. seed: of the shuffling.
    """
    x = x.copy()
    whole = Part(x, y, np.arange(len(x), dtype=np.int64))
    before = judge.score(y, predictor.predict(whole))
    found = []
    for place, (name, inputs) in enumerate(groups):
        losses = [
            judge.loss_from(before, judge.score(y, predictor.predict(whole)))
            for _ in _shuffled(x, inputs, [seed, place], repeats)
        ]
        found.append(ColumnImportance(name, float(np.mean(losses)), float(np.std(losses))))
    return before, sorted(found, key=lambda one: -one.mean)


def _shuffled(x: Array, inputs: slice, seed: list[int], repeats: int) -> Iterator[None]:
    """Shuffle these inputs of x in place, each time anew; at the end they are as they were."""
    cells = x[:, inputs].copy()
    draws = np.random.default_rng(seed)
    for _ in range(repeats):
        x[:, inputs] = cells[draws.permutation(len(x))]
        yield
    x[:, inputs] = cells
