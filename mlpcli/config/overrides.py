"""`-s key=value` on the command line: sets one value of a config before it is checked."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from mlpcli.config.document import Document, Path
from mlpcli.config.yaml_reader import DEEPEST_NESTING, parse_yaml
from mlpcli.errors import ConfigError, Problem

_PART = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)\Z")


def apply_override(document: Document, override: str) -> None:
    """Set the value that `override` ("training.epochs=5"; split at the first `=`, the value is YAML) names.

    Raises:
        ConfigError: there is no `=`, the key is malformed, or the value is no YAML.
    """
    key, equals, text = override.partition("=")
    place = f"-s {override}"
    if not equals:
        raise ConfigError([Problem(0, 0, "", "needs the form key=value, such as -s training.epochs=5", place)])
    path = _split_key(key.strip(), place)
    value = _value(key.strip(), text, place)
    if document.value is None:
        document.value = {}
    if isinstance(document.value, dict):  # what else it may be is refused when the whole is checked
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


def _split_key(key: str, place: str) -> Path:
    path: list[str | int] = []
    for part in key.split("."):
        match = _PART.match(part)
        if match is None:
            raise ConfigError([Problem(0, 0, "", f'"{key}" is no key; write section.key, or section.list[0]', place)])
        path.append(match[1])
        path.extend(int(index) for index in re.findall(r"\d+", match[2]))
    if len(path) > DEEPEST_NESTING:
        raise ConfigError([Problem(0, 0, "", f"is nested deeper than {DEEPEST_NESTING} levels", place)])
    return tuple(path)


def _stood_at(value: Any, path: Path) -> Any:
    """The value at `path`; None where there is none."""
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _set(value: Any, path: Path, new: Any, place: str) -> None:
    """Walk down `path`, making mappings on the way; a name (`sgd`) that gets arguments becomes a mapping with it."""
    for part, following in pairwise(path):
        value = _child(value, part, following, place)
    last = path[-1]
    if isinstance(value, list) and not (isinstance(last, int) and last < len(value)):
        raise ConfigError([Problem(0, 0, "", f"the list has {len(value)} entries, counted from [0]", place)])
    if isinstance(last, int) and not isinstance(value, list):
        raise ConfigError([Problem(0, 0, "", "there is no list to take an entry of", place)])
    value[last] = new


def _child(value: Any, part: str | int, following: str | int, place: str) -> Any:
    if isinstance(value, list):
        if not (isinstance(part, int) and part < len(value)):
            raise ConfigError([Problem(0, 0, "", f"the list has {len(value)} entries, counted from [0]", place)])
        child = value[part]
    elif isinstance(part, int):
        raise ConfigError([Problem(0, 0, "", "there is no list to take an entry of", place)])
    else:
        child = value.get(part)
    if isinstance(child, str) and isinstance(following, str):
        child = {child: None} if child == following else {"name": child}
    elif not isinstance(child, (dict, list)):
        child = {}
    value[part] = child
    return child
