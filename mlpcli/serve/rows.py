"""Rows of a JSON request as the rows of a table: texts as those of a CSV, numbers as those of a Parquet file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlpcli.errors import DataError
from mlpcli.tables.clean_texts import clean_texts
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder
from mlpcli.tables.raw_table import RawTable
from mlpcli.text import did_you_mean, listed, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.tables.preprocessing import Preprocessing

Cell = str | int | float | bool | None
Row = Mapping[str, Any]
MOST_NAMED = 10


def table_of(rows: Sequence[Row], preprocessing: Preprocessing) -> RawTable:
    """The columns that the model takes; others are left out.

    A text is read as the same text in a CSV: "$4,500" where training had such. A number is that number, and null a gap.

    Raises:
        DataError: a row lacks a column, or a cell holds a list or an object.
    """
    import pyarrow as pa

    names = preprocessing.source_names
    for number, row in enumerate(rows):
        if len(row) < len(names) or not row.keys() >= set(names):
            raise _lacks(number, row, names)
    columns = [_column(column, [row[column.name] for row in rows], preprocessing) for column in preprocessing.columns]
    return RawTable(pa.table(columns, names=list(names)), place_of).read_as(preprocessing.options)


def place_of(row: int) -> str:
    """Where a row of a request stands."""
    return f"row {row} (from 0)"


def _lacks(number: int, row: Row, names: Sequence[str]) -> DataError:
    missing = [name for name in names if name not in row]
    near = did_you_mean(missing[0], [key for key in row if key not in names])
    found = listed([shown(name) for name in missing], MOST_NAMED)
    return DataError(f"{place_of(number)}: lacks {found}; give every column, null where nothing is known{near}")


def _column(column: ColumnEncoder, cells: list[Cell], preprocessing: Preprocessing) -> pa.ChunkedArray:
    import pyarrow as pa

    kinds = {type(cell) for cell in cells} - {type(None)}
    if not kinds <= {str, int, float, bool}:
        number = next(n for n, cell in enumerate(cells) if type(cell) not in (str, int, float, bool, type(None)))
        raise DataError(f"{place_of(number)}: {shown(column.name)}: give a text, a number, true, false or null")
    if not isinstance(column, CategoryColumn):
        if kinds <= {int, float}:
            return pa.chunked_array(
                [pa.array([None if cell is None else _float(cell) for cell in cells], pa.float64())]
            )
        form = (preprocessing.options.formats or {}).get(column.name)
        if kinds & {int, float} and form is not None and form.number is not None:  # whose texts are not Python's
            raise DataError(f"{shown(column.name)}: holds texts and numbers; give all of them as numbers, or as texts")
    texts = pa.array([None if cell is None else _text(cell) for cell in cells], pa.string())
    return clean_texts(pa.chunked_array([texts]))


def _float(cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf


def _text(cell: Cell) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
