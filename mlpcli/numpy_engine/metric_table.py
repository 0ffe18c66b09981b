"""Which metric of Keras is which one here, and with which arguments."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mlpcli.numpy_engine import accuracy_metrics as accuracies
from mlpcli.numpy_engine.counting_metrics import Counting, FBetaScore, R2Score
from mlpcli.numpy_engine.losses import loss_named
from mlpcli.numpy_engine.metric import MeanOfRows, Metric, Rows
from mlpcli.numpy_engine.needs_keras import NeedsKerasError
from mlpcli.numpy_engine.threshold_metrics import AUC, RateAtRate

Make = Callable[..., Metric]
"""Takes the name, and Keras's arguments as keywords."""

MOST_THRESHOLDS = 10_000


def _mean_of(rows: Rows) -> Make:
    return lambda name: MeanOfRows(name, rows)


def _mean_at(make_rows: Callable[[Any], Rows], argument: str, default: float) -> Make:
    return lambda name, **given: MeanOfRows(name, make_rows(given.get(argument, default)))


def _loss(keras_class: str, finish: Callable[[float], float] = float) -> Make:
    return lambda name, **arguments: MeanOfRows(name, loss_named(keras_class, arguments).rows, finish)


def _counting(gives: str) -> Make:
    def make(name: str, thresholds: Any = None, top_k: int | None = None, class_id: int | None = None) -> Metric:
        one = thresholds[0] if isinstance(thresholds, list) and len(thresholds) == 1 else thresholds
        if isinstance(one, list):
            raise NeedsKerasError(f"the metric {name}", "several thresholds")
        return Counting(name, gives, one, top_k, class_id)

    return make


def _at(gives: str, held: str) -> Make:
    """Keras calls the argument by the rate that is held."""

    def make(name: str, num_thresholds: int = 200, class_id: int | None = None, **arguments: Any) -> Metric:
        return RateAtRate(name, gives, held, float(arguments[held]), _few(name, num_thresholds), class_id)

    return make


def _area(name: str, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation") -> Metric:
    curve, summation_method = curve.upper(), summation_method.lower()
    if curve not in ("ROC", "PR") or summation_method not in ("interpolation", "minoring", "majoring"):
        raise NeedsKerasError(f"the metric {name}", f"the curve {curve[:20]}, summed by {summation_method[:20]}")
    return AUC(name, _few(name, num_thresholds), curve, summation_method)


def _few(name: str, num_thresholds: int) -> int:
    if not 2 <= num_thresholds <= MOST_THRESHOLDS:
        raise NeedsKerasError(f"the metric {name}", f"{num_thresholds} thresholds")
    return num_thresholds


def _f_score(name: str, average: str | None = None, beta: float = 1.0, threshold: float | None = None) -> Metric:
    if average not in ("micro", "macro", "weighted"):
        raise NeedsKerasError(f"the metric {name}", "one score per class")
    return FBetaScore(name, average, beta, threshold)


_SAME_AS_LOSSES = (
    "SparseCategoricalCrossentropy", "CategoricalCrossentropy", "BinaryCrossentropy", "KLDivergence",
    "CategoricalHinge", "Hinge", "SquaredHinge", "MeanSquaredError", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson",
)  # fmt: skip

METRICS: dict[str, Make] = {
    **{name: _loss(name) for name in _SAME_AS_LOSSES},
    "RootMeanSquaredError": _loss("MeanSquaredError", math.sqrt),
    "LogCoshError": _loss("LogCosh"),
    "CosineSimilarity": _loss("CosineSimilarity", lambda mean: -mean),
    "BinaryAccuracy": _mean_at(accuracies.binary_accuracy, "threshold", 0.5),
    "CategoricalAccuracy": _mean_of(accuracies.categorical_accuracy),
    "SparseCategoricalAccuracy": _mean_of(accuracies.sparse_categorical_accuracy),
    "TopKCategoricalAccuracy": _mean_at(accuracies.top_k_categorical_accuracy, "k", 5),
    "SparseTopKCategoricalAccuracy": _mean_at(accuracies.sparse_top_k_categorical_accuracy, "k", 5),
    "Precision": _counting("precision"),
    "Recall": _counting("recall"),
    "TruePositives": _counting("true_positives"),
    "TrueNegatives": _counting("true_negatives"),
    "FalsePositives": _counting("false_positives"),
    "FalseNegatives": _counting("false_negatives"),
    "AUC": _area,
    "PrecisionAtRecall": _at("precision", "recall"),
    "RecallAtPrecision": _at("recall", "precision"),
    "SensitivityAtSpecificity": _at("sensitivity", "specificity"),
    "SpecificityAtSensitivity": _at("specificity", "sensitivity"),
    "F1Score": _f_score,
    "FBetaScore": _f_score,
    "R2Score": R2Score,
}
"""By Keras's class names: every metric of the schema but "accuracy", which is one of three."""
