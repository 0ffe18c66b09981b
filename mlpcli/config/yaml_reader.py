"""YAML as people mean it: YAML 1.2 scalars, no aliases or tags, no duplicate keys; every value knows its place.

PyYAML alone reads `1e-3` as a string, `on` as true, `12:30` as 750, `012` as 10, and lets the last duplicate key win.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import yaml

from mlpcli.config.document import Document, Path, show_path
from mlpcli.config.yaml_errors import character_error, place_of, syntax_error
from mlpcli.config.yaml_scalars import FORBIDDEN_CHARACTER, ScalarError, read_scalar
from mlpcli.errors import ConfigError

LARGEST_FILE_BYTES = 1 << 20
DEEPEST_NESTING = 50
MOST_VALUES = 50_000
"""Parsing goes value by value: a megabyte of them would take ten seconds."""


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
        place, message = syntax_error(error, text)
        raise ConfigError([document.problem(place, "", message)]) from error
    except yaml.reader.ReaderError as error:
        place, message = character_error(error, text)
        raise ConfigError([document.problem(place, "", message)]) from error
    except (ValueError, OverflowError) as error:  # PyYAML's answer to "\UFFFFFFFF"
        message = r"has an escape (\U...) for a character that does not exist"
        raise ConfigError([document.problem((1, 1), "", message)]) from error
    if node is not None:
        document.value = _build(node, (), document)
    return document


class _Replay(yaml.composer.Composer, yaml.resolver.BaseResolver):
    """PyYAML's composer over events that have been checked already; with no resolver every scalar stays text."""

    def __init__(self, events: list[Any]) -> None:
        yaml.composer.Composer.__init__(self)
        yaml.resolver.BaseResolver.__init__(self)
        self._events = deque(events)

    def get_event(self) -> Any:
        return self._events.popleft()

    def peek_event(self) -> Any:
        return self._events[0]

    def check_event(self, *kinds: type) -> bool:
        return bool(self._events) and isinstance(self._events[0], kinds)


def _checked_events(text: str, document: Document) -> list[Any]:
    """The events of the one document; what could be harmful is refused where it is first seen, unexpanded."""
    events: list[Any] = []
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        refusal = _refusal(event, depth, documents, len(events))
        if refusal:
            raise ConfigError([document.problem(place_of(event.start_mark), "", refusal)])
        events.append(event)
    return events[1:] if documents else []  # without the start of the stream


def _refusal(event: Any, depth: int, documents: int, number: int) -> str:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "anchors and aliases (& and *) are not read; write the value out"
    if getattr(event, "tag", None):
        return f"tags ({event.tag}) are not read; write a plain value"
    if documents > 1:
        return "a second document (---) begins; a config is one document"
    if depth > DEEPEST_NESTING:
        return f"is nested deeper than {DEEPEST_NESTING} levels"
    if number > MOST_VALUES:
        return f"holds more than {MOST_VALUES} values; a config has a hundred"
    return ""


def _build(node: yaml.Node, path: Path, document: Document) -> Any:
    document.places.setdefault(path, place_of(node.start_mark))
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, index), document) for index, child in enumerate(node.value)]
    try:
        return read_scalar(node.value, plain=getattr(node, "style", None) is None)
    except ScalarError as error:
        document.unreadable.add(path)
        document.problems.append(document.problem(place_of(node.start_mark), show_path(path), str(error)))
        return None


def _build_mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = place_of(key_node.start_mark)
        refusal = _key_refusal(key_node)
        key_path = path if refusal else (*path, key_node.value)
        if key_path in document.places and not refusal:
            refusal = f"duplicate key; it stands in line {document.places[key_path][0]} already; delete one"
        if refusal:
            document.problems.append(document.problem(place, show_path(key_path), refusal))
            continue
        document.places[key_path] = place
        mapping[key_node.value] = _build(value_node, key_path, document)
    return mapping


def _key_refusal(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        return "a key must be a word, not a list or mapping"
    if node.value == "<<" and node.style is None:
        return "merge keys (<<) are not read; write the values out"
    return "a key holds a control character; delete it" if FORBIDDEN_CHARACTER.search(node.value) else ""
