"""Rows whose cells are all usual, encoded without a table of Arrow's: for few rows, making one is most of the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlpcli.errors import DataError
from mlpcli.serve.rows import Cell, Row, table_of
from mlpcli.tables.column_encoders import CategoryColumn, ValueColumn

if TYPE_CHECKING:
    from mlpcli.tables.preprocessing import Preprocessing

Floats = npt.NDArray[np.float32]
MOST_ROWS = 200
"""More rows are faster the ordinary way."""
MOST_CATEGORIES = 1000
BOOLEANS: tuple[Cell, ...] = (True, False, "true", "false", "True", "False", "yes", "no", "1", "0", 1, 0)


class QuickRows:
    """What the ordinary way makes of each usual cell, kept.

    A cell is usual if it is a category of the training rows, a number in their range, true or false, or a gap where
    training had some. With any other, the ordinary way is gone, which says what is odd about it.
    """

    def __init__(self, preprocessing: Preprocessing) -> None:
        self._width = len(preprocessing.feature_names)
        self._columns = [
            (column.name, where, _numbers(column) or _Known.of(column.name, where, column, preprocessing))
            for column, (_, where) in zip(preprocessing.columns, preprocessing.groups, strict=True)
        ]

    def encode(self, rows: Sequence[Row]) -> Floats | None:
        """x (n, width) of the rows; None where a cell is not usual."""
        if len(rows) > MOST_ROWS:
            return None
        x = np.zeros((len(rows), self._width), np.float32)
        for name, where, usual in self._columns:
            if not usual.write([row.get(name, _ABSENT) for row in rows], x[:, where]):
                return None
        return x


_ABSENT = object()


class _Numbers:
    """A column of numbers of a known range. gaps: whether training had some."""

    def __init__(self, column: ValueColumn, low: float, high: float) -> None:
        self._column, self._low, self._high, self._gaps = column, low, high, column.indicator

    def write(self, cells: Sequence[Any], out: Floats) -> bool:
        for cell in cells:
            kind = type(cell)
            if not ((kind is float or kind is int) and self._low <= cell <= self._high) and not (
                cell is None and self._gaps
            ):
                return False
        self._column.encode_cells(np.array(cells, np.float64), out)  # None becomes NaN
        return True


def _numbers(column: Any) -> _Numbers | None:
    if not isinstance(column, ValueColumn) or column.kind != "number" or column.low is None or column.high is None:
        return None
    return _Numbers(column, column.low, column.high)


class _Known:
    """A column of which the encoded form of each known cell is kept, by the cell and its type: True is not 1."""

    def __init__(self, known: dict[tuple[type, Any], Floats]) -> None:
        self._known = known

    def write(self, cells: Sequence[Any], out: Floats) -> bool:
        for row, cell in enumerate(cells):
            if type(cell) not in (str, int, bool, type(None)):
                return False
            encoded = self._known.get((type(cell), cell))
            if encoded is None:
                return False
            out[row] = encoded
        return True

    @classmethod
    def of(cls, name: str, where: slice, column: Any, preprocessing: Preprocessing) -> _Known:
        """Asks the ordinary way about each cell that may be known."""
        cells: list[Cell] = []
        if isinstance(column, CategoryColumn):
            cells = [*column.categories[:MOST_CATEGORIES]]
            cells += [int(text) for text in column.categories[:MOST_CATEGORIES] if str(_whole(text)) == text]
            cells += [None] if column.missing else []
        elif isinstance(column, ValueColumn) and column.kind == "boolean":
            cells = [*BOOLEANS, *([None] if column.indicator else [])]
        if not cells:
            return cls({})
        others = dict.fromkeys(preprocessing.source_names)
        try:
            table = table_of([{**others, name: cell} for cell in cells], preprocessing)
            encoded = np.zeros((len(cells), where.stop - where.start), np.float32)
            column.encode_cells(column.cells(table), encoded)
        except DataError:  # a gap is none, or a word is no category any more: the ordinary way tells which
            return cls({})
        return cls({(type(cell), cell): row for cell, row in zip(cells, encoded, strict=True)})


def _whole(text: str) -> int | None:
    return int(text) if len(text) < 16 and text.lstrip("-").isdecimal() else None
