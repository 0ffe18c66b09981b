"""Helpers that the conversions share: which type a column has, and how an odd value is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mlpcli.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

Place = Callable[[int], str]
LONGEST_SHOWN = 40


def is_text(column: pa.ChunkedArray) -> bool:
    """Whether the values are text, in any of Arrow's forms."""
    import pyarrow.types as kinds

    kind = column.type
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_dictionary(kind))


def is_date(column: pa.ChunkedArray) -> bool:
    """Whether the values are Arrow's dates or timestamps."""
    import pyarrow.types as kinds

    return bool(kinds.is_date(column.type) or kinds.is_timestamp(column.type))


def plain_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text as plain strings, without blanks around the values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(pc.cast(column, pa.string()))


def shown(value: object) -> str:
    """A value in quotes, on one line and not too long."""
    text = " ".join(str(value).split())
    return f'"{text[:LONGEST_SHOWN]}..."' if len(text) > LONGEST_SHOWN else f'"{text}"'


def odd_value(where: str, place: Place, row: int, found: str, others: int, advice: str) -> DataError:
    """The error for one cell: `people.csv:17: age: found (3 more like it); advice`."""
    more = f" ({others:,} more like it)" if others else ""
    return DataError(f"{place(row)}: {where}: {found}{more}; {advice}")


def refuse_odd(
    column: pa.ChunkedArray, odd: pa.ChunkedArray, where: str, place: Place, found: str, advice: str
) -> None:
    """Raise a DataError for the first value where `odd` is true, if there is one."""
    import pyarrow.compute as pc

    count = pc.sum(odd).as_py() or 0
    if count:
        row = pc.index(odd, True).as_py()
        raise odd_value(where, place, row, f"{shown(column[row].as_py())} {found}", count - 1, advice)
