"""The runs of a cross-validation as one predictor: each answers for the rows that it held out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Part
from mlpcli.scoring.predictor import Predictor


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A run, and the rows that it held out, encoded as it takes them."""

    name: str
    predictor: Predictor
    part: Part


class HeldOutPredictor:
    """A `Predictor` for the held-out rows of all runs; what it is asked of other rows is the mean of the runs.

    fold_scores: after `losses`, those of each run by its name.
    """

    def __init__(self, runs: Sequence[HeldOut]) -> None:
        self.runs = runs
        self.fold_scores: dict[str, dict[str, float]] = {}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example of the first run."""
        return self.runs[0].predictor.input_shape

    def predict(self, part: Part) -> Array:
        """Outputs (n, units): the means over the runs."""
        mean: Array = np.mean([run.predictor.predict(part) for run in self.runs], axis=0)
        return mean

    def members(self, x: Array) -> Array:
        """Outputs (runs, n, units) of each run for rows x (n, *input_shape)."""
        return np.concatenate([run.predictor.members(x) for run in self.runs])

    def batches(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """Rows (n,), and the outputs of the run that held them out, a batch at a time."""
        for run in self.runs:
            yield from run.predictor.batches(run.part)

    def logits(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """As `batches`, before the last activation."""
        for run in self.runs:
            yield from run.predictor.logits(run.part)

    def losses(
        self, part: Part, targets: Array, seen: Callable[[Array, Array], None] | None = None
    ) -> dict[str, float]:
        """Loss and metrics, each the mean over the runs, a run counting as often as it has rows."""
        for run in self.runs:
            self.fold_scores[run.name] = run.predictor.losses(run.part, targets, seen)
        rows = [len(run.part) for run in self.runs]
        every = list(self.fold_scores.values())
        return {name: float(np.average([one[name] for one in every], weights=rows)) for name in every[0]}

    def as_json(self) -> dict[str, Any]:
        """The scores of each run, their means and sample standard deviations; without those that are not finite."""
        every = list(self.fold_scores.values())
        values = {name: [one[name] for one in every] for name in every[0]}
        whole = {name: found for name, found in values.items() if all(map(math.isfinite, found))}
        return {
            "scores": self.fold_scores,
            "mean": {name: statistics.fmean(found) for name, found in whole.items()},
            "standard_deviation": {
                name: statistics.stdev(found) if len(found) > 1 else None for name, found in whole.items()
            },
        }


def all_rows(runs: Sequence[HeldOut]) -> Part:
    """The held-out rows of all runs as one part, in the encoding of the first; a row may be there more than once."""
    first = runs[0].part
    return Part(first.x, first.y, np.concatenate([run.part.indices for run in runs]), first.place)
