"""Keras's metrics that are losses as well, or scores of numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mlpcli.config.base import Share
from mlpcli.config.metric_base import ALL_TASKS, LABELLED, VALUES, AnyMetric


class _LossMetric(AnyMetric):
    higher_is_better = False


class SparseCategoricalCrossentropy(_LossMetric, tag="sparse_categorical_crossentropy"):
    labels = {"classification": "sparse"}


class CategoricalCrossentropy(_LossMetric, tag="categorical_crossentropy"):
    labels = {"classification": "one_hot"}
    label_smoothing: Share = 0.0


class BinaryCrossentropy(_LossMetric, tag="binary_crossentropy", aliases=("bce",)):
    labels = LABELLED
    label_smoothing: Share = 0.0


class KLDivergence(_LossMetric, tag="kl_divergence", aliases=("kld",)):
    labels = {"classification": "one_hot"}


class CategoricalHinge(_LossMetric, tag="categorical_hinge"):
    labels = {"classification": "one_hot"}


class Hinge(_LossMetric, tag="hinge"):
    labels = LABELLED


class SquaredHinge(_LossMetric, tag="squared_hinge"):
    labels = LABELLED


class MeanSquaredError(_LossMetric, tag="mean_squared_error", aliases=("mse",)):
    labels = ALL_TASKS


class RootMeanSquaredError(_LossMetric, tag="root_mean_squared_error", aliases=("rmse",)):
    labels = ALL_TASKS


class MeanAbsoluteError(_LossMetric, tag="mean_absolute_error", aliases=("mae",)):
    labels = ALL_TASKS


class MeanAbsolutePercentageError(_LossMetric, tag="mean_absolute_percentage_error", aliases=("mape",)):
    labels = VALUES


class MeanSquaredLogarithmicError(_LossMetric, tag="mean_squared_logarithmic_error", aliases=("msle",)):
    labels = VALUES


class LogCoshError(_LossMetric, tag="log_cosh_error", aliases=("logcosh",)):
    labels = VALUES


class Poisson(_LossMetric, tag="poisson"):
    labels = VALUES


class R2Score(AnyMetric, tag="r2_score", aliases=("r2",)):
    labels = VALUES
    num_regressors: Annotated[int, Field(ge=0)] = 0


class CosineSimilarity(AnyMetric, tag="cosine_similarity"):
    labels = {"classification": "one_hot"}


LOSS_METRICS = (
    SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy, KLDivergence, CategoricalHinge, Hinge,
    SquaredHinge, MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError, LogCoshError, Poisson, R2Score, CosineSimilarity,
)  # fmt: skip
