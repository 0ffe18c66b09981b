"""Which objects a model file may name: those of the schema. Keras makes whatever is named, so the rest is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlpcli.config.base import Component
from mlpcli.config.initializers import INITIALIZERS
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import METRICS, Accuracy
from mlpcli.config.model import LAYERS
from mlpcli.config.names import ACTIVATIONS
from mlpcli.config.optimizers import OPTIMIZERS
from mlpcli.config.regularizers import CONSTRAINTS, REGULARIZERS
from mlpcli.config.schedules import SCHEDULES

_COMPONENTS: tuple[type[Component], ...] = (
    *LAYERS, *INITIALIZERS, *REGULARIZERS, *CONSTRAINTS, *LOSSES, *METRICS, *OPTIMIZERS, *SCHEDULES
)  # fmt: skip
_CLASSES = {(f"keras.{cls.family}", cls.keras_class) for cls in _COMPONENTS} | {
    ("keras.layers", "Normalization"),
    ("keras.layers", "InputLayer"),
    ("keras", "DTypePolicy"),
    ("keras.metrics", "BinaryAccuracy"),
    ("builtins", "__tuple__"),
}
_NAMES = {name for _, name in _CLASSES}
_FUNCTIONS = {*ACTIVATIONS, *(cls.tag for cls in (*LOSSES, *METRICS) if cls is not Accuracy)}
_FUNCTION_MODULES = ("builtins", "keras.activations", "keras.losses", "keras.metrics")


def first_stranger(architecture: dict[str, Any]) -> str | None:
    """The first object in a model's description, but for the model itself, that is not in the schema; None is good.

    Whatever has a `class_name` is an object; an .h5 leaves its module out where Keras looks it up by itself.
    """
    module, registered = architecture.get("module"), architecture.get("registered_name")
    if module not in (None, "keras") or registered not in (None, "Sequential"):
        return f"{module}.{registered}"
    waiting: list[Any] = list(architecture.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            if "class_name" in value and not _is_known(value):
                return f"{value.get('module') or 'keras'}.{_called(value)}"
            waiting.extend(value.values())
    return None


def _is_known(value: dict[str, Any]) -> bool:
    name, module, registered = value["class_name"], value.get("module"), value.get("registered_name")
    if name == "function":
        function = value.get("config")
        known = _in(function, _FUNCTIONS) and _in(module, _FUNCTION_MODULES)
        return known and registered in (None, "function", function)
    known = _in(name, _NAMES) if module is None or name == "__tuple__" else _in((module, name), _CLASSES)
    return known and registered in (None, name)


def _in(value: Any, known: Iterable[Any]) -> bool:
    """Membership by comparison: what stands in a damaged file may not be hashable."""
    return value in list(known)


def _called(value: dict[str, Any]) -> str:
    return str(value["config"] if value["class_name"] == "function" else value["class_name"])[:80]
