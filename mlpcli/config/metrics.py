"""Keras's metrics, with their arguments, and the form of targets each takes for each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from mlpcli.config.base import Component, NonNegative, Positive, Share, Size, one_of
from mlpcli.config.losses import Labels

OpenFraction = Annotated[float, Field(gt=0, lt=1)]


class _Metric(Component):
    """`labels` as for losses; `name` is the column in history.csv, and an alias (acc, mse) is its own name there."""

    family = "metrics"
    written_with_name = False
    labels: ClassVar[dict[str, Labels]] = {}
    higher_is_better: ClassVar[bool | None] = True
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")] = ""

    @model_validator(mode="before")
    @classmethod
    def _name_it(cls, value: Any) -> Any:
        arguments = dict(value) if isinstance(value, Mapping) else value
        if not isinstance(arguments, dict):
            return arguments
        arguments.setdefault("name", cls.tag)
        return arguments

    @classmethod
    def _unwrap(cls, value: Any) -> Any:
        """As for any component, with an alias kept as the metric's name."""
        alias = value if isinstance(value, str) else next(iter(value), None) if isinstance(value, Mapping) else None
        arguments = super()._unwrap(value)
        if alias in cls.aliases and isinstance(arguments, Mapping):
            return {"name": alias, **arguments}
        return arguments


_LABELLED: dict[str, Labels] = {"classification": "one_hot", "binary": "binary"}
_VALUES: dict[str, Labels] = {"regression": "value"}
_ALL: dict[str, Labels] = {**_LABELLED, **_VALUES}


class Accuracy(_Metric, tag="accuracy", aliases=("acc",)):
    """Becomes Keras's binary, categorical or sparse categorical accuracy, whichever the targets ask for."""

    labels = {"classification": "sparse", "binary": "binary"}


class BinaryAccuracy(_Metric, tag="binary_accuracy", positional="threshold"):
    labels = _LABELLED
    threshold: Share = 0.5


class CategoricalAccuracy(_Metric, tag="categorical_accuracy"):
    labels = {"classification": "one_hot"}


class SparseCategoricalAccuracy(_Metric, tag="sparse_categorical_accuracy"):
    labels = {"classification": "sparse"}


class TopKCategoricalAccuracy(_Metric, tag="top_k_categorical_accuracy", positional="k"):
    labels = {"classification": "one_hot"}
    k: Size = 5


class SparseTopKCategoricalAccuracy(_Metric, tag="sparse_top_k_categorical_accuracy", positional="k"):
    labels = {"classification": "sparse"}
    k: Size = 5


class _Counting(_Metric):
    labels = _LABELLED
    thresholds: Share | None = None


class Precision(_Counting, tag="precision"):
    top_k: Size | None = None
    class_id: Annotated[int, Field(ge=0)] | None = None


class Recall(_Counting, tag="recall"):
    top_k: Size | None = None
    class_id: Annotated[int, Field(ge=0)] | None = None


class TruePositives(_Counting, tag="true_positives"):
    pass


class TrueNegatives(_Counting, tag="true_negatives"):
    pass


class FalsePositives(_Counting, tag="false_positives"):
    higher_is_better = False


class FalseNegatives(_Counting, tag="false_negatives"):
    higher_is_better = False


class AUC(_Metric, tag="auc"):
    labels = _LABELLED
    num_thresholds: Annotated[int, Field(ge=2, le=10_000)] = 200
    curve: Literal["ROC", "PR"] = "ROC"
    summation_method: Literal["interpolation", "minoring", "majoring"] = "interpolation"


class _AtPoint(_Metric):
    labels = _LABELLED
    num_thresholds: Annotated[int, Field(ge=2, le=10_000)] = 200
    class_id: Annotated[int, Field(ge=0)] | None = None


class PrecisionAtRecall(_AtPoint, tag="precision_at_recall", positional="recall"):
    recall: Share


class RecallAtPrecision(_AtPoint, tag="recall_at_precision", positional="precision"):
    precision: Share


