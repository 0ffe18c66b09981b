"""Arrays in a table that fits a terminal of 80 columns: small ones whole, long ones thinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlpcli.arrays import Array

WIDTH = 44
"""Letters of a line of values: with the label and the shape before them, a line has at most 80."""
MOST_ROWS = 6
MOST_VALUES = 8


def array_rows(label: str, array: Array) -> list[list[str]]:
    """Label, shape and values of an array: one row of a table for each line of its values."""
    first, *others = _lines(array)
    return [[label, "x".join(map(str, array.shape)), first], *(["", "", line] for line in others)]


def _lines(array: Array) -> list[str]:
    """A line for each row of a matrix, and one for anything else; where values are left out, also their range."""
    matrix = array if array.ndim == 2 else array.reshape(1, -1)
    rows = list(matrix) if len(matrix) <= MOST_ROWS else [matrix[0], matrix[1], matrix[-1]]
    counts = range(min(matrix.shape[1], MOST_VALUES), 0, -1)
    lines = next(lines for count in counts if len((lines := _columns(rows, count))[0]) <= WIDTH or count == 1)
    if len(matrix) > MOST_ROWS:
        lines.insert(2, "...")
    if len(rows) < len(matrix) or "..." in lines[0]:
        lines.append(f"{array.size:,} values from {array.min():.4g} to {array.max():.4g}")
    return lines


def _columns(rows: list[Array], count: int) -> list[str]:
    """`count` values of each row, one below the other: all, or the first ones, dots and the last one."""
    whole = count == rows[0].size
    columns = [[f"{row[at] + 0.0:.4g}" for row in rows] for at in range(count if whole else count - 1)]
    if not whole:
        columns += [["..."] * len(rows), [f"{row[-1] + 0.0:.4g}" for row in rows]]
    widths = [max(map(len, column)) for column in columns]
    aligned = [[cell.rjust(width) for cell in column] for column, width in zip(columns, widths, strict=True)]
    return ["  ".join(row) for row in zip(*aligned, strict=True)]
