"""PyYAML's syntax errors in plain words, with the line and a caret below the place."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import yaml

Place = tuple[int, int]
"""Line and column, from 1."""

LONGEST_LINE = 100


def place_of(mark: Any) -> Place:
    """The place of one of PyYAML's marks."""
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def syntax_error(error: yaml.MarkedYAMLError, text: str) -> tuple[Place, str]:
    """Where the mistake is, which may be long before PyYAML noticed it, and what it is."""
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)  # what YAML takes for the end of a line
    mark, message = _explain(error, lines)
    place = place_of(mark)
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    return place, f"{message}\n{_with_caret(line, place[1] - 1)}"


def character_error(error: yaml.reader.ReaderError, text: str) -> tuple[Place, str]:
    """The place of a character that no YAML file may hold."""
    line_start = text.rfind("\n", 0, error.position) + 1
    place = (text.count("\n", 0, error.position) + 1, error.position - line_start + 1)
    return place, f"has the character {chr(error.character)!r}, which YAML forbids; delete it"


def _explain(error: yaml.MarkedYAMLError, lines: list[str]) -> tuple[Any, str]:
    """The mark to point at, and the explanation."""
    problem, context = str(error.problem), str(error.context)
    mark = error.problem_mark or error.context_mark
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if r"\t" in problem or (mark is not None and line[: mark.column + 1].endswith("\t")):
        return mark, "a tab stands where YAML wants spaces; indent with spaces"
    if "quoted scalar" in context and "unexpected end" in problem:
        return error.context_mark, "this quote is never closed"
    if "unexpected document separator" in problem:
        return error.context_mark, "this quote is not closed before the document ends"
    if "parsing a flow" in context:
        return _explain_brackets(error, problem)
    if "could not find expected ':'" in problem:
        return error.context_mark, "is no `key: value`; a key needs a colon and a space after it"
    if "mapping values are not allowed" in problem:
        if re.search(r":(\s|$)", line[: mark.column if mark else 0]):
            return mark, "a second `:` in one line; quote the value or start a new line"
        return mark, "a `:` is not expected here; does the line above lack its own?"
    if "expected <block end>" in problem:
        if "scalar" in problem:
            return mark, "something follows a value that has ended; quote the whole value"
        return mark, "does not line up with the lines above; indent it as its neighbours"
    if "cannot start any token" in problem:
        return mark, "no value may begin with this character; quote the value"
    if "unknown escape character" in problem:
        return mark, "a backslash within \"...\" begins an escape; use '...' quotes, or / in paths"
    return mark, f"is not YAML: {problem}" + (f" {error.context}" if error.context else "")


def _explain_brackets(error: yaml.MarkedYAMLError, problem: str) -> tuple[Any, str]:
    closing = "]" if "']'" in problem else "}"
    opening = {"]": "[", "}": "{"}[closing]
    if "stream end" in problem or "document" in problem:
        return error.context_mark, f"this `{opening}` is never closed"
    line, column = place_of(error.context_mark)
    return error.problem_mark, f"a `,` or `{closing}` is missing before this (`{opening}` opened at {line}:{column})"


def _with_caret(line: str, column: int) -> str:
    """The line, cut around the column where it is long, and a caret below; wide letters take two places."""
    start = max(0, column - LONGEST_LINE // 2) if len(line) > LONGEST_LINE else 0
    part = "".join(character if character.isprintable() else " " for character in line[start : start + LONGEST_LINE])
    before = part[: column - start]
    width = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in before)
    return f"    {part}\n    {' ' * width}^"
