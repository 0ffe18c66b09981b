"""`-s key=value`, and other keys and values that are put into a parsed config."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from mlpcli.config.sweep import Parameter
from mlpcli.config.yaml_reader import DEEPEST_NESTING, Document, KeyPath, parse_yaml
from mlpcli.errors import ConfigError, Problem
from mlpcli.text import one_line

_PARAMETERS = "sweep.parameters."
_PART = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)\Z")


def apply_override(document: Document, override: str) -> None:
    """Set the value that `override` ("training.epochs=5"; split at the first `=`, the value is YAML) names.

    Raises:
        ConfigError: the `=` is missing, the key is malformed, or the value is not valid YAML.
    """
    key, equals, text = override.partition("=")
    place = f"-s {one_line(override)}"
    if not equals:
        raise ConfigError([Problem(0, 0, "", "expected key=value, such as -s training.epochs=5", place)])
    set_value(document, key.strip(), _value(key.strip(), text, place), place)


def set_value(document: Document, key: str, value: Any, place: str) -> None:
    """Set the value of a dotted key; `place` is where it was given, for messages.

    Raises:
        ConfigError: the key is malformed, or cannot be set where it is.
    """
    path = _split_key(key, place)
    if document.value is None:
        document.value = {}
    if isinstance(document.value, dict):  # anything else is refused when the whole config is checked
        before = _stood_at(document.value, path)
        _set(document.value, path, value, place)
        document.replaced.setdefault(path, before)
        document.overrides.pop(path, None)
        document.overrides[path] = place


def _value(key: str, text: str, place: str) -> Any:
    try:
        parsed = parse_yaml(text, place)
        problems = parsed.problems
    except ConfigError as error:
        problems = error.problems
    if problems:
        raise ConfigError([Problem(0, 0, key, problem.message, place) for problem in problems])
    return parsed.value


def _split_key(key: str, place: str) -> KeyPath:
    """The path of a dotted key; the parameters of a sweep are dotted keys themselves."""
    if key.startswith(_PARAMETERS) and key != _PARAMETERS:
        name, dot, last = key.removeprefix(_PARAMETERS).rpartition(".")
        inside = bool(dot) and last in Parameter.model_fields
        return ("sweep", "parameters", *((name, last) if inside else (key.removeprefix(_PARAMETERS),)))
    path: list[str | int] = []
    for part in key.split("."):
        match = _PART.match(part)
        if match is None:
            raise ConfigError([Problem(0, 0, "", f'invalid key "{key}"; write section.key or section.list[0]', place)])
        path.append(match[1])
        path.extend(int(index) for index in re.findall(r"\d+", match[2]))
    if len(path) > DEEPEST_NESTING:
        raise ConfigError([Problem(0, 0, "", f"is nested deeper than {DEEPEST_NESTING} levels", place)])
    return tuple(path)


def _stood_at(value: Any, path: KeyPath) -> Any:
    """The value at `path`; None if there is none."""
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _set(value: Any, path: KeyPath, new: Any, place: str) -> None:
    """Set the value at `path`, adding mappings on the way; a name (`sgd`) that gets arguments becomes a mapping."""
    for part, following in pairwise(path):
        value = _child(value, part, following, place)
    last = path[-1]
    if isinstance(value, list) and not (isinstance(last, int) and last < len(value)):
        raise ConfigError([Problem(0, 0, "", f"the list has {len(value)} entries, counted from [0]", place)])
    if isinstance(last, int) and not isinstance(value, list):
        raise ConfigError([Problem(0, 0, "", "this is not a list, so it has no entries to set", place)])
    value[last] = new


def _child(value: Any, part: str | int, following: str | int, place: str) -> Any:
    if isinstance(value, list):
        if not (isinstance(part, int) and part < len(value)):
            raise ConfigError([Problem(0, 0, "", f"the list has {len(value)} entries, counted from [0]", place)])
        child = value[part]
    elif isinstance(part, int):
        raise ConfigError([Problem(0, 0, "", "this is not a list, so it has no entries to set", place)])
    else:
        child = value.get(part)
    if isinstance(child, str) and isinstance(following, str):
        child = {child: None} if child == following else {"name": child}
    elif not isinstance(child, (dict, list)):
        child = {}
    value[part] = child
    return child
