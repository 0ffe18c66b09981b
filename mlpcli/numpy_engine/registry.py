"""The NumPy class for each layer, loss and metric of the schema; what is not listed is left to Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mlpcli.arrays import Array
from mlpcli.config.base import Component
from mlpcli.errors import NeedsKerasError
from mlpcli.model.compilation import LossUnits
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine import (
    class_losses,
)
from mlpcli.numpy_engine import (
    crossentropy as crossentropies,
)
from mlpcli.numpy_engine import (
    layer as activation_layers,
)
from mlpcli.numpy_engine import (
    losses as regression_losses,
)
from mlpcli.numpy_engine import (
    metrics as accuracies,
)
from mlpcli.numpy_engine.convolution import Conv2D
from mlpcli.numpy_engine.layer import Dense, Layer, PReLU
from mlpcli.numpy_engine.losses import InUnits, Loss
from mlpcli.numpy_engine.members import MeanOfMembers, RepeatVector, einsum_dense
from mlpcli.numpy_engine.metrics import Counting, FBetaScore, MeanOfRows, Metric, R2Score, Rows
from mlpcli.numpy_engine.noise import AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout2D
from mlpcli.numpy_engine.normalization import (
    BatchNormalization,
    ChannelNormalization,
    LayerNormalization,
    Normalization,
    Rescaling,
    UnitNormalization,
)
from mlpcli.numpy_engine.pooling import AveragePooling2D, GlobalPooling2D, MaxPooling2D
from mlpcli.numpy_engine.reshaping import Margins, Permute, Reshape, UpSampling2D
from mlpcli.numpy_engine.threshold_metrics import AUC, RateAtRate

MakeLayer = Callable[[Any, Shape, Mapping[str, Array]], Layer]
"""From a component of the schema, the shape of one example that comes in, and the weights by name."""


LAYER_MAKERS: dict[str, MakeLayer] = {
    "dense": Dense.of,
    "batch_normalization": BatchNormalization.of,
    "layer_normalization": LayerNormalization.of,
    "group_normalization": ChannelNormalization.of,
    "unit_normalization": UnitNormalization.of,
    "dropout": Dropout.of,
    "gaussian_dropout": GaussianDropout.of,
    "gaussian_noise": GaussianNoise.of,
    "alpha_dropout": AlphaDropout.of,
    "spatial_dropout2d": SpatialDropout2D.of,
    "flatten": Reshape.flatten,
    "reshape": Reshape.of,
    "permute": Permute.of,
    "repeat_vector": RepeatVector.of,
    "einsum_dense": einsum_dense,
    "global_average_pooling1d": MeanOfMembers.of,
    "rescaling": Rescaling.of,
    "normalization": Normalization.of,
    "relu": activation_layers.relu,
    "leaky_relu": activation_layers.leaky_relu,
    "elu": activation_layers.elu,
    "softmax": activation_layers.softmax,
    "prelu": PReLU.of,
    "conv2d": Conv2D.of,
    "max_pooling2d": MaxPooling2D.of,
    "average_pooling2d": AveragePooling2D.of,
    "global_average_pooling2d": GlobalPooling2D.average,
    "global_max_pooling2d": GlobalPooling2D.max,
    "zero_padding2d": Margins.zero_padding,
    "cropping2d": Margins.cropping,
    "up_sampling2d": UpSampling2D.of,
}
"""By the schema's tags."""
NO_STEP = ("identity", "activation", "activity_regularization")
"""Layers without a step of their own: an activation is added as for any layer, a penalty changes no prediction.

The layers of the schema that are in neither table are left to Keras.
"""
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