class SensitivityAtSpecificity(_AtPoint, tag="sensitivity_at_specificity", positional="specificity"):
    specificity: Share


class SpecificityAtSensitivity(_AtPoint, tag="specificity_at_sensitivity", positional="sensitivity"):
    sensitivity: Share


class F1Score(_Metric, tag="f1_score"):
    """Averaged to one number: Keras's own default is one per class, which no history column can hold."""

    labels = _LABELLED
    average: Literal["micro", "macro", "weighted"] = "macro"
    threshold: OpenFraction | None = None


class FBetaScore(_Metric, tag="fbeta_score"):
    labels = _LABELLED
    average: Literal["micro", "macro", "weighted"] = "macro"
    beta: Positive = 1.0
    threshold: OpenFraction | None = None


class _Loss(_Metric):
    higher_is_better = False


class SparseCategoricalCrossentropy(_Loss, tag="sparse_categorical_crossentropy"):
    labels = {"classification": "sparse"}


class CategoricalCrossentropy(_Loss, tag="categorical_crossentropy"):
    labels = {"classification": "one_hot"}
    label_smoothing: Share = 0


class BinaryCrossentropy(_Loss, tag="binary_crossentropy", aliases=("bce",)):
    labels = _LABELLED
    label_smoothing: Share = 0


class KLDivergence(_Loss, tag="kl_divergence", aliases=("kld",)):
    labels = {"classification": "one_hot"}


class CategoricalHinge(_Loss, tag="categorical_hinge"):
    labels = {"classification": "one_hot"}


class Hinge(_Loss, tag="hinge"):
    labels = _LABELLED


class SquaredHinge(_Loss, tag="squared_hinge"):
    labels = _LABELLED


class MeanSquaredError(_Loss, tag="mean_squared_error", aliases=("mse",)):
    labels = _ALL


class RootMeanSquaredError(_Loss, tag="root_mean_squared_error", aliases=("rmse",)):
    labels = _ALL


class MeanAbsoluteError(_Loss, tag="mean_absolute_error", aliases=("mae",)):
    labels = _ALL


class MeanAbsolutePercentageError(_Loss, tag="mean_absolute_percentage_error", aliases=("mape",)):
    labels = _VALUES


class MeanSquaredLogarithmicError(_Loss, tag="mean_squared_logarithmic_error", aliases=("msle",)):
    labels = _VALUES


class LogCoshError(_Loss, tag="log_cosh_error", aliases=("logcosh",)):
    labels = _VALUES


class Poisson(_Loss, tag="poisson"):
    labels = _VALUES


class R2Score(_Metric, tag="r2_score", aliases=("r2",)):
    labels = _VALUES
    num_regressors: NonNegative = 0


class CosineSimilarity(_Metric, tag="cosine_similarity"):
    labels = {"classification": "one_hot"}


METRICS = (
    Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy, Precision, Recall, TruePositives, TrueNegatives, FalsePositives, FalseNegatives, AUC,
    PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity, F1Score, FBetaScore,
    SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy, KLDivergence, CategoricalHinge, Hinge,
    SquaredHinge, MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError, LogCoshError, Poisson, R2Score, CosineSimilarity,
)  # fmt: skip

METRICS_LEFT_OUT = {
    "metric": "is the base class of the others",
    "mean": "averages numbers, not predictions",
    "sum": "adds up numbers, not predictions",
    "mean_metric_wrapper": "makes a metric of a function, which a config cannot hold",
    "io_u": "scores segmentation masks",
    "mean_io_u": "scores segmentation masks",
    "binary_io_u": "scores segmentation masks",
    "one_hot_io_u": "scores segmentation masks",
    "one_hot_mean_io_u": "scores segmentation masks",
    "pearson_correlation": "correlates within one row, which is undefined for one target",
    "concordance_correlation": "correlates within one row, which is undefined for one target",
}

if TYPE_CHECKING:
    Metric = _Metric
else:
    Metric = one_of(METRICS)
