"""The line of column names in a CSV: what the names are, and whether the line holds names at all."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from mlpcli.errors import DataError
from mlpcli.tables.raw_table import _some, check_count, check_names
from mlpcli.text import clean_text

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?")
WHOLE = re.compile(r"[0-9]{1,9}")
FEWEST_COUNTED = 3
YEARS = range(1900, 2101)
Rows = Sequence[Sequence[str]]


def header_names(lines: list[str], delimiter: str, place: str, rows: Rows, told: bool) -> tuple[list[str], list[str]]:
    """The names in the header, and notes on what was done to them.

    Blanks around a name do not belong to it; a column without a name is named "column 3", by its position.

    Args:
        lines: the header's lines (more than one where a quoted name holds line ends).
        delimiter: between the names.
        place: `people.csv:1`, for messages.
        rows: the first rows beneath, as texts. told: data.header says that these are names.

    Raises:
        DataError: the line holds numbers instead of names, a name twice, or too many columns.
    """
    try:
        written = next(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise DataError(
            f"{place}: the line of column names cannot be read: {error}; write one short name per column"
        ) from error
    names = [clean_text(name) for name in written]
    check_count(len(names), place)
    numbers = [name for name in names if NUMBER.fullmatch(name)]
    counted = told or is_numbered(names, rows)
    if not counted and numbers_alone(names, rows):
        raise DataError(
            f"{place}: the first line holds numbers ({_some(numbers)}), not names; add a line of column names above it,"
            " or set data.header: none"
        )
    data = not counted and looks_like_data(names, rows)
    unnamed = [position for position, name in enumerate(names, 1) if not name]
    names = [name or f"column {position}" for position, name in enumerate(names, 1)]
    or_else = ", or, if this line is data, add a line of names above it (or set data.header: none)"
    check_names(names, place, or_else if numbers or data else "")
    return names, [*_notes(place, unnamed, [] if counted else numbers, data)]


def _notes(place: str, unnamed: list[int], numbers: list[str], data: bool) -> list[str]:
    way = "if this line is data, add a line of names above it, or set data.header: none"
    notes = []
    if unnamed:
        listed = _some(f"column {at}" for at in unnamed)
        notes.append(f"{place}: columns without a name are named by their position: {listed}")
    if numbers:
        notes.append(f"{place}: some column names are numbers ({_some(numbers)}); {way}")
    elif data:
        notes.append(f"{place}: the column names are also values of their columns; {way}")
    return notes


def numbered_names(columns: int) -> list[str]:
    """The names in a table without a header: "column 1", "column 2" ..."""
    return [f"column {position}" for position in range(1, columns + 1)]


def is_numbered(names: Sequence[str], rows: Rows) -> bool:
    """Whether numbers among the names are counted (0,1,2 as pandas writes them, or years), and so are names.

    They go up by 1, and begin with 0 or a year or are at least three; a line of data would go on as it began: its
    numbers occur in their columns.
    """
    positions = [position for position, name in enumerate(names) if NUMBER.fullmatch(name)]
    if not positions or not all(WHOLE.fullmatch(names[position]) for position in positions):
        return False
    first = int(names[positions[0]])
    if any(int(names[position]) != first + step for step, position in enumerate(positions)):
        return False
    if first != 0 and len(positions) < FEWEST_COUNTED and (first not in YEARS or len(positions) < 2):
        return False
    return not all(names[position] in _column(rows, position) for position in positions)


def numbers_alone(names: Sequence[str], rows: Rows) -> bool:
    """Whether a first line cannot hold names: all are numbers that do not count, or one has a decimal point."""
    filled = [name.strip() for name in names if name.strip()]
    if not filled or is_numbered(names, rows):
        return False
    return all(NUMBER.fullmatch(name) for name in filled) or any(DECIMAL.fullmatch(name) for name in filled)


def looks_like_data(names: Sequence[str], rows: Rows) -> bool:
    """Whether a first line is a row: half of it or more occurs below it, or is numbers above numbers."""
    filled = [(position, name.strip()) for position, name in enumerate(names) if name.strip()]
    if not filled or not rows or is_numbered(names, rows):
        return False
    like = sum(_is_like(name, _column(rows, position)) for position, name in filled)
    return 2 * like >= len(filled) or any(DECIMAL.fullmatch(name) for _, name in filled)


def _column(rows: Rows, position: int) -> list[str]:
    return [row[position].strip() for row in rows if position < len(row)]


def _is_like(name: str, column: list[str]) -> bool:
    values = [value for value in column if value]
    if name in values:
        return True
    return bool(values) and bool(NUMBER.fullmatch(name)) and all(NUMBER.fullmatch(value) for value in values)
