"""Metrics of the schema, made from their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlpcli.config.base import Component
from mlpcli.numpy_engine.metric import Metric
from mlpcli.numpy_engine.metric_table import METRICS
from mlpcli.numpy_engine.needs_keras import NeedsKerasError

_CHANGES_NOTHING: dict[str, tuple[Any, ...]] = {
    "axis": (-1,), "from_logits": (False,), "ignore_class": (None,), "from_sorted_ids": (False,),
}  # fmt: skip
"""Arguments that Keras has beside those here, and the values under which they are what is computed here."""


def metric_of(component: Component, more: Mapping[str, Any], labels: str, threshold: float) -> Metric:
    """The metric that a component describes, empty; accuracy becomes the one for the labels.

    Args:
        component: with its name, which is its column.
        more: what a saved one says beyond the schema.
        labels: the form of the targets: sparse, one_hot, binary or value.
        threshold: above which an output of a binary model is the second class.

    Raises:
        NeedsKerasError: the metric or an argument is not known here.
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
