"""Scores of a predictor on one part of the data: the content of evaluation.json."""

from __future__ import annotations

from typing import Any

from mlpcli.data.baseline import baseline
from mlpcli.data.dataset import Array, Part
from mlpcli.inference import Predictor
from mlpcli.scores import ClassScores, RegressionScores, predicted_classes
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
    losses = predictor.losses(part, encode_targets(part.y, chosen["labels"], len(names)))
    result: dict[str, Any] = {"split": split, "task": chosen["task"], "rows": len(part), "loss": losses.pop("loss")}
    result["metrics"] = losses
    result |= _scores(predictor, chosen, part, names)
    if train_targets is not None:
        result["baseline"] = baseline(chosen["task"], train_targets, part.y[part.indices], names or None)
    return result


def _scores(predictor: Predictor, chosen: dict[str, Any], part: Part, names: tuple[str, ...]) -> dict[str, Any]:
    """The scores, summed up batch by batch: nothing is kept of the rows."""
    if chosen["task"] == "regression":
        numbers = RegressionScores(len(part))
        for rows, outputs in predictor.batches(part):
            numbers.add(part.y[rows].reshape(len(rows), -1), outputs)
        return {**numbers.result(), "target_name": chosen.get("target_name")}
    classes = ClassScores(names)
    for rows, outputs in predictor.batches(part):
        classes.add(part.y[rows], predicted_classes(outputs, chosen["threshold"]))
    return classes.result()
