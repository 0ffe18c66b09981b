"""YAML as people mean it: YAML 1.2 scalars, no aliases or tags, no duplicate keys; every value knows its place.

PyYAML alone reads `1e-3` as a string, `on` as true, `12:30` as 750, `012` as 10, and lets the last duplicate key win.
"""

from __future__ import annotations

import math
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import yaml

from mlpcli.errors import ConfigError, Problem

LARGEST_FILE_BYTES = 1 << 20
DEEPEST_NESTING = 50
_FLOAT = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?\Z", re.ASCII)
_INTEGER = re.compile(r"[-+]?\d{1,300}\Z", re.ASCII)
_ODD_NUMBER = re.compile(r"[-+]?(0\d+|0[oOxXbB][0-9a-fA-F_]+|\d[\d_]*_[\d_]*|\d+:[0-5]?\d(:[0-5]?\d)*)\Z", re.ASCII)

Path = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass
class Document:
    """A parsed file: plain values, and the line and column (from 1) of each key or list entry, by its path."""

    file: str
    value: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    overrides: dict[Path, str] = field(default_factory=dict)

    def problem(self, place: Place, key: str, message: str) -> Problem:
        """A problem of this file at a place."""
        return Problem(*place, key, message, self.file)

    def problem_at(self, path: Path, message: str) -> Problem:
        """A problem of the value at `path`: placed at its key, at the nearest one above it, or at the override that set it."""
        if path not in self.places:
            setters = [text for set_path, text in self.overrides.items() if set_path[: len(path)] == path]
            if setters:
                return Problem(0, 0, show_path(path), message, setters[0])
        for length in range(len(path), -1, -1):
            if path[:length] in self.overrides:
                return Problem(0, 0, show_path(path), message, self.overrides[path[:length]])
            if path[:length] in self.places:
                return self.problem(self.places[path[:length]], show_path(path), message)
        return self.problem((1, 1), show_path(path), message)


def parse_yaml(text: str, file: str) -> Document:
    """Parse a config's text; problems that do not stop the reading are collected in the document.

    Raises:
        ConfigError: the text is no YAML, or is too large or too deep to be a config.
    """
    document = Document(file)
    if len(text.encode("utf-8", "replace")) > LARGEST_FILE_BYTES:
        raise ConfigError([document.problem((1, 1), "", "is larger than 1 MiB; a config is a few kilobytes")])
    try:
        events = _checked_events(text, document)
        node = yaml.composer.Composer.compose_document(_Replay(events)) if events else None
    except yaml.MarkedYAMLError as error:
        raise ConfigError([document.problem(_place(error.problem_mark), "", _syntax_message(error, text))]) from error
    except yaml.reader.ReaderError as error:
        place = (text.count("\n", 0, error.position) + 1, 1)
        raise ConfigError([document.problem(place, "", f"has the character {chr(error.character)!r}, which YAML forbids; delete it")]) from error
    if node is not None:
        document.value = _build(node, (), document)
    return document


class _Replay(yaml.composer.Composer, yaml.resolver.BaseResolver):
    """PyYAML's composer over events that have been checked already; with no resolver every scalar stays text."""

    def __init__(self, events: list[Any]) -> None:
        yaml.composer.Composer.__init__(self)  # type: ignore[no-untyped-call]
        yaml.resolver.BaseResolver.__init__(self)  # type: ignore[no-untyped-call]
        self._events = deque(events)

    def get_event(self) -> Any:
        return self._events.popleft()

    def peek_event(self) -> Any:
        return self._events[0]

    def check_event(self, *kinds: type) -> bool:
        return bool(self._events) and isinstance(self._events[0], kinds)


def _checked_events(text: str, document: Document) -> list[Any]:
    """The events of the one document; what could be harmful is refused where it is first seen, before it is expanded."""
    depth, events = 0, []
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError([document.problem(place, "", "anchors and aliases (& and *) are not read; write the value out")])
        if getattr(event, "tag", None):
            raise ConfigError([document.problem(place, "", f"tags ({event.tag}) are not read; write a plain value")])
        if isinstance(event, yaml.DocumentStartEvent) and any(isinstance(seen, yaml.DocumentEndEvent) for seen in events):
            raise ConfigError([document.problem(place, "", "a second document (---) begins; a config is one document")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_NESTING:
            raise ConfigError([document.problem(place, "", f"is nested deeper than {DEEPEST_NESTING} levels")])
        events.append(event)
    has_document = any(isinstance(event, yaml.DocumentStartEvent) for event in events)
    return [event for event in events if not isinstance(event, yaml.StreamStartEvent)] if has_document else []


def _build(node: yaml.Node, path: Path, document: Document) -> Any:
    document.places.setdefault(path, _place(node.start_mark))
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, index), document) for index, child in enumerate(node.value)]
    return _scalar(node, path, document)


def _build_mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[Any, Any]:
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        place = _place(key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            document.problems.append(document.problem(place, show_path(path), "a key must be a word, not a list or mapping"))
            continue
        key = key_node.value
        if key in mapping:
            first = document.places[(*path, key)][0]
            message = f"duplicate key; it stands in line {first} already; delete one"
            document.problems.append(document.problem(place, show_path((*path, key)), message))
            continue
        if key == "<<":
            document.problems.append(document.problem(place, show_path(path), "merge keys (<<) are not read; write the values out"))
            continue
        document.places[(*path, key)] = place
        mapping[key] = _build(value_node, (*path, key), document)
    return mapping


def _scalar(node: yaml.ScalarNode, path: Path, document: Document) -> Any:
    """YAML 1.2's core schema, but for spellings of numbers that two readers would read differently: these are refused."""
    text = node.value
    if node.style is not None:  # quoted or block text
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _ODD_NUMBER.match(text):
        place, key = _place(node.start_mark), show_path(path)
        message = f"`{text}` is read as different numbers by different programs; write a plain decimal number, or quote it"
        document.problems.append(document.problem(place, key, message))
        return None
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text) if len(text) < 400 else math.inf
    if text.lower().lstrip("+-") in (".inf", ".nan"):
        return float(text.lower().replace(".", ""))
    return text


def show_path(path: Path) -> str:
    """`model.layers[2].dense` for ("model", "layers", 2, "dense")."""
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else str(part)
    return shown


def _place(mark: Any) -> Place:
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _syntax_message(error: yaml.MarkedYAMLError, text: str) -> str:
    mark, lines = error.problem_mark, text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if "\\t" in str(error.problem) or line[: mark.column + 1].endswith("\t"):
        return "a tab stands where YAML wants spaces; indent with spaces"
    hint = {"mapping values are not allowed here": "a second `:` in one line; quote the value or start a new line"}
    what = hint.get(str(error.problem), str(error.problem))
    context = f" {error.context}" if error.context else ""
    return f"is not YAML: {what}{context}\n    {line}\n    {' ' * mark.column}^"
