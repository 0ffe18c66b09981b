"""The objects that a model file may name: those of the schema. Keras builds all that is named; others are refused."""

from __future__ import annotations

from typing import Any

from mlpcli.config.base import Component
from mlpcli.config.initializers import INITIALIZERS
from mlpcli.config.layers import ACTIVATIONS, LAYERS
from mlpcli.config.losses import LOSSES, LOSSES_LEFT_OUT
from mlpcli.config.metrics import KERAS_METRICS, METRICS_LEFT_OUT, Accuracy
from mlpcli.config.optimizers import OPTIMIZERS, OPTIMIZERS_LEFT_OUT
from mlpcli.config.regularizers import CONSTRAINTS, REGULARIZERS
from mlpcli.config.schedules import SCHEDULES
from mlpcli.model.members import MEMBER_LAYERS
from mlpcli.text import printable

_COMPONENTS: tuple[type[Component], ...] = (
    *LAYERS, *MEMBER_LAYERS, *INITIALIZERS, *REGULARIZERS, *CONSTRAINTS, *LOSSES, *KERAS_METRICS, *OPTIMIZERS,
    *SCHEDULES,
)  # fmt: skip
_POLICIES = ("DTypePolicy", "FloatDTypePolicy", "Policy")
_VALUES = ("__tuple__", "__numpy__", "__keras_tensor__")
"""Ways of writing a value, rather than objects."""
_CLASSES = {(f"keras.{cls.family}", cls.keras_class) for cls in _COMPONENTS} | {
    ("keras.layers", "Normalization"),
    ("keras.layers", "InputLayer"),
    ("keras.metrics", "BinaryAccuracy"),
    *(("keras", name) for name in _POLICIES),
    *(("keras.dtype_policies", name) for name in _POLICIES),
    *(("keras.mixed_precision", name) for name in _POLICIES),
}
_NAMES = {name for _, name in _CLASSES}
_FUNCTIONS = {*ACTIVATIONS, *(cls.tag for cls in (*LOSSES, *KERAS_METRICS) if cls is not Accuracy)}
_FUNCTION_MODULES = ("builtins", "keras.activations", "keras.losses", "keras.metrics", "keras")
_UNUSED = {tag.replace("_", "") for tag in (*LOSSES_LEFT_OUT, *METRICS_LEFT_OUT, *OPTIMIZERS_LEFT_OUT)}
"""Keras's losses, metrics and optimizers that mlpcli does not build: a model compiled with one still predicts."""
_COMPILED_WITH = (None, "keras.losses", "keras.metrics", "keras.optimizers")
MODEL_MODULES = {
    "Sequential": ("keras", "keras.models", "keras.src.models.sequential", "tf_keras.src.engine.sequential"),
    "Functional": (
        "keras", "keras.models", "keras.src.models.functional", "keras.src.engine.functional",
        "keras.engine.functional", "tf_keras.src.engine.functional",
    ),
}  # fmt: skip
"""The modules that versions of Keras name for Sequential and Functional models."""


def first_stranger(architecture: dict[str, Any]) -> str | None:
    """The first object in a model's description, but for the model itself, that is not in the schema; or None.

    Whatever has a `class_name` is an object; an .h5 leaves its module out where Keras looks it up by itself.
    """
    name = "Functional" if architecture.get("class_name") in ("Functional", "Model") else "Sequential"
    module, registered = architecture.get("module"), architecture.get("registered_name")
    if (module is not None and not _in(module, MODEL_MODULES[name])) or not _in(registered, (None, name)):
        return f"{printable(module)}.{printable(registered)}"
    compiled = [architecture.get(key) for key in ("compile_config", "training_config")]
    rest = [value for key, value in architecture.items() if key not in ("compile_config", "training_config")]
    return _stranger(rest, compiled=False) or _stranger(compiled, compiled=True)


def class_word(value: dict[str, Any]) -> Any:
    """The name of an object's class; Keras 2 writes its own optimizers as Custom>Adam."""
    name = value.get("class_name")
    return name.removeprefix("Custom>") if isinstance(name, str) and value.get("module") is None else name


def _stranger(values: list[Any], compiled: bool) -> str | None:
    waiting = values
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            if "class_name" in value and not (_is_known(value) or (compiled and _is_unused(value))):
                return f"{printable(value.get('module') or 'keras')}.{_called(value)}"
            waiting.extend(value.values())
    return None


def _is_known(value: dict[str, Any]) -> bool:
    name, module, registered = class_word(value), value.get("module"), value.get("registered_name")
    if name == "function":
        function = value.get("config")
        known = _in(function, _FUNCTIONS) and _in(module, _FUNCTION_MODULES)
        return known and _in(registered, (None, "function", function))
    known = _in(name, _VALUES) or (_in(name, _NAMES) if module is None else _in((module, name), _CLASSES))
    return known and _in(registered, (None, name))


def _is_unused(value: dict[str, Any]) -> bool:
    name, module = class_word(value), value.get("module")
    plain = isinstance(name, str) and value.get("registered_name") in (None, name) and _in(module, _COMPILED_WITH)
    return plain and name.replace("_", "").lower() in _UNUSED


def _in(value: Any, known: Any) -> bool:
    """Membership of a value that may not be hashable, since a damaged file can hold anything."""
    try:
        return value in known
    except TypeError:
        return False


def _called(value: dict[str, Any]) -> str:
    return printable(value.get("config") if value["class_name"] == "function" else value["class_name"])
