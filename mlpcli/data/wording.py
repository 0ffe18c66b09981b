"""Counts and names as the findings say them: one short line, fit for a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from mlpcli.config.suggestions import shown
from mlpcli.config.yaml_scalars import ScalarError, read_scalar

MOST_NAMES = 10
_PLAIN = re.compile(r"[^\W\d]([\w .()%/+-]*[\w.()%/+-])?")
"""Names that YAML takes without quotes, even in a list between brackets."""


def percent(part: int, whole: int) -> str:
    """A share in tenths of a percent, rounded down, so that only everything is 100 %."""
    tenths = 1000 * part // whole
    return "under 0.1 %" if part and not tenths else f"{tenths / 10:g} %"


def listed(names: Sequence[str]) -> str:
    """The first ten, as they are; `quoted` for names that a file brings."""
    return ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")


def quoted(names: Sequence[str]) -> str:
    """The first ten in quotation marks, without what a terminal would obey."""
    return listed([f'"{shown(name)}"' for name in names])


def plural(count: int, one: str, many: str) -> str:
    """`1 row`, `1,000 rows`."""
    return f"{count:,} {one if count == 1 else many}"


def yaml_list(names: Sequence[str]) -> str:
    """The names as a YAML list to be copied into a config, whole: [alive, "1st, 2nd"]."""
    return "[" + ", ".join(name if _stays_text(name) else _in_quotes(name) for name in names) + "]"


def first_notes(notes: Sequence[str]) -> list[str]:
    """The first ten notes, and how many there are more: ten thousand columns would fill the screen."""
    more = len(notes) - MOST_NAMES
    return [*notes[:MOST_NAMES], *([f"... and {plural(more, 'note', 'notes')} like these"] if more > 0 else [])]


def _in_quotes(name: str) -> str:
    """As JSON, which YAML reads, without what a terminal would obey."""
    return "".join(
        character if character.isprintable() else f"\\U{ord(character):08x}"
        for character in json.dumps(name, ensure_ascii=False)
    )


def _stays_text(name: str) -> bool:
    try:
        return _PLAIN.fullmatch(name) is not None and isinstance(read_scalar(name, plain=True), str)
    except ScalarError:
        return False
