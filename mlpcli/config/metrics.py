"""Keras's metrics, with their arguments, and the tasks and labels each is for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from mlpcli.config.base import Component, Positive, Share, Size, kind_of, one_of
from mlpcli.config.losses import Labels

OpenFraction = Annotated[float, Field(gt=0, lt=1)]


class AnyMetric(Component):
    """`labels` as for losses; `name` is the column in history.csv, and an alias (acc, mse) is its own name there."""

    family = "metrics"
    written_with_name = False
    labels: ClassVar[dict[str, Labels]] = {}
    higher_is_better: ClassVar[bool | None] = True
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")] = ""

    @classmethod
    def _arguments(cls, word: str, value: Any) -> Any:
        """Fill in `name` with the word the metric was called by (`acc`, `accuracy`), unless the config names it."""
        arguments = super()._arguments(word, value)
        return {"name": word, **arguments} if isinstance(arguments, Mapping) else arguments


class Accuracy(AnyMetric, tag="accuracy", aliases=("acc",)):
    """Becomes Keras's binary, categorical or sparse categorical accuracy, whichever the targets ask for."""

    labels = {"classification": "sparse", "binary": "binary"}


LABELLED: dict[str, Labels] = {"classification": "one_hot", "binary": "binary"}


class BinaryAccuracy(AnyMetric, tag="binary_accuracy", positional="threshold"):
    labels = LABELLED
    threshold: Share = 0.5


class CategoricalAccuracy(AnyMetric, tag="categorical_accuracy"):
    labels = {"classification": "one_hot"}


class SparseCategoricalAccuracy(AnyMetric, tag="sparse_categorical_accuracy"):
    labels = {"classification": "sparse"}


class TopKCategoricalAccuracy(AnyMetric, tag="top_k_categorical_accuracy", positional="k"):
    labels = {"classification": "one_hot"}
    k: Size = 5


class SparseTopKCategoricalAccuracy(AnyMetric, tag="sparse_top_k_categorical_accuracy", positional="k"):
    labels = {"classification": "sparse"}
    k: Size = 5


class _Counting(AnyMetric):
    labels = LABELLED
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


class AUC(AnyMetric, tag="auc"):
    labels = LABELLED
    num_thresholds: Annotated[int, Field(ge=2, le=10_000)] = 200
    curve: Literal["ROC", "PR"] = "ROC"
    summation_method: Literal["interpolation", "minoring", "majoring"] = "interpolation"


class _AtPoint(AnyMetric):
    labels = LABELLED
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


class F1Score(AnyMetric, tag="f1_score"):
    """Averaged to one number: Keras's default is one number per class, which does not fit a column of the history."""

    labels = LABELLED
    average: Literal["micro", "macro", "weighted"] = "macro"
    threshold: OpenFraction | None = None


class FBetaScore(AnyMetric, tag="fbeta_score"):
    labels = LABELLED
    average: Literal["micro", "macro", "weighted"] = "macro"
    beta: Positive = 1.0
    threshold: OpenFraction | None = None


class BalancedAccuracy(AnyMetric, tag="balanced_accuracy"):
    """The mean recall of the classes. Keras has no class of that name: the plan finds one that gives the same."""

    labels = LABELLED


class _LossMetric(AnyMetric):
    higher_is_better = False


class BinaryCrossentropy(_LossMetric, tag="binary_crossentropy", aliases=("bce",)):
    labels = LABELLED
    label_smoothing: Share = 0.0


class CategoricalCrossentropy(_LossMetric, tag="categorical_crossentropy"):
    labels = {"classification": "one_hot"}
    label_smoothing: Share = 0.0


class CategoricalHinge(_LossMetric, tag="categorical_hinge"):
    labels = {"classification": "one_hot"}


class CosineSimilarity(AnyMetric, tag="cosine_similarity"):
    labels = {"classification": "one_hot"}


class Hinge(_LossMetric, tag="hinge"):
    labels = LABELLED


class KLDivergence(_LossMetric, tag="kl_divergence", aliases=("kld",)):
    labels = {"classification": "one_hot"}


VALUES: dict[str, Labels] = {"regression": "value"}


class LogCoshError(_LossMetric, tag="log_cosh_error", aliases=("logcosh",)):
    labels = VALUES


ALL_TASKS: dict[str, Labels] = {**LABELLED, **VALUES}


class MeanAbsoluteError(_LossMetric, tag="mean_absolute_error", aliases=("mae",)):
    labels = ALL_TASKS


class MeanAbsolutePercentageError(_LossMetric, tag="mean_absolute_percentage_error", aliases=("mape",)):
    labels = VALUES


class MeanSquaredError(_LossMetric, tag="mean_squared_error", aliases=("mse",)):
    labels = ALL_TASKS


class MeanSquaredLogarithmicError(_LossMetric, tag="mean_squared_logarithmic_error", aliases=("msle",)):
    labels = VALUES


class Poisson(_LossMetric, tag="poisson"):
    labels = VALUES


class R2Score(AnyMetric, tag="r2_score", aliases=("r2",)):
    labels = VALUES
    num_regressors: Annotated[int, Field(ge=0)] = 0


class RootMeanSquaredError(_LossMetric, tag="root_mean_squared_error", aliases=("rmse",)):
    labels = ALL_TASKS


class SparseCategoricalCrossentropy(_LossMetric, tag="sparse_categorical_crossentropy"):
    labels = {"classification": "sparse"}


class SquaredHinge(_LossMetric, tag="squared_hinge"):
    labels = LABELLED


LOSS_METRICS = (
    SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy, KLDivergence, CategoricalHinge, Hinge,
    SquaredHinge, MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError, LogCoshError, Poisson, R2Score, CosineSimilarity,
)  # fmt: skip
METRICS = (
    Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy, Precision, Recall, TruePositives, TrueNegatives, FalsePositives, FalseNegatives, AUC,
    PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity, F1Score, FBetaScore,
    BalancedAccuracy, *LOSS_METRICS,
)  # fmt: skip
KERAS_METRICS = tuple(cls for cls in METRICS if cls is not BalancedAccuracy)
"""Those that a model file may name."""
METRICS_LEFT_OUT = {
    "metric": "is the base class of the others",
    "mean": "averages numbers, not predictions",
    "sum": "adds up numbers, not predictions",
    "mean_metric_wrapper": "makes a metric from a function, which a config cannot hold",
    "io_u": "scores segmentation masks",
    "mean_io_u": "scores segmentation masks",
    "binary_io_u": "scores segmentation masks",
    "one_hot_io_u": "scores segmentation masks",
    "one_hot_mean_io_u": "scores segmentation masks",
    "pearson_correlation": "correlates within one row, which is undefined for one target",
    "concordance_correlation": "correlates within one row, which is undefined for one target",
}
if TYPE_CHECKING:
    Metric = AnyMetric
else:
    Metric = one_of(METRICS, kind_of)


def higher_is_better(column: str, metrics: Sequence[AnyMetric]) -> bool:
    """Whether more is better in this column of history.csv: not for losses; a metric's class tells.

    >>> higher_is_better("val_auc", [AUC(name="auc")]), higher_is_better("val_loss", [])
    (True, False)
    """
    name = column.removeprefix("val_")
    return any(metric.name == name and bool(metric.higher_is_better) for metric in metrics)
