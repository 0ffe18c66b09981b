"""The records of a CSV, by a slow and strict reading: on which line each begins, and how many values it has.

pyarrow reads the values and is much faster, but says neither where a row stands nor where a quote was left open.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlpcli.data.tables.text_file import Utf8Stream
from mlpcli.errors import DataError

LONGEST_ROW = 16 << 20
"""Bytes of one row; pyarrow's blocks have this size, and a longer row is most often a quote left open."""

LONGEST_LINE = 4 * LONGEST_ROW
"""More than pyarrow ever takes for a row: one may reach into a second block."""


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
    """What is said of a row longer than LONGEST_ROW."""
    return f"{name}:{line}: the row is longer than {LONGEST_ROW >> 20} MiB; is this a CSV file? check the line ends"


def records(lines: Iterable[str], separator: str) -> Iterator[Record]:
    """The records; blank lines are none. Linear in the length of the text, in bounded memory."""
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
