"""What predictions are worth: error, log loss, calibration error."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array

BINS = 15
SMALLEST = 1e-7
"""A probability counts as this much at least, as in Keras's crossentropy."""


def class_scores(probabilities: Array, labels: Array) -> dict[str, float]:
    """Scores of probabilities (rows, classes) for class numbers (rows,), -1 where training had no such class.

    rows: how many there are. error: the share of them that is wrong. log_loss: the mean of -log p of the true class,
    nats. ece: see `calibration_error`.
    """
    predicted = probabilities.argmax(axis=1)
    found = np.where(labels < 0, 0.0, probabilities[np.arange(len(labels)), labels])
    return {
        "rows": len(labels),
        "error": float(np.mean(predicted != labels)),
        "log_loss": float(-np.mean(np.log(np.clip(found, SMALLEST, 1.0)))),
        "ece": calibration_error(probabilities.max(axis=1), predicted == labels),
    }


def calibration_error(confidence: Array, right: Array) -> float:
    """Expected calibration error: |mean confidence - share right| in 15 equal bins of confidence, by their rows."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float(np.sum(confidence[bins == bin]) - np.sum(right[bins == bin]))) for bin in np.unique(bins)]
    return sum(gaps) / len(confidence)


def number_scores(predicted: Array, values: Array) -> dict[str, float]:
    """rows: how many there are. error: the root of the mean square, in the target's unit."""
    return {"rows": len(values), "error": float(np.sqrt(np.mean((predicted - values) ** 2)))}
