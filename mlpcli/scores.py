"""Scores of predictions: what evaluation.json holds and the pictures are drawn from. NumPy only.

The confusion matrix and what follows from it are a few sums; scikit-learn's functions, which the tests compare with,
take longer to import than everything else that `evaluate` does on a small set.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlpcli.data.dataset import Array

SAMPLE_POINTS = 2000
"""Points of a regression that are kept for the picture; more would hide each other."""


def predicted_classes(predictions: Array, threshold: float) -> Array:
    """Class indices (n,) from outputs (n, classes), or (n, 1) for a binary task."""
    if predictions.shape[1] == 1:
        return np.asarray(predictions[:, 0] > threshold, np.int64)
    return np.asarray(predictions.argmax(axis=1))


def classification_scores(true: Array, predicted: Array, class_names: tuple[str, ...]) -> dict[str, Any]:
    """Confusion matrix (rows true, columns predicted), per-class scores, accuracy and balanced accuracy.

    A score whose denominator is zero is 0, as in scikit-learn; balanced accuracy is over the classes that occur.
    """
    classes = len(class_names)
    matrix = np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    hits, support, guesses = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    precision, recall = _ratio(hits, guesses), _ratio(hits, support)
    f1 = _ratio(2 * hits, guesses + support)
    per_class = [
        {"name": name, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
        for name, p, r, f, s in zip(class_names, precision, recall, f1, support, strict=True)
    ]
    return {
        "class_names": list(class_names),
        "accuracy": float(hits.sum() / len(true)),
        "balanced_accuracy": float(recall[support > 0].mean()),
        "macro_f1": float(f1.mean()),
        "per_class": per_class,
        "confusion_matrix": matrix.tolist(),
    }


def regression_scores(true: Array, predicted: Array) -> dict[str, Any]:
    """MAE, RMSE and R2 of numbers (n, targets), averaged over the targets, and a sample of points for the picture."""
    true, predicted = true.astype(np.float64), predicted.astype(np.float64)
    errors = predicted - true
    spread = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    unexplained = (errors**2).sum(axis=0)
    r2 = np.where(spread > 0, 1 - unexplained / np.where(spread > 0, spread, 1), np.where(unexplained > 0, 0.0, 1.0))
    chosen = np.linspace(0, len(true) - 1, min(len(true), SAMPLE_POINTS)).astype(int)
    return {
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt((errors**2).mean())),
        "r2": float(r2.mean()),
        "sample": {"true": true[chosen, 0].tolist(), "predicted": predicted[chosen, 0].tolist()},
    }


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
