"""Scores of predictions: what evaluation.json holds and the pictures are drawn from. NumPy only.

The confusion matrix and what follows from it are a few sums; scikit-learn's functions, which the tests compare with,
take longer to import than everything else that `evaluate` does on a small set.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlpcli.data.baseline import explained
from mlpcli.data.dataset import Array
from mlpcli.data.streaming.moments import Moments

SAMPLE_POINTS = 2000
"""Points of a regression that are kept for the picture; more would hide each other."""


def predicted_classes(predictions: Array, threshold: float) -> Array:
    """Class indices (n,) from outputs (n, classes), or (n, 1) for a binary task."""
    if predictions.shape[1] == 1:
        return np.asarray(predictions[:, 0] > threshold, np.int64)
    return np.asarray(predictions.argmax(axis=1))


class ClassScores:
    """The confusion matrix (rows true, columns predicted), summed up over any number of batches."""

    def __init__(self, class_names: tuple[str, ...]) -> None:
        self.class_names = class_names
        self.matrix = np.zeros((len(class_names), len(class_names)), np.int64)

    def add(self, true: Array, predicted: Array) -> None:
        """Class indices (n,), true and predicted."""
        classes = len(self.class_names)
        pairs = np.bincount(true * classes + predicted, minlength=classes * classes)
        self.matrix += pairs.reshape(classes, classes)

    def result(self) -> dict[str, Any]:
        """The matrix, per-class scores, accuracy and balanced accuracy.

        A score whose denominator is zero is 0, as in scikit-learn; balanced accuracy is over the classes that occur.
        """
        hits, support, guesses = np.diag(self.matrix), self.matrix.sum(axis=1), self.matrix.sum(axis=0)
        precision, recall = _ratio(hits, guesses), _ratio(hits, support)
        f1 = _ratio(2 * hits, guesses + support)
        per_class = [
            {"name": name, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for name, p, r, f, s in zip(self.class_names, precision, recall, f1, support, strict=True)
        ]
        return {
            "class_names": list(self.class_names),
            "accuracy": float(hits.sum() / support.sum()),
            "balanced_accuracy": float(recall[support > 0].mean()),
            "macro_f1": float(f1.mean()),
            "per_class": per_class,
            "confusion_matrix": self.matrix.tolist(),
        }


class RegressionScores:
    """Sums of errors over any number of batches, and a sample of points for the picture."""

    def __init__(self, rows: int) -> None:
        """`rows` is how many there will be: the sample is spread over all of them."""
        self.rows, self._seen = rows, 0
        self._chosen = np.linspace(0, rows - 1, min(rows, SAMPLE_POINTS)).astype(int)
        self._sample: dict[str, list[float]] = {"true": [], "predicted": []}
        self._true: Moments | None = None
        self._errors: Array = np.zeros(0)
        self._squares: Array = np.zeros(0)

    def add(self, true: Array, predicted: Array) -> None:
        """Numbers (n, targets), true and predicted; n is at least 1."""
        true, predicted = true.astype(np.float64), predicted.astype(np.float64)
        here = self._chosen[np.searchsorted(self._chosen, self._seen) :] - self._seen
        here = here[: np.searchsorted(here, len(true))]
        self._sample["true"] += true[here, 0].tolist()
        self._sample["predicted"] += predicted[here, 0].tolist()
        self._seen += len(true)
        errors, moments = predicted - true, Moments.of(true)
        first = self._true is None
        self._true = moments if self._true is None else self._true.merged(moments)
        self._errors = np.abs(errors).sum(axis=0) + (0 if first else self._errors)
        self._squares = (errors**2).sum(axis=0) + (0 if first else self._squares)

    def result(self) -> dict[str, Any]:
        """MAE, RMSE and R2, averaged over the targets, and the sample."""
        assert self._true is not None
        return {
            "mae": float(self._errors.mean() / self._seen),
            "rmse": float(np.sqrt(self._squares.mean() / self._seen)),
            "r2": explained(self._squares, self._true),
            "sample": self._sample,
        }


def classification_scores(true: Array, predicted: Array, class_names: tuple[str, ...]) -> dict[str, Any]:
    """The scores of class indices (n,) that are all at hand."""
    scores = ClassScores(class_names)
    scores.add(true, predicted)
    return scores.result()


def regression_scores(true: Array, predicted: Array) -> dict[str, Any]:
    """The scores of numbers (n, targets) that are all at hand."""
    scores = RegressionScores(len(true))
    scores.add(true, predicted)
    return scores.result()


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
