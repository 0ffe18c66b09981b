"""Reads YAML strictly: YAML 1.2 scalars, no aliases or tags, no duplicate keys; every value keeps its line.

PyYAML alone reads `1e-3` as a string, `on` as true, `12:30` as 750, `012` as 10, and lets the last duplicate key win.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import yaml

from mlpcli.errors import ConfigError, Problem
from mlpcli.text import shown

LARGEST_FILE_BYTES = 1 << 20
DEEPEST_NESTING = 50
MOST_VALUES = 50_000
"""A limit on parsing time: a megabyte of short values would take ten seconds."""


def parse_yaml(text: str, file: str) -> Document:
    """Parse a config's text; problems that do not stop the reading are collected in the document.

    Raises:
        ConfigError: the text is not valid YAML, or is too large or too deeply nested for a config.

    >>> parse_yaml("training: {epochs: 5, optimizer: {adam: 1e-3}}", "a.yaml").value
    {'training': {'epochs': 5, 'optimizer': {'adam': 0.001}}}
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
    """PyYAML's composer, fed with events that have been checked; without a resolver, every scalar stays text."""

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
    """The events of the only document; aliases, tags and deep nesting are refused before they are expanded."""
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
        return "anchors and aliases (& and *) are not supported; write the value out"
    if getattr(event, "tag", None):
        return f"tags ({event.tag}) are not supported; write a plain value"
    if documents > 1:
        return "a second document (---) begins; a config is one document"
    if depth > DEEPEST_NESTING:
        return f"is nested deeper than {DEEPEST_NESTING} levels"
    if number > MOST_VALUES:
        return f"has more than {MOST_VALUES} values; a config has about a hundred"
    return ""


def _build(node: yaml.Node, path: KeyPath, document: Document) -> Any:
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


def _build_mapping(node: yaml.MappingNode, path: KeyPath, document: Document) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = place_of(key_node.start_mark)
        refusal = _key_refusal(key_node)
        key_path = path if refusal else (*path, key_node.value)
        if key_path in document.places and not refusal:
            refusal = f"duplicate key, already set in line {document.places[key_path][0]}; delete one"
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
        return "merge keys (<<) are not supported; write the values out"
    return "the key contains a control character; delete it" if FORBIDDEN_CHARACTER.search(node.value) else ""


