"""A table of arrays that fits a terminal of 80 columns: small ones whole, long ones thinned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mlpcli.cli.terminal import table
from mlpcli.text import display_width

if TYPE_CHECKING:
    from mlpcli.arrays import Array

WIDTH, NARROWEST, GAPS = 80, 24, 8
"""Letters of a line, of its values at least, and of the blanks between the columns."""
MOST_ROWS = 6
MOST_VALUES = 8


def array_table(title: str, arrays: Iterable[tuple[str, Array]]) -> None:
    """Print label, shape and values of each array, a line for each row of a matrix."""
    shaped = [(label, "x".join(map(str, array.shape)), array) for label, array in arrays]
    before = max((display_width(label) for label, _, _ in shaped), default=0)
    before += max((len(shape) for _, shape, _ in shaped), default=0)
    width = max(WIDTH - before - GAPS, NARROWEST)
    table(title, ["", "shape", "values"], [row for each in shaped for row in _rows(*each, width)], left=3)


def _rows(label: str, shape: str, array: Array, width: int) -> Iterator[list[str]]:
    first, *others = _lines(array, width)
    yield [label, shape, first]
    for line in others:
        yield ["", "", line]


def _lines(array: Array, width: int) -> list[str]:
    """A line for each row of a matrix, and one for anything else; where values are left out, also their range."""
    matrix = array if array.ndim == 2 else array.reshape(1, -1)
    rows = list(matrix) if len(matrix) <= MOST_ROWS else [matrix[0], matrix[1], matrix[-1]]
    counts = range(min(matrix.shape[1], MOST_VALUES), 0, -1)
    lines = next(lines for count in counts if len((lines := _columns(rows, count))[0]) <= width or count == 1)
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
