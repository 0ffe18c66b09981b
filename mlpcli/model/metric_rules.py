"""Metrics that would give a number without meaning for the outputs of the network."""

from __future__ import annotations

from mlpcli.config.losses import Loss
from mlpcli.config.metrics import BinaryAccuracy, F1Score, FBetaScore, Metric
from mlpcli.config.sections import Output
from mlpcli.errors import SettingError

_PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax", "sparsemax")
_FROM_0_TO_1 = (
    "auc", "precision_at_recall", "recall_at_precision", "sensitivity_at_specificity", "specificity_at_sensitivity",
    "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "kl_divergence",
)  # fmt: skip
"""They cut outputs off below 0 and above 1, or take their logarithm."""
_SIGNED = ("hinge", "squared_hinge")


def check_metrics(metrics: tuple[Metric, ...], output: Output, task: str, loss: Loss) -> None:
    """Refuse what says nothing, and what Keras refuses only in the middle of the first epoch.

    Raises:
        SettingError: the key of the first such metric, and what to use instead.
    """
    for index, metric in enumerate(metrics):
        message = _wrong_count(metric, output.units or 1) or _wrong_range(metric, output, task, loss)
        if message:
            raise SettingError(f"training.metrics[{index}]", message)


def _wrong_count(metric: Metric, outputs: int) -> str | None:
    class_id, top_k, k = (getattr(metric, name, None) for name in ("class_id", "top_k", "k"))
    if class_id is not None and class_id >= outputs:
        return f"class_id {class_id} does not exist; the network has {outputs} outputs, counted from 0"
    if top_k is not None and top_k > outputs:
        return f"top_k {top_k} is more than the {outputs} outputs of the network; use a smaller one"
    if top_k == outputs:
        return f"top_k {top_k} takes all outputs of the network, whatever they are; use a smaller one, or remove it"
    if k is not None and k >= outputs:
        smaller = f"k from 1 to {outputs - 1}" if outputs > 2 else "accuracy"
        return f"{metric.tag} with k = {k} is always 1 for {outputs} classes; use {smaller}"
    return None


def _wrong_range(metric: Metric, output: Output, task: str, loss: Loss) -> str | None:
    if task == "regression" or output.activation in _PROBABILITIES:
        return None
    if metric.tag in _FROM_0_TO_1:
        return (
            f"{metric.tag} needs outputs from 0 to 1, and {output.activation} gives others; use accuracy, or a loss"
            " with sigmoid or softmax"
        )
    at_half = getattr(metric, "thresholds", 0) is None or isinstance(metric, (F1Score, FBetaScore))
    at_half = at_half or (isinstance(metric, BinaryAccuracy) and "threshold" not in metric.model_fields_set)
    if task == "binary" and loss.tag in _SIGNED and at_half:
        return f"{metric.tag} counts outputs above 0.5, and {loss.tag} tells classes apart at 0; use accuracy"
    return None
