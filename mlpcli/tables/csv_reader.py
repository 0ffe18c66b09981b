"""Reads a CSV file: detects separator and header, and gives its rows in blocks, as text."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlpcli.errors import DataError, SettingError
from mlpcli.tables.csv_records import LONGEST_ROW, LineNumbers, fault_of, is_blank, records, refuse_open_quote
from mlpcli.tables.raw_table import Partition, ReadOptions, _arranged, _some, check_count, check_names
from mlpcli.tables.text_file import TextFile, UndecodableError, Utf8Stream, find_encoding, wrong_encoding
from mlpcli.text import clean_text

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
        DataError: it is not text, or has no header.
        SettingError: data.encoding or data.separator does not fit the file.
    """
    encoding, notes = find_encoding(file, options.encoding)
    lines = _first_lines(file, encoding)
    separator = _separator(file, lines, options.separator)
    header = next(records(lines, separator), None)
    if header is None:
        raise DataError(f"{file.name}: has only blank lines; write a line of column names and then the rows")
    place = f"{file.name}:{header.line}"
    names, more = header_names(lines[header.line - 1 : header.end - 1], separator, place)
    comma = options.formats is not None and has_decimal_comma(lines, separator)
    if comma:
        more.append(f"{file.name}: numbers have a decimal comma (1,5 is read as 1.5)")
    size = len("".join(lines[: header.end - 1]).encode())
    block = SMALL_BLOCK if ROWS_IN_BLOCK * max(map(len, lines)) < SMALL_BLOCK else LONGEST_ROW
    return CsvLayout(encoding, separator, comma, names, size, block, (*notes, *more))


def csv_blocks(file: TextFile, layout: CsvLayout) -> Iterator[pa.RecordBatch]:
    """The rows in blocks of about a MiB, all columns strings, gaps still as they are written.

    Raises:
        DataError: rows of different lengths, a quote that is never closed, bytes that are not text.
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
            "data.separator", f"{told!r} does not occur in the first line of {file.name}, but {found!r} does; set that"
        )
    return told


def _skip(stream: Utf8Stream, size: int) -> bool:
    """Read past the header; whether anything comes after it."""
    while size > 0 and (data := stream.read(min(size, 1 << 20))):
        size -= len(data)
    more = stream.read(1)
    stream.unread(more)
    return bool(more)


SEPARATORS = (",", ";", "\t", "|")
MOST_LOOKED_AT = 200
"""Records, from the beginning of the file."""


def find_separator(lines: list[str], usual: str) -> str:
    """The separator with which most of the first records have as many values as the first; then, the most values.

    Args:
        lines: the beginning of the file, whole lines with their ends.
        usual: what to take for a file of one column.
    """
    best, highest = usual, (0.0, 1)
    for separator in sorted(SEPARATORS, key=lambda letter: letter != usual):
        counts = [record.values for record in itertools.islice(records(lines, separator), MOST_LOOKED_AT)]
        if not counts or counts[0] < 2:
            continue
        score = (Counter(counts)[counts[0]] / len(counts), counts[0])
        if score > highest:
            best, highest = separator, score
    return best


def has_decimal_comma(lines: list[str], separator: str) -> bool:
    """Whether numbers are written 1,5: some are, with other than three digits after the comma, and none is written 1.5.

    Where the comma separates the values, or where every comma may part thousands (1,000), the answer is no.
    """
    if separator == ",":
        return False
    values = [value.strip(' "\r\n') for line in lines[1 : MOST_LOOKED_AT + 1] for value in line.split(separator)]
    if any(re.fullmatch(r"[+-]?[0-9]+\.[0-9]+", value) for value in values):
        return False
    return any(re.fullmatch(r"[+-]?(0,[0-9]+|[0-9]+,([0-9]{1,2}|[0-9]{4,}))", value) for value in values)


NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?")


def header_names(lines: list[str], separator: str, place: str) -> tuple[tuple[str, ...], list[str]]:
    """The names in the header, and notes on what was done to them.

    Blanks around a name do not belong to it; a column without a name is named "column 3", by its position.

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
            f"{place}: the line of column names cannot be read: {error}; write one short name per column"
        ) from error
    names = [clean_text(name) for name in written]
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
    notes = [f"{place}: columns without a name are named by their position: {_some(f'column {at}' for at in unnamed)}"]
    numeric = [
        f"{place}: some column names are numbers ({_some(numbers)}); if this line is data, add a line of names above it"
    ]
    return tuple(names), [*(notes if unnamed else []), *(numeric if numbers else [])]


@dataclass(frozen=True, eq=False)
class CsvPart:
    """A CSV file. schema: the columns that its blocks get, all of them strings."""

    file: TextFile
    layout: CsvLayout
    partition: Partition
    schema: pa.Schema

    @classmethod
    def of(cls, file: TextFile, options: ReadOptions, partition: Partition) -> CsvPart:
        """A file, after a look at its beginning."""
        import pyarrow as pa

        layout = find_layout(file, options)
        more = [name for name in partition if name not in layout.names]
        schema = pa.schema([(name, pa.string()) for name in (*layout.names, *more)])
        return cls(file, layout, partition, schema)

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def notes(self) -> tuple[str, ...]:
        return self.layout.notes

    @property
    def place(self) -> Callable[[int], str]:
        return line_numbers(self.file, self.layout)

    def like(self, schema: pa.Schema) -> CsvPart:
        """The same file with its columns in this order."""
        return replace(self, schema=schema)

    def blocks(self) -> Iterator[pa.Table]:
        """The rows, as they are written."""
        for block in csv_blocks(self.file, self.layout):
            yield _arranged(block, self.partition, self.schema)
