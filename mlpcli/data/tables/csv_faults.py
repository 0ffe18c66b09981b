"""What is wrong with a CSV that pyarrow refuses, or reads although a quote is open: a second, slow look says where."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mlpcli.data.tables.records import Record, records, text_lines, too_long
from mlpcli.data.tables.text_file import TextFile
from mlpcli.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


def fault_of(file: TextFile, encoding: str, separator: str, error: pa.ArrowInvalid) -> DataError:
    """The error for a file that pyarrow cannot read: the line, and how many values stand there and should."""
    odd: list[Record] = []
    sizes: Counter[int] = Counter()
    with file.open_utf8(encoding) as stream:
        found = records(text_lines(stream, file.name), separator)
        header = next(found)
        previous = header
        for record in found:
            if record.open_quote:
                return open_quote(file, record)
            if record.values != header.values:
                sizes[record.values] += 1
                odd = odd or [record]
            previous = record
    if odd:
        return _ragged(file, separator, header, odd[0], sizes)
    if "straddling" in str(error):
        return DataError(too_long(file.name, previous.line))
    return DataError(f"{file.name}: cannot be read as CSV: {error}; check the file")


def refuse_open_quote(file: TextFile, encoding: str, separator: str) -> None:
    """Raise a DataError where a quote is open, for a file that looks so (every quote opens or closes one)."""
    with file.open_utf8(encoding) as stream:
        for record in records(text_lines(stream, file.name), separator):
            if record.open_quote:
                raise open_quote(file, record)


def open_quote(file: TextFile, record: Record) -> DataError:
    """The error for a quote that does not close, or not before a separator or the end of a line."""
    return DataError(
        f'{file.name}:{record.open_quote}: a quotation mark (") opens here and does not close where the value ends;'
        ' close it, or write "" for one that belongs to the text'
    )


def _ragged(file: TextFile, separator: str, header: Record, first: Record, sizes: Counter[int]) -> DataError:
    rows = sum(sizes.values())
    more = f" ({rows - 1:,} more such rows)" if rows > 1 else ""
    if first.values == header.values + 1 and rows > 1 and len(sizes) == 1:
        advice = "name the column that the header lacks, or remove the separators at the ends of the lines"
    elif first.values > header.values:
        advice = f"put values that hold {separator!r} into quotes, or remove what is too much"
    else:
        advice = "write a separator for each missing value too"
    return DataError(
        f"{file.name}:{first.line}: expected {header.values:,} values, as many as column names, but found"
        f" {first.values:,}{more}; {advice}"
    )
