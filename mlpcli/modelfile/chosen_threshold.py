"""A binary model that decides at another threshold than its own: `--threshold 0.3`, or the best one that it keeps."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from mlpcli.config.base import Component
from mlpcli.config.metrics import Accuracy, BinaryAccuracy
from mlpcli.errors import UserError
from mlpcli.modelfile.saved_model import SavedModel

Threshold = float | Literal["best"]


def at_threshold(model: SavedModel, asked: Threshold | None) -> SavedModel:
    """The model with the threshold asked for, which its metrics that compare with the model's own take, too.

    Raises:
        UserError: the model has no single output for two classes, keeps no best threshold, or the number is none.
    """
    if asked is None:
        return model
    value = _value(model, asked)
    compiled = model.compilation
    if compiled is not None:
        own = model.card.plan.threshold
        metrics = (replace(metric, component=_moved(metric.component, own, value)) for metric in compiled.metrics)
        compiled = replace(compiled, metrics=tuple(metrics))
    return replace(model, chosen=value, compilation=compiled)


def _value(model: SavedModel, asked: Threshold) -> float:
    file, plan = model.path, model.card.plan
    if plan.task != "binary":
        what = "numbers" if plan.class_names is None else "one output for each of its classes"
        raise UserError(f"--threshold: works only with two classes and one output, but {file} has {what}; leave it out")
    if asked == "best":
        best = model.card.best_threshold
        if best is not None:
            return best.threshold
        way = "give a number" if model.stock else (
            "give a number, or let its run find one without further training: mlpcli train --resume RUN_DIR"
            " -s output.threshold=f1"
        )  # fmt: skip
        raise UserError(f"--threshold best: {file} keeps no best threshold; {way}")
    if isinstance(asked, bool) or not isinstance(asked, (int, float)) or not math.isfinite(asked):
        raise UserError(f"--threshold {asked}: must be a number, or best")
    if model.meaning.score == "probability" and not 0 < asked < 1:
        raise UserError(f"--threshold {asked:g}: must be above 0 and below 1, as the model's outputs are probabilities")
    return float(asked)


def _moved(metric: Component, own: float, value: float) -> Component:
    """A metric that compares with the model's own threshold; one with a threshold of its own stays."""
    if isinstance(metric, Accuracy):
        return BinaryAccuracy.model_validate({"binary_accuracy": {"name": metric.name or "accuracy"}}).model_copy(
            update={"threshold": value}
        )
    for key in ("threshold", "thresholds"):
        if key in type(metric).model_fields:
            found = getattr(metric, key)
            if found == own or (found is None and key == "thresholds" and own == 0.5):
                return metric.model_copy(update={key: value})
    return metric
