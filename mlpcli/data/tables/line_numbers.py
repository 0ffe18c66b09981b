"""Where rows stand: the line of each row of a text file, found when somebody asks."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator

from mlpcli.data.tables.records import records, text_lines
from mlpcli.data.tables.text_file import TextFile
from mlpcli.errors import DataError


class LineNumbers:
    """Row index (from 0, of one file) to "people.csv:17".

    The file is read a second time, only as far as needed, and what was found is kept (8 bytes a row).
    """

    def __init__(self, file: TextFile, encoding: str, separator: str) -> None:
        self._file, self._encoding, self._separator = file, encoding, separator
        self._lines = array("q")
        self._rest: Iterator[int] | None = None

    def __call__(self, row: int) -> str:
        missing = row + 1 - len(self._lines)
        if missing > 0:
            try:
                self._rest = self._rest or _lines_of_rows(self._file, self._encoding, self._separator)
                self._lines.extend(itertools.islice(self._rest, missing))
            except (DataError, OSError):  # gone or changed since: a place less exact is better than another error
                self._rest = iter(())
        return (
            f"{self._file.name}:{self._lines[row]}" if row < len(self._lines) else f"{self._file.name}: row {row + 1:,}"
        )


def _lines_of_rows(file: TextFile, encoding: str, separator: str) -> Iterator[int]:
    with file.open_utf8(encoding) as stream:
        found = records(text_lines(stream, file.name), separator)
        next(found, None)  # the header
        for record in found:
            yield record.line


class Places:
    """Row index over several files, in their order, to where the row stands in its own file."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._files: list[Callable[[int], str]] = []

    def begin(self, row: int, place: Callable[[int], str]) -> None:
        """From this row on, rows are of the file for which `place` speaks."""
        self._starts.append(row)
        self._files.append(place)

    def __call__(self, row: int) -> str:
        file = bisect_right(self._starts, row) - 1
        return self._files[file](row - self._starts[file])

    def after(self, first: int) -> Callable[[int], str]:
        """The same for a batch whose row 0 is the row `first` of the whole."""
        return lambda row: self(first + row)
