"""The records of a CSV, read slowly and strictly: the line on which each begins, and its number of values.

pyarrow reads the values and is much faster, but says neither where a row stands nor where a quote was left open.
"""

from __future__ import annotations

import io
import itertools
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from mlpcli.errors import DataError
from mlpcli.tables.text_file import TextFile, Utf8Stream

if TYPE_CHECKING:
    import pyarrow as pa


LONGEST_ROW = 16 << 20
"""Bytes of one row; pyarrow's blocks have this size, and a longer row is most often a quote left open."""
LONGEST_LINE = 4 * LONGEST_ROW
"""More than pyarrow ever takes for a row: one may reach into a second block."""


def open_quote(file: TextFile, record: Record) -> DataError:
    """The error for a quote that does not close, or not before a separator or the end of a line."""
    return DataError(
        f'{file.name}:{record.open_quote}: a quotation mark (") opens here but is not closed at the end of the value;'
        ' close it, or write "" for a quotation mark in the text'
    )


class Record(NamedTuple):
    """One record. line: where it begins, from 1. values: how many it has. open_quote: the line of a quote that never
    closes, or that closes in the middle of a value; 0 where all is well. end: the line after it, from 1."""

    line: int
    values: int
    open_quote: int
    end: int


def text_lines(stream: Utf8Stream, name: str) -> Iterator[str]:
    """The lines with their ends, which may be LF, CR LF or CR.

    Raises:
        DataError: a line longer than a row may be.
    """
    with io.TextIOWrapper(io.BufferedReader(stream, 1 << 20), encoding="utf-8", newline="") as text:
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise DataError(too_long(name, number))
            yield line


def too_long(name: str, line: int) -> str:
    """The message about a row longer than LONGEST_ROW."""
    return f"{name}:{line}: the row is longer than {LONGEST_ROW >> 20} MiB; is this a CSV file? check the line ends"


def records(lines: Iterable[str], separator: str) -> Iterator[Record]:
    """The records, without blank lines. Takes linear time and bounded memory."""
    plain = re.compile(_plain_row(separator))
    scan = _QuoteScan(separator)
    number = 0
    for number, line in enumerate(lines, 1):
        if scan.inside:
            pass
        elif is_blank(line):
            continue
        elif '"' not in line:
            yield Record(number, line.count(separator) + 1, 0, number + 1)
            continue
        elif plain.fullmatch(line):
            yield Record(number, re.sub('"[^"]*"', "", line).count(separator) + 1, 0, number + 1)
            continue
        scan.take(line, number)
        if not scan.inside:
            yield scan.finish(number)
    if scan.inside:
        yield scan.finish(number)


def is_blank(line: str) -> bool:
    """Whether a line is passed over. One of tabs is a row of gaps."""
    return not line.strip(" \r\n")


def _plain_row(separator: str) -> str:
    """Values that are quoted as a whole, or have no quote in them."""
    letter = re.escape(separator)
    value = rf'(?:"[^"]*(?:""[^"]*)*"|[^"{letter}\r\n]*)'
    return rf"{value}(?:{letter}{value})*[\r\n]*"


class _QuoteScan:
    """Reads one record, of one line or many, value by value."""

    def __init__(self, separator: str) -> None:
        self.inside = False
        self._separator = separator
        self._begin()

    def _begin(self) -> None:
        self._line = self._values = self._opened = self._misplaced = 0

    def take(self, line: str, number: int) -> None:
        """Go on to the end of a line; `inside` tells whether a quote is open there."""
        self._line = self._line or number
        position = 0
        while True:
            if not self.inside and line.startswith('"', position):
                self.inside, self._opened, position = True, number, position + 1
            if self.inside:
                position = self._closing(line, position)
                if self.inside:
                    return
            self._values += 1
            following = line.find(self._separator, position)
            if following < 0:
                return
            position = following + 1

    def finish(self, number: int) -> Record:
        """The record that ends on this line."""
        opened = self._opened if self.inside else self._misplaced
        record = Record(self._line, self._values + self.inside, opened, number + 1)
        self.inside = False
        self._begin()
        return record

    def _closing(self, line: str, position: int) -> int:
        """Where the quoted value ends, if it does so on this line; then `inside` is over."""
        while (quote := line.find('"', position)) >= 0:
            position = quote + 1
            if not line.startswith('"', position):
                self.inside = False
                rest = line[position : position + 2]
                if rest.rstrip("\r\n") and not rest.startswith(self._separator) and not self._misplaced:
                    self._misplaced = self._opened
                return position
            position += 1
        return len(line)


def fault_of(file: TextFile, encoding: str, separator: str, error: pa.ArrowInvalid) -> DataError:
    """The error for a file that pyarrow cannot read: the line, and the number of values found and expected."""
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


def _ragged(file: TextFile, separator: str, header: Record, first: Record, sizes: Counter[int]) -> DataError:
    rows = sum(sizes.values())
    more = f" ({rows - 1:,} more such rows)" if rows > 1 else ""
    separator = separator if file.edit is None else file.edit.separator
    if header.values == 1 and first.line == header.end and rows > 1:
        advice = f"if line {first.line} holds the column names, set data.header: {first.line}"
    elif first.values == header.values + 1 and rows > 1 and len(sizes) == 1:
        advice = "add the missing column name, or remove the separators at the ends of the lines"
    elif first.values > header.values:
        advice = f"quote values that contain {separator!r}, or remove the extra values"
    else:
        advice = "write a separator for each missing value, too"
    return DataError(
        f"{file.name}:{first.line}: expected {header.values:,} values, as many as column names, but found"
        f" {first.values:,}{more}; {advice}"
    )


class LineNumbers:
    """Row index (from 0, of one file) to "people.csv:17".

    The file is read a second time, only as far as needed, and what was found is kept (8 bytes a row).
    """

    def __init__(self, file: TextFile, encoding: str, separator: str, header: bool = True) -> None:
        self._file, self._encoding, self._separator, self._header = file, encoding, separator, header
        self._lines = array("q")
        self._rest: Iterator[int] | None = None

    def __call__(self, row: int) -> str:
        missing = row + 1 - len(self._lines)
        if missing > 0:
            try:
                self._rest = self._rest or _lines_of_rows(self._file, self._encoding, self._separator, self._header)
                self._lines.extend(itertools.islice(self._rest, missing))
            except (DataError, OSError):  # gone or changed since: a place less exact is better than another error
                self._rest = iter(())
        return (
            f"{self._file.name}:{self._lines[row]}" if row < len(self._lines) else f"{self._file.name}: row {row + 1:,}"
        )


def _lines_of_rows(file: TextFile, encoding: str, separator: str, header: bool) -> Iterator[int]:
    with file.open_utf8(encoding) as stream:
        found = records(text_lines(stream, file.name), separator)
        if header:
            next(found, None)
        for record in found:
            yield record.line
