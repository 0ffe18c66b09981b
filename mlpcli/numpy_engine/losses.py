"""Losses of the schema, made from their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mlpcli.config.base import Component
from mlpcli.config.losses import LOSSES
from mlpcli.numpy_engine import class_losses, crossentropies, regression_losses
from mlpcli.numpy_engine.loss import Loss
from mlpcli.numpy_engine.needs_keras import NeedsKerasError

_MODULES = (crossentropies, regression_losses, class_losses)
BY_CLASS: dict[str, type[Loss]] = {
    cls.keras_class: next(getattr(module, cls.keras_class) for module in _MODULES if hasattr(module, cls.keras_class))
    for cls in LOSSES
}
"""Every loss of the schema, by Keras's class names."""

_AS_HERE: dict[str, tuple[Any, ...]] = {
    "reduction": ("sum_over_batch_size",), "axis": (-1, None), "from_logits": (False,), "ignore_class": (None,),
}  # fmt: skip
"""Arguments that Keras has beside those here, and the values under which they are what is computed here."""


def make_loss(component: Component, more: Mapping[str, Any] | None = None) -> Loss:
    """The loss that a component describes; `more`: what a saved one says beyond the schema.

    Raises:
        NeedsKerasError: the loss or an argument is not known here.
    """
    return loss_named(component.keras_class, {**_arguments(component), **(more or {})})


def loss_named(keras_class: str, arguments: Mapping[str, Any]) -> Loss:
    """The same by Keras's names."""
    cls: Any = BY_CLASS.get(keras_class)
    if cls is None:
        raise NeedsKerasError(f"the loss {keras_class}", "it is not known here")
    known = [field.name for field in fields(cls)] if is_dataclass(cls) else []
    for name, value in arguments.items():
        if name not in known and value not in _AS_HERE.get(name, ()):
            raise NeedsKerasError(f"the loss {keras_class}", f"its {name} is {value}")
    made: Loss = cls(**{name: value for name, value in arguments.items() if name in known})
    return made


def _arguments(component: Component) -> dict[str, Any]:
    return {name: getattr(component, name) for name in type(component).model_fields}
