"""Reads a CSV file: detects separator and header, and gives its rows in blocks, as text."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlpcli.errors import DataError, SettingError
from mlpcli.tables.csv_records import LONGEST_ROW, LineNumbers, Record, fault_of, is_blank, records, refuse_open_quote
from mlpcli.tables.header import NUMBER, header_names, numbered_names
from mlpcli.tables.line_edit import BLANKS, UNIT, LineEdit, directive, is_odd, split
from mlpcli.tables.raw_table import Partition, ReadOptions, _arranged, check_count
from mlpcli.tables.text_file import TextFile, UndecodableError, Utf8Stream, changed, find_encoding, wrong_encoding

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
    reads at once: few are faster, but a row must fit. quoted: whether it may hold quotation marks."""

    encoding: str
    separator: str
    decimal_comma: bool
    names: tuple[str, ...]
    header_bytes: int
    block_size: int
    notes: tuple[str, ...]
    has_header: bool = True
    quoted: bool = True

    @property
    def delimiter(self) -> str:
        """The one character between the values, after the lines were edited."""
        return UNIT if is_odd(self.separator) else self.separator


def find_layout(file: TextFile, options: ReadOptions) -> tuple[TextFile, CsvLayout]:
    """Look at the beginning of a file (and at all of it where the encoding must be found).

    Returns:
        The file with what is to be done to its lines, and its layout.

    Raises:
        DataError: it is not text, or has no header.
        SettingError: data.encoding, data.separator or data.header does not fit the file.
    """
    encoding, notes, quoted = find_encoding(file, options.encoding)
    read = first_lines(file, encoding)
    edit, lines = _edit_of(file, read, options)
    delimiter = UNIT if is_odd(edit.separator) else edit.separator
    header = _header_record(file, lines, delimiter, options.rules.header)
    names, more = _names_of(file, lines, header, delimiter, options)
    if edit.separator == BLANKS and options.separator is None:
        more.append(f"{file.name}: values are separated by blanks")
    comma = options.formats is not None and has_decimal_comma(lines, delimiter)
    if comma:
        more.append(f"{file.name}: numbers have a decimal comma (1,5 is read as 1.5)")
    size = 0 if options.rules.header == "none" else len("".join(lines[: header.end - 1]).encode())
    block = SMALL_BLOCK if ROWS_IN_BLOCK * max(map(len, lines)) < SMALL_BLOCK else LONGEST_ROW
    has_header = options.rules.header != "none"
    layout = CsvLayout(encoding, edit.separator, comma, tuple(names), size, block, (*notes, *more), has_header, quoted)
    return (file if edit.last == 0 else replace(file, edit=edit)), layout


def _edit_of(file: TextFile, read: list[str], options: ReadOptions) -> tuple[LineEdit, list[str]]:
    """What is to be done to the lines, and the first lines after it."""
    told = directive(read[0]) if read else None
    edit = LineEdit(options.rules, first=0 if told is None else 1)
    edit = replace(edit, separator=_separator(file, _edited(edit, read), options.separator or told))
    return edit, _edited(edit, read)


def _edited(edit: LineEdit, read: list[str]) -> list[str]:
    """The first lines of a file after the edit; most files need none."""
    changed = read if edit.last is None else read[: edit.last]
    return [*(edit.line(number, line) for number, line in enumerate(changed, 1)), *read[len(changed) :]]


def _header_record(file: TextFile, lines: list[str], delimiter: str, told: int | str | None) -> Record:
    """The record of the column names, or the first row where there are none."""
    header = next(records(lines, delimiter), None)
    if isinstance(told, int) and (header is None or header.line != told):
        raise SettingError(
            "data.header",
            f"line {told} of {file.name} is blank, left out, or past the end; give the line of the column names",
        )
    if header is None:
        raise DataError(f"{file.name}: has only blank lines; write a line of column names and then the rows")
    return header


def _names_of(
    file: TextFile, lines: list[str], header: Record, delimiter: str, options: ReadOptions
) -> tuple[Sequence[str], list[str]]:
    place, told = f"{file.name}:{header.line}", options.rules.header
    if told == "none":
        check_count(header.values, place)
        return numbered_names(header.values), []
    rows = sample_rows(lines[header.end - 1 :], delimiter)
    return header_names(lines[header.line - 1 : header.end - 1], delimiter, place, rows, told is not None)


def sample_rows(lines: list[str], delimiter: str) -> list[list[str]]:
    """The first rows of these lines, as texts; as far as they can be read."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        for row in csv.reader(lines, delimiter=delimiter):
            rows += [row] if row else []
            if len(rows) == MOST_LOOKED_AT:
                break
    return rows


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
                raise fault_of(file, layout.encoding, layout.delimiter, error) from error
        except UndecodableError as fault:
            raise wrong_encoding(file, fault) from fault


def line_numbers(file: TextFile, layout: CsvLayout) -> LineNumbers:
    """What tells on which line a row of this file stands."""
    return LineNumbers(file, layout.encoding, layout.delimiter, layout.has_header)


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
        if stream.quotes and not layout.quoted:
            raise changed(file.name)
    if odd_quotes or "\n" in last or "\r" in last:
        refuse_open_quote(file, layout.encoding, layout.delimiter)


def _reader(stream: io.RawIOBase, layout: CsvLayout, block_size: int) -> pyarrow.csv.CSVStreamingReader:
    """The ends of rows are found at a fraction of the cost where none may be inside of quotes."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    def blank_or_wrong(row: Any) -> str:
        return "skip" if is_blank(row.text) else "error"

    return pa_csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        read_options=pa_csv.ReadOptions(column_names=layout.names, block_size=block_size),
        parse_options=pa_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=layout.quoted, invalid_row_handler=blank_or_wrong
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(layout.names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )


def first_lines(file: TextFile, encoding: str) -> list[str]:
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
    if told == BLANKS:
        return told
    if not told.isascii() or set(told) & set('"\r\n'):
        raise SettingError(
            "data.separator", f"{told!r} cannot separate values; use one of , ; | :: a tab or a blank, or leave it out"
        )
    header = next((line for line in lines if not is_blank(line)), "")
    if told not in header and found in header and found in SEPARATORS:
        raise SettingError(
            "data.separator", f"{told!r} does not occur in the first line of {file.name}, but {found!r} does; use that"
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
    return best if highest > (0.0, 1) else _odd_separator(lines) or usual


def _odd_separator(lines: list[str]) -> str | None:
    """`::` or blanks, where all of the first lines have as many values, and a column of numbers; else None."""
    looked_at = [line.rstrip("\r\n") for line in lines[: MOST_LOOKED_AT + 1] if not is_blank(line)]
    for separator in ("::", BLANKS):
        rows = [split(line.strip(), separator) for line in looked_at]
        if len(rows) < 2 or len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows):
            continue
        if any(all(NUMBER.fullmatch(value) for value in column[1:]) for column in zip(*rows, strict=True)):
            return separator
    return None


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

        file, layout = find_layout(file, options)
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
