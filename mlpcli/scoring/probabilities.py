"""How good the probabilities of a classifier are: log loss, and the expected calibration error.

A model is calibrated if, of the rows that it gives 80 %, 80 % are right. The expected calibration error (Guo et al.,
"On Calibration of Modern Neural Networks", 2017) sorts rows into bins by the probability of the predicted class, and
averages over the rows how far the share of right answers in a bin lies from the probability given there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.arrays import Array, class_counts

BINS = 15
"""As in the paper, all of the same width."""
LEAST = float(np.finfo(np.float32).eps)
"""Probabilities are kept this far from 0 and 1, as in scikit-learn; the logarithm of 0 is infinite."""
PROBABILITY_SCORES = ("log_loss", "calibration_error")
OF_ONE_UNIT, OF_SEVERAL = ("sigmoid", "hard_sigmoid"), ("softmax", "sparsemax")
"""Activations whose outputs are the probabilities of all classes, which sum up to 1."""


def gives_probabilities(activation: str | None, units: int) -> bool:
    """Whether an output layer gives a probability for each class; sigmoids side by side do not sum up to 1."""
    return activation in (OF_ONE_UNIT if units == 1 else OF_SEVERAL)


def class_probabilities(outputs: Array) -> Array:
    """Of every class, (n, classes) in float64; a single output is the probability of the second class."""
    p = outputs.astype(np.float64)
    return np.hstack([1 - p, p]) if p.shape[1] == 1 else p


def predicted_classes(predictions: Array, threshold: float) -> Array:
    """Class indices (n,) from outputs (n, classes), or (n, 1) for a binary task."""
    if predictions.shape[1] == 1:
        return np.asarray(predictions[:, 0] > threshold, np.int64)
    return np.asarray(predictions.argmax(axis=1))


class ProbabilityScores:
    """Log loss and expected calibration error, summed up over any number of batches."""

    def __init__(self) -> None:
        self.rows, self.loss = 0, 0.0
        self.counts, self.given, self.right = np.zeros(BINS, np.int64), np.zeros(BINS), np.zeros(BINS)

    def add(self, true: Array, outputs: Array) -> None:
        """Class indices (n,), and outputs (n, classes), or (n, 1) for a binary task."""
        p = class_probabilities(outputs)
        every = np.arange(len(p))
        top = p.argmax(axis=1)
        confidence = p[every, top]
        # A bin has its upper edge, not its lower one: (0, 1/15], (1/15, 2/15] ...
        bins = np.clip(np.ceil(np.nan_to_num(confidence) * BINS).astype(np.int64) - 1, 0, BINS - 1)
        self.counts += np.bincount(bins, minlength=BINS)
        self.given += np.bincount(bins, confidence, BINS)
        self.right += np.bincount(bins, top == true, BINS)
        self.loss -= float(np.log(np.clip(p[every, true], LEAST, 1 - LEAST)).sum())
        self.rows += len(p)

    def result(self) -> dict[str, float]:
        """Both scores by name: a mean over the rows, and a share from 0 to 1."""
        return {
            "log_loss": self.loss / self.rows,
            "calibration_error": float(np.abs(self.right - self.given).sum() / self.rows),
        }

    def bins(self) -> dict[str, list[Any]]:
        """What the reliability diagram shows of each bin: rows, mean probability given, and share of right answers.

        Both are None in a bin without rows.
        """
        filled = self.counts > 0
        means = (np.divide(sums, self.counts, where=filled, out=np.zeros(BINS)) for sums in (self.given, self.right))
        given, right = ([float(m) if there else None for m, there in zip(mean, filled, strict=True)] for mean in means)
        return {"rows": self.counts.tolist(), "confidence": given, "accuracy": right}


EVEN = 1.05
"""Largest weight by smallest, up to which weights change next to nothing."""


def weights_note(setting: str | Mapping[str, float] | None, train: Array | None, classes: int) -> str | None:
    """What `data.class_weight` does to probabilities; None where it weights the classes alike.

    train: class indices of the training rows; None where they are not at hand.
    """
    if setting is None or classes == 0:
        return None
    weights = np.array(list(setting.values()), float) if isinstance(setting, Mapping) else None
    if weights is None and train is not None:
        weights = len(train) / np.maximum(class_counts(train, classes), 1)
    if weights is not None and weights.max() <= EVEN * weights.min():
        return None
    decide = ", and let output.threshold choose where to decide" if classes == 2 else ""
    return (
        "data.class_weight: the probabilities are not frequencies, since the network learnt as if classes of more"
        f" weight had more rows; if you need frequencies, train without weights{decide}"
    )
