"""Keras's way of writing an object down, in any of its versions, to the schema's component for it.

Every argument must be one that the schema knows, within the schema's limits, or one of those that change nothing here;
an unknown one that is null or false is an option of another version that was not taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from mlpcli.artifacts.printable import printable
from mlpcli.config.base import Component
from mlpcli.config.initializers import INITIALIZERS
from mlpcli.config.names import ACTIVATIONS
from mlpcli.config.regularizers import CONSTRAINTS, REGULARIZERS
from mlpcli.model.vocabulary import class_word

Made = TypeVar("Made", bound=Component)

FAMILIES: dict[str, tuple[type[Component], ...]] = {
    "initializer": INITIALIZERS,
    "regularizer": REGULARIZERS,
    "constraint": CONSTRAINTS,
}
"""What the last word of an argument's name says of its value."""

IRRELEVANT = frozenset((
    "seed", "dtype", "name", "noise_shape", "input_axes", "output_axes", "renorm_momentum", "renorm_clipping",
    "synchronized", "jit_compile", "is_legacy_optimizer", "fn",
))  # fmt: skip
"""Arguments for training, for other devices, or that say again what is known: they do not change a prediction."""

_OTHER_NAMES = {"OrthogonalInitializer": "Orthogonal", "IdentityInitializer": "Identity", "L1L2": "L1L2"}


class ArgumentError(ValueError):
    """An argument in a model's description cannot be followed; the text says which."""


def make(cls: type[Made], config: Mapping[str, Any], more: Iterable[str] = ()) -> Made:
    """The component of class `cls` that `config`, Keras's own, describes.

    Args:
        cls: a class of the schema.
        config: argument to value, as JSON.
        more: arguments beside the schema's that the caller has looked at.

    Raises:
        ArgumentError: an argument is unknown, or outside the schema's limits.
    """
    fields, arguments, known = cls.model_fields, {}, {*more, *IRRELEVANT}
    for key, given in config.items():
        value = plain(given)
        if key in fields and not (key == "name" and cls.family == "layers"):
            arguments[key] = argument(key, value)
        elif key.endswith(tuple(FAMILIES)):
            argument(key, value)
        elif key not in known and value not in (None, False):
            raise ArgumentError(f"its argument {printable(key)} is not known here; a newer mlpcli may know it")
    try:
        return cls.model_validate(arguments)
    except ValidationError as error:
        raise ArgumentError(_reason(error)) from error


def argument(key: str, value: Any) -> Any:
    """The schema's value for Keras's: objects become components, functions their names."""
    family = key.rsplit("_", 1)[-1]
    if family in FAMILIES and value is not None:
        return component(FAMILIES[family], value, key)
    if key == "activation":
        return function_name(value, key)
    if key == "axis" and isinstance(value, list) and len(value) <= 1:
        return value[0] if value else None
    return value


def component(classes: Iterable[type[Component]], value: Any, key: str) -> Component:
    """One of `classes`, from its name alone or from {"class_name": ..., "config": {...}}.

    Raises:
        ArgumentError: it is none of them.
    """
    cls, config = find(classes, value)
    if cls is None:
        raise ArgumentError(f"its {key} is not known here")
    return make(cls, config)


def find(classes: Iterable[type[Component]], value: Any) -> tuple[type[Component] | None, Mapping[str, Any]]:
    """The class that an object names, by Keras's class name or the schema's tag, and its arguments."""
    name, config = (class_word(value), value.get("config")) if isinstance(value, dict) else (value, {})
    if name == "function":
        name, config = config, {}
    name = _OTHER_NAMES.get(name, name) if isinstance(name, str) else None
    found = [cls for cls in classes if name is not None and (cls.keras_class == name or cls.called(name))]
    return (found[0] if found else None), (config if isinstance(config, dict) else {})


def function_name(value: Any, key: str) -> str | None:
    """The name of an activation, from itself or from the function object that newer versions write.

    Raises:
        ArgumentError: it is no activation of the schema, a layer in place of one for example.
    """
    name = value.get("config") if isinstance(value, dict) and value.get("class_name") == "function" else value
    if name is None or (isinstance(name, str) and name in ACTIVATIONS):
        return name
    raise ArgumentError(f"its {key} is no activation that is known here; a layer in its place stands better after it")


def plain(value: Any) -> Any:
    """Lists for the tuples and arrays that Keras writes as objects."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        return value.get("items")
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        config = value.get("config")
        return config.get("value") if isinstance(config, dict) else None
    return value


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:80]
    return f"{place}: {first['msg'].lower()}"
