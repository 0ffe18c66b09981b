"""Temperature scaling (Guo et al., 2017): probabilities made as sure as the rows say that they should be.

A network that trains until its loss is small is surer of itself than it is right. Its logits z are divided by one
number, the temperature T: softmax(z / T) has the same order of classes, so that the predicted class stays, and T above
1 makes all probabilities less extreme. T is the one for which rows that the network was not trained on are the most
likely. Logits of a dense layer are x @ kernel + bias, so that dividing kernel and bias by T is all there is to do: the
file has the layers that it had, and `kernel * T`, `bias * T` undo it.

Where the probabilities are the mean of several members (`model.members`), the logits of each are divided by the same T.
The mean may then have another order of classes, though it seldom does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, row_chunks
from mlpcli.data.dataset import Part
from mlpcli.scoring.predictor import Predictor
from mlpcli.scoring.probabilities import ProbabilityScores
from mlpcli.text import number

COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures that are looked for. Where all rows are right, the colder the better without end."""
STEPS = 30
"""Halvings of the range between them, which leave 1e-8 of it."""
DIGITS = 4
"""Of the temperature: the loss is flat around it, and the last digits of logits may depend on the number of threads."""
FEW_ROWS = 100
MOST_LOGITS = 1 << 24
"""64 MiB: of more, the temperature is that of rows that are evenly spread over all."""


@dataclass(frozen=True)
class Calibration:
    """A temperature, and what it does to the rows that it is from.

    temperature: None where none between COLDEST and HOTTEST is the best. split: "validation", or "test" where these
    are the same rows. before, after: log loss and calibration error.
    """

    temperature: float | None
    split: str
    rows: int
    before: dict[str, float]
    after: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """For metrics.json."""
        return asdict(self)

    def as_metadata(self) -> dict[str, Any]:
        """What a model file keeps, so that it can be undone."""
        return {"temperature": self.temperature, "split": self.split, "rows": self.rows}

    @property
    def warning(self) -> str | None:
        """What speaks against the temperature, if anything does."""
        if self.temperature is None:
            return (
                f"output.calibration: no temperature from {COLDEST:g} to {HOTTEST:g} is the best for the"
                f" {self.rows:,} {self.split} rows (the network is right on all of them, or no better than chance);"
                " the probabilities stay unchanged"
            )
        if self.rows < FEW_ROWS:
            return (
                f"output.calibration: the temperature comes from {self.rows:,} {self.split} rows; from fewer than"
                f" {FEW_ROWS} it may be far off"
            )
        return None


def calibrate(predictor: Predictor, part: Part, split: str, row_logits: int) -> Calibration:
    """The temperature for the rows of a part, each of which has so many logits; the predictor stays as it is."""
    part = part.spread(max(1, MOST_LOGITS // row_logits))
    true = part.y[part.indices]
    logits = np.concatenate([found for _, found in predictor.logits(part)])
    temperature = best_temperature(logits, true)
    before = _scores(logits, true, 1.0)
    after = before if temperature is None else _scores(logits, true, temperature)
    return Calibration(temperature, split, len(part), before, after)


def best_temperature(logits: Array, true: Array) -> float | None:
    """The temperature for which the true classes are the most likely; None where it is not between the bounds.

    The mean loss is convex in 1 / T, so that its slope has one zero, and halving the range finds it. Of members it need
    not be convex; what is found is then a temperature that is better than those around it.

    Args:
        logits: (n, classes), or (n, 1) for a binary task; of members (n, members, classes) or (n, members, 1).
        true: class indices (n,).
    """
    cold, hot = np.log(COLDEST), np.log(HOTTEST)
    if _slope(logits, true, COLDEST) <= 0 or _slope(logits, true, HOTTEST) >= 0:
        return None
    for _ in range(STEPS):
        middle = (cold + hot) / 2
        if _slope(logits, true, float(np.exp(middle))) > 0:
            cold = middle
        else:
            hot = middle
    return float(f"{np.exp((cold + hot) / 2):.{DIGITS}g}")


def _slope(logits: Array, true: Array, temperature: float) -> float:
    """Of the summed loss by 1 / T: the logit that is expected, less that of the true class; it falls as T rises.

    Of members, it is the mean of theirs, weighted by the probabilities that they give the true class.
    """
    total = 0.0
    for chunk in row_chunks(logits):
        z, y = _of_every_class(logits[chunk]), true[chunk]
        p = _softmax(z / temperature)
        expected, own = (p * z).sum(axis=-1), _of_the_true_class(z, y)
        with np.errstate(divide="ignore"):  # a probability of 0 has no weight beside others
            weights = _softmax(np.maximum(np.log(_of_the_true_class(p, y)), np.finfo(float).min))
        total += float((weights * (expected - own)).sum())
    return total


def _of_every_class(logits: Array) -> Array:
    """(n, members, classes) in float64: a sigmoid of z is the softmax of 0 and z."""
    z = logits.astype(np.float64).reshape(len(logits), -1, logits.shape[-1])
    return np.concatenate([np.zeros_like(z), z], axis=-1) if z.shape[-1] == 1 else z


def _of_the_true_class(values: Array, true: Array) -> Array:
    """(n, members) of (n, members, classes)."""
    return np.asarray(values[np.arange(len(values)), :, true])


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _probabilities(logits: Array, temperature: float) -> Array:
    """(n, classes)."""
    return np.asarray(_softmax(_of_every_class(logits) / temperature).mean(axis=1))


def _scores(logits: Array, true: Array, temperature: float) -> dict[str, float]:
    scores = ProbabilityScores()
    for chunk in row_chunks(logits):
        scores.add(true[chunk], _probabilities(logits[chunk], temperature))
    return scores.result()


def with_temperature(weights: Sequence[Array], own: int, temperature: float) -> list[Array]:
    """All weights of a network, of which the last `own`, those of its output layer, are divided by a temperature."""
    first = len(weights) - own
    divided = [(weight.astype(np.float64) / temperature).astype(weight.dtype) for weight in weights[first:]]
    return [*weights[:first], *divided]


def scores_without(predictor: Predictor, part: Part, temperature: float) -> ProbabilityScores:
    """What the probabilities of a calibrated model's rows would be worth, had it not been calibrated."""
    scores = ProbabilityScores()
    for rows, logits in predictor.logits(part):
        scores.add(part.y[rows], _probabilities(logits, 1 / temperature))
    return scores


def origin(calibration: Mapping[str, Any]) -> str:
    """A temperature and where it comes from, of metrics.json or of a model's metadata."""
    return f"temperature {calibration['temperature']:g} from {calibration['rows']:,} {calibration['split']} rows"


def what_changed(calibration: Mapping[str, Any]) -> str:
    """The temperature of metrics.json as a sentence, with the scores of its rows before and after."""
    before, after = calibration["before"], calibration["after"]
    scores = ", ".join(f"{name} {number(before[name])}, now {number(after[name])}" for name in before)
    optimistic = ", which makes their scores optimistic" if calibration["split"] == "test" else ""
    return f"{origin(calibration)}{optimistic}: {scores}"
