"""Loss and metrics of a network over batches, and the NumPy class for each loss and metric of the schema.

What is not listed is left to Keras. A prediction needs none of it, and does without its import.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from mlpcli.arrays import Array
from mlpcli.config.base import Component
from mlpcli.data.scaling import TargetScaling
from mlpcli.errors import NeedsKerasError
from mlpcli.model.compilation import Compilation, LossUnits
from mlpcli.model.objective import loss_units
from mlpcli.model.plan import Plan
from mlpcli.numpy_engine import class_losses
from mlpcli.numpy_engine import crossentropy as crossentropies
from mlpcli.numpy_engine import losses as regression_losses
from mlpcli.numpy_engine import metrics as accuracies
from mlpcli.numpy_engine.ensemble import Ensemble
from mlpcli.numpy_engine.losses import InUnits, Loss
from mlpcli.numpy_engine.metrics import Counting, FBetaScore, MeanOfRows, Metric, R2Score, Rows
from mlpcli.numpy_engine.network import Network, quiet
from mlpcli.numpy_engine.threshold_metrics import AUC, RateAtRate


@dataclass(frozen=True)
class NumpyObjective:
    """A loss and metrics. weight: a factor of the loss; metrics: empty, in order."""

    loss: Loss
    weight: float
    metrics: tuple[Metric, ...]

    @classmethod
    def of_plan(cls, plan: Plan, target: TargetScaling | None = None) -> NumpyObjective:
        """As the model of a plan is compiled.

        Raises:
            NeedsKerasError: the loss or a metric is not supported.
        """
        units = loss_units(plan.loss.tag, plan.target_scaling, target)
        metrics = tuple(metric_of(metric, {}, plan.labels, plan.threshold) for metric in plan.metrics)
        return cls(make_loss(plan.loss, units=units), units.weight, metrics)

    @classmethod
    def of_compilation(cls, compilation: Compilation, labels: str, threshold: float = 0.5) -> NumpyObjective:
        """As a saved model was compiled.

        Args:
            labels: the form of the targets: sparse, one_hot, binary or value; "accuracy" depends on it.
            threshold: above which an output of a binary model is the second class.

        Raises:
            NeedsKerasError: the loss or a metric is not supported.
        """
        metrics = (metric_of(found.component, found.more, labels, threshold) for found in compilation.metrics)
        loss = make_loss(compilation.loss.component, compilation.loss.more, compilation.units)
        return cls(loss, compilation.units.weight, tuple(metrics))


def loss_and_metrics(
    network: Network | Ensemble,
    batches: Iterable[tuple[Array, Array]],
    loss: Loss,
    metrics: Sequence[Metric] = (),
    loss_weight: float = 1.0,
    seen: Callable[[Array], None] | None = None,
) -> dict[str, float]:
    """{"loss": ..., and each metric by its name}; only one batch is in memory at a time.

    Args:
        batches: raw rows (n, *input_shape), and targets in the form that the loss takes.
        metrics: empty ones; they are filled.
        loss_weight: a factor of the loss without penalties.
        seen: takes the outputs (n, units) of each batch; they are overwritten by the next batch.

    Raises:
        NeedsKerasError: the network has penalties that are not supported.
    """
    if network.loss_needs_keras is not None:
        raise network.loss_needs_keras
    total, count = 0.0, 0
    for x, y in batches:
        with quiet():
            z = network.plan.logits(x)
            p = z if network.plan.last is None else network.plan.last.forward(z)
            logits = None if network.plan.last is None else z
            total += len(x) * loss.value(y, p, logits)
            for metric in metrics:
                metric.add(y, p, logits)
        if seen is not None:
            seen(p)
        count += len(x)
    mean = loss_weight * total / count if count else 0.0
    return {"loss": mean + network.penalty(), **{metric.name: metric.result() for metric in metrics}}


_LOSS_MODULES = (crossentropies, regression_losses, class_losses)
_AS_HERE: dict[str, tuple[Any, ...]] = {
    "reduction": ("sum_over_batch_size",), "axis": (-1, None), "from_logits": (False,), "ignore_class": (None,),
}  # fmt: skip
"""Arguments of Keras that the classes here lack, with the values under which results are the same."""


def loss_class(keras_class: str) -> type[Loss] | None:
    """The NumPy class with Keras's name; None for a loss that is left to Keras."""
    found = (getattr(module, keras_class, None) for module in _LOSS_MODULES)
    return next((cls for cls in found if isinstance(cls, type) and issubclass(cls, Loss)), None)


