"""Every metric: values worked by hand and scikit-learn's, in one batch and in several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from mlpcli.config.metrics import AUC, Accuracy
from mlpcli.config.metrics import KERAS_METRICS as SCHEMA
from mlpcli.errors import NeedsKerasError
from mlpcli.numpy_engine.numpy_objective import METRICS, metric_of

ONE_HOT = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]])
SPARSE = ONE_HOT.argmax(axis=1)
SHARES = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6], [0.3, 0.1, 0.6]], np.float32)
NUMBERS, GUESSES = np.array([[1.0], [2.0], [3.0], [6.0]]), np.array([[1.0], [2.0], [5.0], [4.0]], np.float32)
TWO, SCORES = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([[0.1], [0.6], [0.4], [0.9]], np.float32)

CASES: list[tuple[str, dict[str, Any], Any, Any, float]] = [
    ("SparseCategoricalAccuracy", {}, SPARSE, SHARES, 0.5),
    ("CategoricalAccuracy", {}, ONE_HOT, SHARES, 0.5),
    ("BinaryAccuracy", {}, ONE_HOT, SHARES, 8 / 12),
    ("BinaryAccuracy", {"threshold": 0.25}, ONE_HOT, SHARES, 8 / 12),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, SHARES, 1.0),
    ("SparseTopKCategoricalAccuracy", {"k": 1}, SPARSE, SHARES, 0.5),
    ("Precision", {}, ONE_HOT, SHARES, 0.5),
    ("Precision", {"top_k": 2}, ONE_HOT, SHARES, 0.5),
    ("Recall", {"thresholds": 0.2}, ONE_HOT, SHARES, 1.0),
    ("Recall", {"class_id": 0}, ONE_HOT, SHARES, 0.5),
    ("TruePositives", {}, ONE_HOT, SHARES, 2.0),
    ("FalsePositives", {}, ONE_HOT, SHARES, 2.0),
    ("TrueNegatives", {}, ONE_HOT, SHARES, 6.0),
    ("FalseNegatives", {}, ONE_HOT, SHARES, 2.0),
    ("AUC", {}, TWO, SCORES, 0.75),
    ("AUC", {"curve": "PR", "summation_method": "minoring"}, TWO, SCORES, 0.5 * 0.5),
    ("PrecisionAtRecall", {"recall": 0.9}, TWO, SCORES, 2 / 3),
    ("RecallAtPrecision", {"precision": 0.9}, TWO, SCORES, 0.5),
    ("SensitivityAtSpecificity", {"specificity": 0.9}, TWO, SCORES, 0.5),
    ("SpecificityAtSensitivity", {"sensitivity": 0.9}, TWO, SCORES, 0.5),
    ("F1Score", {"average": "macro"}, ONE_HOT, SHARES, (0.5 + 0 + 2 / 3) / 3),
    ("F1Score", {"average": "weighted"}, ONE_HOT, SHARES, (2 * 0.5 + 0 + 2 / 3) / 4),
    ("FBetaScore", {"average": "micro", "beta": 2.0}, ONE_HOT, SHARES, 0.5),
    ("R2Score", {}, NUMBERS, GUESSES, 1 - 8 / 14),
    ("R2Score", {"num_regressors": 1}, NUMBERS, GUESSES, 1 - (8 / 14) * 3 / 2),
    ("RootMeanSquaredError", {}, NUMBERS, GUESSES, 2**0.5),
    ("MeanSquaredError", {}, NUMBERS, GUESSES, 2.0),
    ("MeanAbsoluteError", {}, NUMBERS, GUESSES, 1.0),
    ("MeanAbsolutePercentageError", {}, NUMBERS, GUESSES, 25.0),
    ("MeanSquaredLogarithmicError", {}, NUMBERS, GUESSES, (np.log(4 / 6) ** 2 + np.log(7 / 5) ** 2) / 4),
    ("LogCoshError", {}, NUMBERS, GUESSES, np.log(np.cosh(2)) / 2),
    ("Poisson", {}, NUMBERS, GUESSES, 3 - (2 * np.log(2) + 3 * np.log(5) + 6 * np.log(4)) / 4),
    ("CosineSimilarity", {}, np.array([[1.0, 0.0]]), np.array([[3.0, 4.0]]), 0.6),
    ("KLDivergence", {}, ONE_HOT, SHARES, -(2 * np.log(0.6) + 2 * np.log(0.3)) / 4),
    ("SparseCategoricalCrossentropy", {}, SPARSE, SHARES, -(2 * np.log(0.6) + 2 * np.log(0.3)) / 4),
    ("CategoricalCrossentropy", {}, ONE_HOT, SHARES, -(2 * np.log(0.6) + 2 * np.log(0.3)) / 4),
    ("BinaryCrossentropy", {}, TWO, SCORES, -(2 * np.log(0.9) + 2 * np.log(0.4)) / 4),
    ("Hinge", {}, TWO, SCORES, (1.1 + 1.6 + 0.6 + 0.1) / 4),
    ("SquaredHinge", {}, TWO, SCORES, (1.21 + 2.56 + 0.36 + 0.01) / 4),
    ("CategoricalHinge", {}, ONE_HOT, SHARES, (0.7 + 1.3 + 0.7 + 1.3) / 4),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "y", "p", "expected"), CASES)
@pytest.mark.parametrize("at_once", [1, 4])
def test_values(name: str, arguments: dict[str, Any], y: Any, p: Any, expected: float, at_once: int) -> None:
    metric = METRICS[name]("column", **arguments)
    for start in range(0, len(y), at_once):
        metric.add(y[start : start + at_once], p[start : start + at_once], None)
    assert metric.result() == pytest.approx(expected, rel=1e-5)


def test_every_metric_of_the_schema_is_here() -> None:
    assert {*METRICS} == {cls.keras_class for cls in SCHEMA} - {"Accuracy"} == {case[0] for case in CASES}


def test_scikit_learn_agrees() -> None:
    draw = np.random.default_rng(0)
    y = draw.integers(0, 2, (500, 1)).astype(np.float32)
    p = np.clip(0.3 * y + draw.uniform(0, 0.7, (500, 1)), 0, 1).astype(np.float32)
    expected = {
        "AUC": (sklearn_metrics.roc_auc_score(y, p), {"num_thresholds": 10_000}),
        "Precision": (sklearn_metrics.precision_score(y, p > 0.5), {}),
        "Recall": (sklearn_metrics.recall_score(y, p > 0.5), {}),
        "F1Score": (sklearn_metrics.f1_score(y, p > 0.5), {"average": "macro", "threshold": 0.5}),
    }
    for name, (value, arguments) in expected.items():
        metric = METRICS[name]("column", **arguments)
        metric.add(y, p, None)
        assert metric.result() == pytest.approx(value, abs=1e-4)


def test_r2_of_large_numbers_close_together_keeps_its_digits() -> None:
    """1,000,000 to 1,000,003: squares of 1e12 have no digits left in float32."""
    metric = METRICS["R2Score"]("r2")
    y = 1e6 + np.array([[0.0], [1.0], [2.0], [3.0]])
    metric.add(y, y + np.array([[0.0], [0.0], [1.0], [0.0]]), None)
    assert metric.result() == pytest.approx(1 - 1 / 5)


@pytest.mark.parametrize("labels", ["sparse", "one_hot", "binary"])
def test_accuracy_is_the_one_for_the_labels(labels: str) -> None:
    metric = metric_of(Accuracy.model_validate("acc"), {}, labels, 0.55)
    y, p = {"sparse": (SPARSE, SHARES), "one_hot": (ONE_HOT, SHARES), "binary": (TWO, SCORES)}[labels]
    metric.add(y, p, None)
    assert (metric.name, metric.result()) == ("acc", 0.5)


@pytest.mark.parametrize(
    ("component", "more", "words"),
    [
        (AUC(name="auc"), {"from_logits": True}, "the metric auc needs Keras: AUC with"),
        (AUC.model_construct(name="auc", num_thresholds=10**9), {}, "1000000000 thresholds"),
    ],
)
def test_what_is_left_to_keras(component: Any, more: dict[str, Any], words: str) -> None:
    with pytest.raises(NeedsKerasError, match=words):
        metric_of(component, more, "binary", 0.5)


def test_a_class_that_does_not_exist_is_left_to_keras() -> None:
    metric = METRICS["Precision"]("precision", class_id=3)
    with pytest.raises(NeedsKerasError, match="class 3 does not exist"):
        metric.add(ONE_HOT, SHARES, None)
    with pytest.raises(NeedsKerasError, match="several thresholds"):
        METRICS["Precision"]("precision", thresholds=[0.1, 0.9])
    with pytest.raises(NeedsKerasError, match="one score per class"):
        METRICS["F1Score"]("f1")
