"""Keras's losses, with their arguments, and the task, labels and output that each requires."""

from typing import TYPE_CHECKING, ClassVar, Literal

from mlpcli.config.base import Component, NonNegative, Positive, Share, one_of

Labels = Literal["sparse", "one_hot", "binary", "value"]
"""How the targets are fed: class indices (n,), one-hot rows (n, classes), 0 or 1 (n, 1), numbers (n, targets)."""


class _Loss(Component):
    """`labels` maps each task that the loss fits to the form of targets it takes there."""

    family = "losses"
    labels: ClassVar[dict[str, Labels]] = {}
    probabilities: ClassVar[bool] = False
    """Whether it takes the logarithm of its predictions, which must then be probabilities."""


_ANY: dict[str, Labels] = {"classification": "one_hot", "binary": "binary", "regression": "value"}


class SparseCategoricalCrossentropy(_Loss, tag="sparse_categorical_crossentropy"):
    labels = {"classification": "sparse"}
    probabilities = True


class CategoricalCrossentropy(_Loss, tag="categorical_crossentropy"):
    labels = {"classification": "one_hot"}
    probabilities = True
    label_smoothing: Share = 0.0


class CategoricalFocalCrossentropy(_Loss, tag="categorical_focal_crossentropy"):
    labels = {"classification": "one_hot"}
    probabilities = True
    alpha: Share = 0.25
    gamma: NonNegative = 2.0
    label_smoothing: Share = 0.0


class CategoricalHinge(_Loss, tag="categorical_hinge"):
    labels = {"classification": "one_hot"}


class KLDivergence(_Loss, tag="kl_divergence", aliases=("kld", "kullback_leibler_divergence")):
    labels = {"classification": "one_hot"}
    probabilities = True


class BinaryCrossentropy(_Loss, tag="binary_crossentropy", aliases=("bce",)):
    labels = {"binary": "binary", "classification": "one_hot"}
    probabilities = True
    label_smoothing: Share = 0.0


class BinaryFocalCrossentropy(_Loss, tag="binary_focal_crossentropy"):
    labels = {"binary": "binary", "classification": "one_hot"}
    probabilities = True
    apply_class_balancing: bool = False
    alpha: Share = 0.25
    gamma: NonNegative = 2.0
    label_smoothing: Share = 0.0


class Hinge(_Loss, tag="hinge"):
    labels = {"binary": "binary", "classification": "one_hot"}


class SquaredHinge(_Loss, tag="squared_hinge"):
    labels = {"binary": "binary", "classification": "one_hot"}


class Dice(_Loss, tag="dice"):
    labels = {"binary": "binary", "classification": "one_hot"}
    probabilities = True


class Tversky(_Loss, tag="tversky"):
    labels = {"binary": "binary", "classification": "one_hot"}
    probabilities = True
    alpha: NonNegative = 0.5
    beta: NonNegative = 0.5


class MeanSquaredError(_Loss, tag="mean_squared_error", aliases=("mse",)):
    labels = _ANY


class MeanAbsoluteError(_Loss, tag="mean_absolute_error", aliases=("mae",)):
    labels = _ANY


class MeanAbsolutePercentageError(_Loss, tag="mean_absolute_percentage_error", aliases=("mape",)):
    labels = {"regression": "value"}


class MeanSquaredLogarithmicError(_Loss, tag="mean_squared_logarithmic_error", aliases=("msle",)):
    labels = {"regression": "value"}


class Huber(_Loss, tag="huber", positional="delta", aliases=("huber_loss",)):
    labels = _ANY
    delta: Positive = 1.0


class LogCosh(_Loss, tag="log_cosh", aliases=("logcosh",)):
    labels = _ANY


class Poisson(_Loss, tag="poisson"):
    labels = {"regression": "value"}


class CosineSimilarity(_Loss, tag="cosine_similarity"):
    labels = {"classification": "one_hot", "regression": "value"}


LOSSES = (
    SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy, MeanSquaredError, MeanAbsoluteError,
    Huber, Hinge, KLDivergence, LogCosh, CosineSimilarity, Poisson, Dice,
    CategoricalFocalCrossentropy, CategoricalHinge, BinaryFocalCrossentropy,
    SquaredHinge, Tversky, MeanAbsolutePercentageError, MeanSquaredLogarithmicError,
)  # fmt: skip
"""Common ones first: error messages list the first twelve."""
LOSSES_LEFT_OUT = {
    "loss": "is the base class of the others",
    "ctc": "compares sequences of different lengths",
    "categorical_generalized_cross_entropy": "is newer than the oldest supported Keras",
    "circle": "learns embeddings, not predictions",
}
if TYPE_CHECKING:
    Loss = _Loss
else:
    Loss = one_of(LOSSES)
