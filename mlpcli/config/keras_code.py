"""Keras's Python in a config, as tutorials have it, and the YAML for it: `SGD(lr=0.1)` is `sgd: {learning_rate: 0.1}`.

The Python is parsed, never run.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from mlpcli.config.base import Component

LONGEST_CODE = 300
"""A longer text is no call of a tutorial; it is not parsed."""
_RENAMED = {"lr": "learning_rate", "l": "l2", "input_dim": "input_shape"}
"""Arguments of older versions of Keras."""
Classes = Iterable[type[BaseModel]]
"""The classes of the schema that may stand somewhere."""


def yaml_of_call(text: str, classes: Classes, fields_of: Callable[[Any], Classes]) -> str | None:
    """The YAML, on one line, of a call or a dotted name in Python; None if it is of none of the classes.

    fields_of: the classes of the schema in the annotation of a field, for calls within the call.

    A call that YAML cut off at a comma is taken as far as it goes, and ends with three dots.
    """
    call, whole = _parsed(text)
    if call is None:
        return None
    value = _value(call, classes, fields_of)
    if not isinstance(value, Mapping):
        return value if isinstance(value, str) and value != text else None
    written = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=math.inf, allow_unicode=True)
    written = written.strip()[1:-1]
    return written if whole else re.sub(r"\}$", ", ...}", written)


def _parsed(text: str) -> tuple[ast.expr | None, bool]:
    """The expression, and whether it is a whole one."""
    if len(text) > LONGEST_CODE or not re.match(r"[A-Za-z_][\w.]*\(|[A-Za-z_]\w*\.[\w.]*$", text):
        return None, True
    for end in ("", ")"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # such as of an escape in a text
                return ast.parse(text + end, mode="eval").body, not end
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None, True


def _value(node: ast.expr, classes: Classes, fields_of: Callable[[Any], Classes]) -> Any:
    """A component as a mapping or a name, or a plain value; None for what is neither."""
    name = _name(node.func if isinstance(node, ast.Call) else node)
    components = [cls for cls in classes if issubclass(cls, Component) and cls.tag]
    cls = next((cls for cls in components if name == cls.keras_class or cls.called(name)), None)
    if cls is None:
        return _literal(node)
    if not isinstance(node, ast.Call):
        return cls.tag
    names = _arguments(cls)
    given = [*zip(names, node.args, strict=False), *((word.arg or "", word.value) for word in node.keywords)]
    found = {}
    for word, value in given:
        key = word if word in names else _RENAMED.get(word, word)
        field = cls.model_fields.get(key)
        found[key] = _value(value, fields_of(field.annotation) if field is not None else (), fields_of)
    found.pop("from_logits", None)  # the last layer says it
    if list(found) == [cls.positional]:
        return {cls.tag: next(iter(found.values()))}
    return {cls.tag: found} if found else cls.tag


def _name(node: ast.expr) -> str:
    """The last part of a name: `SGD` of `keras.optimizers.SGD`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _arguments(cls: type[Component]) -> list[str]:
    """In Keras's order: the class's own first, but for optimizers their learning rate."""
    own = [name for name in cls.__annotations__ if name in cls.model_fields]
    first = ["learning_rate"] if "learning_rate" in cls.model_fields else []
    return list(dict.fromkeys([*first, *own, *(name for name in cls.model_fields if name != "name"), "name"]))


def _literal(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _name(node) or None
    return list(value) if isinstance(value, tuple) else value
