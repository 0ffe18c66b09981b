"""Losses and metrics that would give a number without meaning for the outputs of the network."""

from __future__ import annotations

from mlpcli.config.losses import Loss
from mlpcli.config.metrics import BalancedAccuracy, BinaryAccuracy, F1Score, FBetaScore, Metric
from mlpcli.config.sections import Output
from mlpcli.errors import SettingError

SIGNED = ("hinge", "squared_hinge")
"""Losses that read labels as -1 and 1; the threshold between their classes is 0, not 0.5."""
POSITIVE = ("softplus", "exponential", "squareplus", "relu", "relu6", "sigmoid", "hard_sigmoid", "softmax")
"""Activations for what takes the logarithm of a prediction other than a probability."""
_PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax", "sparsemax")
_OVER_CLASSES = ("softmax", "sparsemax")
"""Their outputs sum up to 1."""
_FROM_0_TO_1 = (
    "auc", "precision_at_recall", "recall_at_precision", "sensitivity_at_specificity", "specificity_at_sensitivity",
    "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "kl_divergence",
)  # fmt: skip
"""They cut outputs off below 0 and above 1, or take their logarithm."""
_NOT_TOWARDS_LABELS = (*SIGNED, "categorical_hinge", "cosine_similarity")
"""Losses whose outputs only have to be larger for the right class; they do not approach 0 and 1."""
_DISTANCES = ("mean_squared_error", "root_mean_squared_error", "mean_absolute_error")


def check_loss(loss: Loss, task: str, targets: int) -> None:
    """Refuse a loss that is the same whatever the network says, or whatever the labels are.

    Raises:
        SettingError: training.loss, and what to use instead.
    """
    message = _constant_loss(loss)
    if task == "regression" and loss.tag == "cosine_similarity" and targets == 1:
        message = "cosine_similarity of one number is only its sign; use mean_squared_error"
    if message:
        raise SettingError("training.loss", message)


def _constant_loss(loss: Loss) -> str | None:
    smoothing, alpha, beta = (getattr(loss, name, None) for name in ("label_smoothing", "alpha", "beta"))
    if smoothing == 1:
        return _SMOOTHED
    if loss.tag == "categorical_focal_crossentropy" and alpha == 0:
        return "alpha 0 makes the loss 0 for every output; use a larger one, or remove it"
    if loss.tag == "tversky" and alpha == beta == 0:
        return "alpha 0 and beta 0 count no mistake; use a larger one of them, or remove both"
    return None


_SMOOTHED = "label_smoothing 1 makes all labels alike; use a smaller one, or remove it"


def check_metrics(metrics: tuple[Metric, ...], output: Output, task: str, loss: Loss) -> None:
    """Refuse what says nothing, and what Keras refuses only in the middle of the first epoch.

    metrics: as the config gives them, before thresholds are chosen.

    Raises:
        SettingError: the key of the first such metric, and what to use instead.
    """
    for index, metric in enumerate(metrics):
        message = (
            _wrong_count(metric, output.units or 1)
            or _constant(metric, output.activation or "linear")
            or _wrong_range(metric, output.activation or "linear", task)
            or _wrong_threshold(metric, output.activation or "linear", task, loss)
        )
        if message:
            raise SettingError(f"training.metrics[{index}]", message)


def _wrong_count(metric: Metric, outputs: int) -> str | None:
    class_id, top_k, k = (getattr(metric, name, None) for name in ("class_id", "top_k", "k"))
    if class_id is not None and class_id >= outputs:
        return f"class_id {class_id} does not exist; the network has {outputs} outputs, counted from 0"
    if top_k is not None and top_k > outputs:
        return f"top_k {top_k} is more than the {outputs} outputs of the network; use a smaller one"
    if top_k == outputs:
        return f"top_k {top_k} always includes every output of the network; use a smaller one, or remove it"
    if k is not None and k >= outputs:
        smaller = f"k from 1 to {outputs - 1}" if outputs > 2 else "accuracy"
        return f"{metric.tag} with k = {k} is always 1 for {outputs} classes; use {smaller}"
    return None


def _constant(metric: Metric, activation: str) -> str | None:
    """Arguments that leave one value, whatever the network says."""
    if getattr(metric, "label_smoothing", 0) == 1:
        return _SMOOTHED
    if getattr(metric, "num_thresholds", None) == 2:
        return f"num_thresholds 2 leaves {metric.tag} only the thresholds 0 and 1; use 3 or more, or remove it"
    threshold = getattr(metric, "thresholds", getattr(metric, "threshold", None))
    if threshold == 1 and activation in _PROBABILITIES:
        return f"{metric.tag} counts outputs above 1, and {activation} gives none; use a lower threshold"
    if threshold == 0 and activation in ("sigmoid", "softmax"):
        return f"{metric.tag} counts outputs above 0, and {activation} gives no others; use a higher threshold"
    return None


def _wrong_range(metric: Metric, activation: str, task: str) -> str | None:
    if task == "regression":
        if metric.tag == "poisson" and activation not in POSITIVE:
            return f"poisson needs outputs above 0, but {activation} gives others, too; use softplus in model.output"
        return None
    if metric.tag in _FROM_0_TO_1 and activation not in _PROBABILITIES:
        return (
            f"{metric.tag} needs outputs from 0 to 1, and {activation} gives others; use accuracy, or a loss"
            " with sigmoid or softmax"
        )
    if metric.tag == "kl_divergence" and activation not in _OVER_CLASSES:
        return (
            f"kl_divergence needs outputs that sum up to 1, which {activation} does not give; use"
            " categorical_crossentropy, or softmax"
        )
    return None


def _wrong_threshold(metric: Metric, activation: str, task: str, loss: Loss) -> str | None:
    """What compares outputs with 0.5, or with labels of 0 and 1, where they do not approach these."""
    at_half = _at_half(metric, task)
    if isinstance(metric, BinaryAccuracy) and at_half and activation in _OVER_CLASSES:
        return (
            f"binary_accuracy judges each output of {activation} alone, so that a row without any class above 0.5 is"
            " mostly right; use accuracy, or give a threshold"
        )
    if task == "regression" or activation in _PROBABILITIES or loss.tag not in _NOT_TOWARDS_LABELS:
        return None
    apart = "tells classes apart at 0" if task == "binary" else "only ranks the classes"
    if at_half:
        return f"{metric.tag} counts outputs above 0.5, and {loss.tag} {apart}; use accuracy"
    if metric.tag in _DISTANCES:
        return f"{metric.tag} compares outputs with labels of 0 and 1, and {loss.tag} {apart}; use accuracy"
    return None


def _at_half(metric: Metric, task: str) -> bool:
    """Whether it counts outputs above 0.5 because the config gives no threshold."""
    if isinstance(metric, (F1Score, FBetaScore, BalancedAccuracy)):  # of several outputs they take the largest
        return task == "binary" and getattr(metric, "threshold", None) is None
    if isinstance(metric, BinaryAccuracy):
        return "threshold" not in metric.model_fields_set
    return getattr(metric, "thresholds", 0) is None and getattr(metric, "top_k", None) is None
