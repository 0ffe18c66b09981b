"""The names of a table's columns: from its first line, each once."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

from mlpcli.errors import DataError

MOST_COLUMNS = 100_000
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?")
MOST_NAMED = 5


def header_names(lines: list[str], separator: str, place: str) -> tuple[tuple[str, ...], list[str]]:
    """The names in the header, and notes on what was done to them.

    Blanks around a name do not belong to it; a column without a name is called "column 3", by its position.

    Args:
        lines: the header's lines (more than one where a quoted name holds line ends).
        separator: between the names.
        place: `people.csv:1`, for messages.

    Raises:
        DataError: the line holds numbers instead of names, a name twice, or too many columns.
    """
    try:
        written = next(csv.reader(lines, delimiter=separator))
    except csv.Error as error:
        raise DataError(
            f"{place}: the line of column names cannot be read: {error}; write one short name a column"
        ) from error
    names = [" ".join(name.split()) for name in written]
    check_count(len(names), place)
    numbers = [name for name in names if NUMBER.fullmatch(name)]
    filled = [name for name in names if name]
    if filled and (len(numbers) == len(filled) or any(DECIMAL.fullmatch(name) for name in names)):
        raise DataError(
            f"{place}: the first line holds numbers ({_some(numbers)}), not names; add a line of column names above it"
        )
    unnamed = [position for position, name in enumerate(names, 1) if not name]
    names = [name or f"column {position}" for position, name in enumerate(names, 1)]
    check_names(names, place, ", or, if this line is data, add a line of names above it" if numbers else "")
    notes = [f"{place}: columns without a name are called by their position: {_some(f'column {at}' for at in unnamed)}"]
    numeric = [
        f"{place}: some column names are numbers ({_some(numbers)}); if this line is data, add a line of names above it"
    ]
    return tuple(names), [*(notes if unnamed else []), *(numeric if numbers else [])]


def check_count(columns: int, place: str) -> None:
    """Refuse more columns than can be handled in reasonable time."""
    if columns > MOST_COLUMNS:
        raise DataError(f"{place}: has {columns:,} columns; at most {MOST_COLUMNS:,} are read: leave some out")


def check_names(names: Sequence[str], place: str, or_else: str = "") -> None:
    """Refuse names that stand more than once; `or_else` goes to the end of the advice."""
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise DataError(
            f"{place}: column names that stand more than once: {_some(doubled)}; rename or remove columns{or_else}"
        )


def _some(names: object) -> str:
    listed = [f'"{name[:40]}"' for name in names]  # type: ignore[attr-defined]
    more = len(listed) - MOST_NAMED
    return ", ".join(listed[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
