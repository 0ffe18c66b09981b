"""One CSV file: what it looks like, and its rows in blocks, every column as text."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlpcli.data.tables.csv_faults import fault_of, refuse_open_quote
from mlpcli.data.tables.encodings import find_encoding, wrong_encoding
from mlpcli.data.tables.headers import header_names
from mlpcli.data.tables.line_numbers import LineNumbers
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.records import LONGEST_ROW, is_blank, records
from mlpcli.data.tables.separators import SEPARATORS, find_separator, has_decimal_comma
from mlpcli.data.tables.text_file import TextFile, UndecodableError, Utf8Stream
from mlpcli.errors import DataError, SettingError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.csv

SMALL_BLOCK = 1 << 20
ROWS_IN_BLOCK = 32
HEAD = 4 << 20
"""Bytes at the beginning in which the header must end, and which the separator is found in."""


@dataclass(frozen=True)
class CsvLayout:
    """How a file is written. header_bytes: of UTF-8, up to the first row. block_size: bytes that pyarrow
    reads at once: few are faster, but a row must fit."""

    encoding: str
    separator: str
    decimal_comma: bool
    names: tuple[str, ...]
    header_bytes: int
    block_size: int
    notes: tuple[str, ...]


def find_layout(file: TextFile, options: ReadOptions) -> CsvLayout:
    """Look at the beginning of a file (and at all of it where the encoding must be found).

    Raises:
        DataError: it is no text, or has no header.
        SettingError: data.encoding or data.separator cannot be right.
    """
    encoding, notes = find_encoding(file, options.encoding)
    lines = _first_lines(file, encoding)
    separator = _separator(file, lines, options.separator)
    header = next(records(lines, separator), None)
    if header is None:
        raise DataError(f"{file.name}: holds only blank lines; write a line of column names and then the rows")
    place = f"{file.name}:{header.line}"
    names, more = header_names(lines[header.line - 1 : header.end - 1], separator, place)
    comma = has_decimal_comma(lines, separator)
    if comma:
        more.append(f"{file.name}: numbers have a decimal comma (1,5 is read as 1.5)")
    size = len("".join(lines[: header.end - 1]).encode())
    block = SMALL_BLOCK if ROWS_IN_BLOCK * max(map(len, lines)) < SMALL_BLOCK else LONGEST_ROW
    return CsvLayout(encoding, separator, comma, names, size, block, (*notes, *more))


def csv_blocks(file: TextFile, layout: CsvLayout) -> Iterator[pa.RecordBatch]:
    """The rows in blocks of about a MiB, all columns strings, gaps still as they are written.

    Raises:
        DataError: rows of different lengths, a quote that never closes, bytes that are no text.
    """
    import pyarrow as pa

    rows = 0
    for block_size in dict.fromkeys((layout.block_size, LONGEST_ROW)):
        try:
            for block in _blocks(file, layout, block_size, rows):
                rows += block.num_rows
                yield block
            return
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error) or block_size == LONGEST_ROW:
                raise fault_of(file, layout.encoding, layout.separator, error) from error
        except UndecodableError as fault:
            raise wrong_encoding(file, fault) from fault


def line_numbers(file: TextFile, layout: CsvLayout) -> LineNumbers:
    """What tells on which line a row of this file stands."""
    return LineNumbers(file, layout.encoding, layout.separator)


def _blocks(file: TextFile, layout: CsvLayout, block_size: int, skipped: int) -> Iterator[pa.RecordBatch]:
    """The rows after the first `skipped`, in blocks; at the end, quotes that look open are looked at."""
    last = ""
    with file.open_utf8(layout.encoding) as stream:
        if not _skip(stream, layout.header_bytes):
            return
        for block in _reader(stream, layout, block_size):
            if block.num_rows:
                last = block.column(block.num_columns - 1)[-1].as_py()
            if block.num_rows > skipped:
                yield block.slice(skipped)
            skipped = max(0, skipped - block.num_rows)
        odd_quotes = stream.quotes % 2 == 1
    if odd_quotes or "\n" in last or "\r" in last:
        refuse_open_quote(file, layout.encoding, layout.separator)


def _reader(stream: io.RawIOBase, layout: CsvLayout, block_size: int) -> pyarrow.csv.CSVStreamingReader:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    def blank_or_wrong(row: Any) -> str:
        return "skip" if is_blank(row.text) else "error"

    return pa_csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        read_options=pa_csv.ReadOptions(column_names=layout.names, block_size=block_size),
        parse_options=pa_csv.ParseOptions(
            delimiter=layout.separator, newlines_in_values=True, invalid_row_handler=blank_or_wrong
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(layout.names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )


def _first_lines(file: TextFile, encoding: str) -> list[str]:
    """Whole lines from the beginning; the last one may be cut where the file goes on."""
    try:
        with file.open_utf8(encoding) as stream:
            pieces = itertools.takewhile(bool, (stream.read(1 << 20) for _ in range(HEAD >> 20)))
            head = b"".join(pieces)
    except UndecodableError as fault:
        raise wrong_encoding(file, fault) from fault
    lines = io.StringIO(head.decode("utf-8", "ignore"), newline="").readlines()
    if len(head) < HEAD:
        return lines
    if len(lines) < 2:
        raise DataError(f"{file.name}:1: the first line is longer than {HEAD >> 20} MiB; is this a CSV file?")
    return lines[:-1]


def _separator(file: TextFile, lines: list[str], told: str | None) -> str:
    found = find_separator(lines, "\t" if ".tsv" in file.path.suffixes else ",")
    if told is None:
        return found
    if not told.isascii() or told in '"\r\n':
        raise SettingError(
            "data.separator", f"{told!r} cannot separate values; use one of , ; | or a tab, or leave it out"
        )
    header = next((line for line in lines if not is_blank(line)), "")
    if told not in header and found in header and found in SEPARATORS:
        raise SettingError(
            "data.separator", f"{told!r} does not stand in the first line of {file.name}, but {found!r} does; set that"
        )
    return told


def _skip(stream: Utf8Stream, size: int) -> bool:
    """Read past the header; whether anything comes after it."""
    while size > 0 and (data := stream.read(min(size, 1 << 20))):
        size -= len(data)
    more = stream.read(1)
    stream.unread(more)
    return bool(more)