LONGEST_NUMBER = 300
"""In digits: more than any float has, and few enough for int() to be fast."""
FORBIDDEN_CHARACTER = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of characters, which come from escapes only: no file name or title can hold them."""
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?\d+\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?\Z", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_ODD_NUMBER = re.compile(r"[-+]?(0\d+|0[oOxXbB][0-9a-fA-F_]+|\d[\d_]*_[\d_]*|\d+(:[0-5]?\d)+)\Z", re.ASCII)


class ScalarError(ValueError):
    """A scalar is ambiguous or not allowed; the message says what to write instead."""


def read_scalar(text: str, plain: bool) -> str | int | float | bool | None:
    """The value of a scalar; quoted and block text (not `plain`) stays text.

    Raises:
        ScalarError: it contains a forbidden character, or is an ambiguous or far too long number.
    """
    if FORBIDDEN_CHARACTER.search(text):
        raise ScalarError(f"contains the character {FORBIDDEN_CHARACTER.findall(text)[0]!r}; delete it")
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _ODD_NUMBER.match(text) or _FLOAT.match(text):
        return _read_number(text)
    if _NOT_FINITE.match(text):
        return float(text.replace(".", ""))
    return text


def _read_number(text: str) -> int | float:
    if len(text) > LONGEST_NUMBER:
        raise ScalarError(f"is a number of {len(text)} digits; shorten it")
    if _ODD_NUMBER.match(text):
        number = _plainly(text)
        raise ScalarError(f"`{text}` is read as different numbers by different programs; write {number}, or quote it")
    return int(text) if _INTEGER.match(text) else float(text)


def _plainly(text: str) -> str:
    """The decimal number that was most likely meant, as text."""
    digits = text.replace("_", "")
    try:
        return str(int(digits) if digits.lstrip("+-").isdigit() else int(digits, 0))
    except ValueError:
        return "a plain decimal number"


Place = tuple[int, int]
"""Line and column, from 1."""
LONGEST_LINE = 100


def place_of(mark: Any) -> Place:
    """Line and column of a PyYAML mark; (1, 1) for None."""
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def syntax_error(error: yaml.MarkedYAMLError, text: str) -> tuple[Place, str]:
    """The place of a syntax error, which may be far above where PyYAML noticed it, and a message with the line."""
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)  # what YAML takes for the end of a line
    mark, message = _explain(error, lines)
    place = place_of(mark)
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    return place, f"{message}\n{_with_caret(line, place[1] - 1)}"


def character_error(error: yaml.reader.ReaderError, text: str) -> tuple[Place, str]:
    """The place of a character that YAML forbids, and the message about it."""
    line_start = text.rfind("\n", 0, error.position) + 1
    place = (text.count("\n", 0, error.position) + 1, error.position - line_start + 1)
    return place, f"has the character {chr(error.character)!r}, which YAML forbids; delete it"


def _explain(error: yaml.MarkedYAMLError, lines: list[str]) -> tuple[Any, str]:
    """The PyYAML mark to point at, and the explanation."""
    problem, context = str(error.problem), str(error.context)
    mark = error.problem_mark or error.context_mark
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if r"\t" in problem or (mark is not None and line[: mark.column + 1].endswith("\t")):
        return mark, "a tab where YAML requires spaces; indent with spaces"
    if "quoted scalar" in context and "unexpected end" in problem:
        return error.context_mark, "this quote is never closed"
    if "unexpected document separator" in problem:
        return error.context_mark, "this quote is not closed before the document ends"
    if "parsing a flow" in context:
        return _explain_brackets(error, problem)
    if "could not find expected ':'" in problem:
        return error.context_mark, "is not of the form `key: value`; write a colon and a space after the key"
    if "mapping values are not allowed" in problem:
        if re.search(r":(\s|$)", line[: mark.column if mark else 0]):
            return mark, "a second `:` in one line; quote the value or start a new line"
        return mark, "unexpected `:`; is the `:` missing in the line above?"
    if "expected <block end>" in problem:
        if "scalar" in problem:
            return mark, "unexpected text after the end of a value; quote the whole value"
        return mark, "does not line up with the lines above; fix the indentation"
    if "cannot start any token" in problem:
        return mark, "a value must not begin with this character; quote the value"
    if "unknown escape character" in problem:
        return mark, "a backslash inside \"...\" begins an escape; use '...' quotes, or / in paths"
    return mark, f"is not YAML: {problem}" + (f" {error.context}" if error.context else "")


def _explain_brackets(error: yaml.MarkedYAMLError, problem: str) -> tuple[Any, str]:
    closing = "]" if "']'" in problem else "}"
    opening = {"]": "[", "}": "{"}[closing]
    if "stream end" in problem or "document" in problem:
        return error.context_mark, f"this `{opening}` is never closed"
    line, column = place_of(error.context_mark)
    return error.problem_mark, f"a `,` or `{closing}` is missing before this (`{opening}` opened at {line}:{column})"


def _with_caret(line: str, column: int) -> str:
    """The line (a long one cut around the column) with a caret below `column`; wide characters count as two."""
    start = max(0, column - LONGEST_LINE // 2) if len(line) > LONGEST_LINE else 0
    part = "".join(character if character.isprintable() else " " for character in line[start : start + LONGEST_LINE])
    before = part[: column - start]
    width = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in before)
    return f"    {part}\n    {' ' * width}^"


KeyPath = tuple[str | int, ...]


@dataclass
class Document:
    """A parsed config: plain values, and by path the line and column (from 1) of each key and list entry."""

    file: str
    value: Any = None
    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[KeyPath] = field(default_factory=set)
    """Paths of values that were refused; their value is None."""
    overrides: dict[KeyPath, str] = field(default_factory=dict)
    """The -s overrides by the path they set, in the order typed."""
    replaced: dict[KeyPath, Any] = field(default_factory=dict)
    """The file's values that overrides replaced, by path; None if the file had no such key."""

    def problem(self, place: Place, key: str, message: str) -> Problem:
        """A problem at this place of the file."""
        return Problem(*place, key, message, self.file)

    def problem_at(self, path: KeyPath, message: str) -> Problem:
        """A problem with the value at `path`, located at the override that set it or else at the nearest key."""
        override = self._override_of(path)
        if override:
            return Problem(0, 0, show_path(path), message, override)
        lengths = range(len(path), -1, -1)
        place = next((self.places[path[:length]] for length in lengths if path[:length] in self.places), (1, 1))
        return self.problem(place, show_path(path), message)

    def _override_of(self, path: KeyPath) -> str | None:
        """The override that set `path` or something above it; or something below, if the file lacks the key."""
        for set_path, text in reversed(self.overrides.items()):
            covers = path[: len(set_path)] == set_path
            if covers or (path not in self.places and set_path[: len(path)] == path):
                return text
        return None


def show_path(path: KeyPath) -> str:
    """`model.layers[2].dense` for ("model", "layers", 2, "dense")."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text
