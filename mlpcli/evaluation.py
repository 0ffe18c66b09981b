"""Scores of a predictor on one part of the data: the content of evaluation.json."""

from __future__ import annotations

from typing import Any

from mlpcli.data.baseline import baseline
from mlpcli.data.dataset import Array, Part
from mlpcli.inference import Predictor
from mlpcli.scores import classification_scores, predicted_classes, regression_scores
from mlpcli.training.feed import encode_targets


def evaluate_part(
    predictor: Predictor, chosen: dict[str, Any], part: Part, split: str, train_targets: Array | None
) -> dict[str, Any]:
    """Loss, metrics and scores of one part.

    Args:
        predictor: the model.
        chosen: task, labels, threshold, class_names, as the plan decided and the model's metadata keeps.
        part: the rows.
        split: what the rows are called: test, validation, train, or the name of another source.
        train_targets: raw targets of the training rows, for the baseline; None where they are not at hand.
    """
    names = tuple(chosen["class_names"] or ())
    predictions = predictor.predict(part)
    true = part.y[part.indices]
    losses = predictor.losses(part, encode_targets(part.y, chosen["labels"], len(names)))
    result: dict[str, Any] = {"split": split, "task": chosen["task"], "rows": len(part), "loss": losses.pop("loss")}
    result["metrics"] = losses
    if chosen["task"] == "regression":
        result |= regression_scores(true.reshape(len(true), -1), predictions)
        result["target_name"] = chosen.get("target_name")
    else:
        result |= classification_scores(true, predicted_classes(predictions, chosen["threshold"]), names)
    if train_targets is not None:
        result["baseline"] = baseline(chosen["task"], train_targets, true, names or None)
    return result