def make_loss(component: Component, more: Mapping[str, Any] | None = None, units: LossUnits | None = None) -> Loss:
    """The loss that a component describes; `more`: further arguments, from a saved model; `units`: of the targets.

    Raises:
        NeedsKerasError: the loss or an argument is not supported.
    """
    loss = loss_named(component.keras_class, {**_arguments(component), **(more or {})})
    return loss if units is None or units.deviations is None else InUnits(loss, units.deviations)


def loss_named(keras_class: str, arguments: Mapping[str, Any]) -> Loss:
    """The loss with Keras's class name and Keras's arguments.

    Raises:
        NeedsKerasError: the loss or an argument is not supported.
    """
    cls: Any = loss_class(keras_class)
    if cls is None:
        raise NeedsKerasError(f"the loss {keras_class}", "the NumPy engine lacks it")
    known = [field.name for field in fields(cls)] if is_dataclass(cls) else []
    for name, value in arguments.items():
        if name not in known and value not in _AS_HERE.get(name, ()):
            raise NeedsKerasError(f"the loss {keras_class}", f"its {name} is {value}")
    made: Loss = cls(**{name: value for name, value in arguments.items() if name in known})
    return made


def _arguments(component: Component) -> dict[str, Any]:
    return {name: getattr(component, name) for name in type(component).model_fields}


_CHANGES_NOTHING: dict[str, tuple[Any, ...]] = {
    "axis": (-1,), "from_logits": (False,), "ignore_class": (None,), "from_sorted_ids": (False,),
}  # fmt: skip
"""Arguments of Keras that the classes here lack, with the values under which results are the same."""


def metric_of(component: Component, more: Mapping[str, Any], labels: str, threshold: float) -> Metric:
    """The metric that a component describes, empty; accuracy becomes the one for the labels.

    Args:
        component: its name is the column of the history.
        more: further arguments, from a saved model.
        labels: the form of the targets: sparse, one_hot, binary or value.
        threshold: above which an output of a binary model is the second class.

    Raises:
        NeedsKerasError: the metric or an argument is not supported.
    """
    arguments = {name: getattr(component, name) for name in type(component).model_fields}
    name, keras_class = str(arguments.pop("name")) or component.tag, component.keras_class
    if keras_class == "Accuracy":
        keras_class = {"sparse": "SparseCategoricalAccuracy", "one_hot": "CategoricalAccuracy"}.get(
            labels, "BinaryAccuracy"
        )
        arguments = {"threshold": threshold} if keras_class == "BinaryAccuracy" else {}
    for key, value in more.items():
        if value not in _CHANGES_NOTHING.get(key, ()):
            arguments[key] = value
    try:
        return METRICS[keras_class](name, **arguments)
    except (KeyError, TypeError) as error:
        raise NeedsKerasError(f"the metric {name}", f"{keras_class} with {sorted(arguments)}") from error


MakeMetric = Callable[..., Metric]
"""Takes the name, and Keras's arguments as keywords."""
MOST_THRESHOLDS = 10_000


def _mean_of(rows: Rows) -> MakeMetric:
    return lambda name: MeanOfRows(name, rows)


def _mean_at(make_rows: Callable[[Any], Rows], argument: str, default: float) -> MakeMetric:
    return lambda name, **given: MeanOfRows(name, make_rows(given.get(argument, default)))


def _loss(keras_class: str, finish: Callable[[float], float] = float) -> MakeMetric:
    return lambda name, **arguments: MeanOfRows(name, loss_named(keras_class, arguments).rows, finish)


def _counting(gives: str) -> MakeMetric:
    def make(name: str, thresholds: Any = None, top_k: int | None = None, class_id: int | None = None) -> Metric:
        one = thresholds[0] if isinstance(thresholds, list) and len(thresholds) == 1 else thresholds
        if isinstance(one, list):
            raise NeedsKerasError(f"the metric {name}", "several thresholds")
        return Counting(name, gives, one, top_k, class_id)

    return make


def _at(gives: str, held: str) -> MakeMetric:
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
METRICS: dict[str, MakeMetric] = {
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
