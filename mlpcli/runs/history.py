"""history.csv: one row per epoch, appended as each epoch ends, and readable while it grows."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BufferedReader
from itertools import count
from pathlib import Path

from mlpcli.errors import RunDirectoryError
from mlpcli.files import cannot_write, replace_file, sync
from mlpcli.runs.run_file import LARGEST_HISTORY, open_run_file
from mlpcli.text import one_line

History = dict[str, list[float]]
"""Column name to one value per epoch; `epoch` counts from 1, `seconds` is the duration of the epoch."""
FIRST_COLUMNS = ("epoch", "seconds", "learning_rate")
MOST_ROWS = 1_000_000
"""The most epochs that a config allows."""
MOST_COLUMNS = 10_000
MOST_VALUES = 20_000_000
"""Of all columns; each costs Python 32 bytes."""
LONGEST_LINE = 1 << 20
LONGEST_REASON = 120


class HistoryWriter:
    """Appends a row per epoch; the header comes from the first row's keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []

    def go_on_after(self, epochs: int) -> History:
        """Keep the rows of the first `epochs` epochs, and append to them; returns them.

        Raises:
            RunDirectoryError: the file is damaged, or has fewer rows.
            OutputError: it cannot be written.
        """
        if not epochs:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return {}
        history = read_history(self.path)
        found = len(history.get("epoch", ()))
        if found < epochs:
            raise RunDirectoryError(
                f"{self.path}: has {found} epochs, but the checkpoint was made after {epochs}; restore the file, or"
                " delete the folder checkpoint/ beside it to train from the first epoch"
            )
        with open_run_file(self.path, LARGEST_HISTORY) as file:
            kept = b"".join(file.readline() for _ in range(epochs + 1))
        replace_file(self.path, lambda temporary: _write_bytes(temporary, kept))
        self.columns = list(history)
        return {name: values[:epochs] for name, values in history.items()}

    def sync(self) -> None:
        """Have the rows so far on the disk itself (raises as `append`)."""
        try:
            sync(self.path)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def append(self, row: Mapping[str, float]) -> None:
        """Add one epoch.

        Raises:
            OutputError: the disk is full or the folder is gone.
        """
        try:
            with open(self.path, "a", encoding="utf-8", newline="") as file:
                if not self.columns:
                    self.columns = list(row)
                    csv.writer(file).writerow(self.columns)
                csv.writer(file).writerow([shortest(row.get(column, math.nan)) for column in self.columns])
        except OSError as error:
            raise cannot_write(self.path, error) from error


def _write_bytes(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def read_history(path: Path) -> History:
    """Read what has been written so far; a half-written last row (of a running or killed run) is left out.

    Raises:
        RunDirectoryError: the file is not a history, or larger than one can be.
    """
    try:
        with open_run_file(path, LARGEST_HISTORY) as file:
            rows = csv.reader(_complete_lines(path, file))
            header = next(rows, [])
            if not header:
                return {}
            _check_header(path, header)
            columns = _columns(path, len(header), rows)
    except (UnicodeDecodeError, csv.Error) as error:
        raise RunDirectoryError(f"{path}: is not the history of a run: {error}") from error
    return dict(zip(header, columns, strict=True))


def _complete_lines(path: Path, file: BufferedReader) -> Iterator[str]:
    for number in count(1):
        line = file.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise RunDirectoryError(
                f"{path}:{number}: is damaged: a line of more than {LONGEST_LINE:,} bytes; restore it or train again"
            )
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        if not text.endswith("\n"):
            return
        yield text


def _check_header(path: Path, header: list[str]) -> None:
    if header[0] != "epoch":
        raise RunDirectoryError(f'{path}:1: is not the history of a run: the first column must be "epoch"')
    if len(header) > MOST_COLUMNS:
        raise RunDirectoryError(f"{path}:1: has {len(header):,} columns, but at most {MOST_COLUMNS:,} are read")


def _columns(path: Path, width: int, rows: Iterator[list[str]]) -> list[list[float]]:
    """The values by column, converted row by row: as texts, they would take many times the memory."""
    columns: list[list[float]] = [[] for _ in range(width)]
    most = min(MOST_ROWS, MOST_VALUES // width)
    for line, row in enumerate(rows, start=2):
        if len(row) != width:
            raise RunDirectoryError(
                f"{path}:{line}: is damaged: {len(row)} values for {width} columns; restore it or train again"
            )
        if line - 1 > most:
            raise RunDirectoryError(
                f"{path}: has more than {most:,} rows of {width:,} columns, the most that mlpcli reads; restore it or"
                " train again"
            )
        try:
            for column, cell in zip(columns, row, strict=True):
                column.append(float(cell))
        except ValueError as error:
            reason = one_line(error, LONGEST_REASON)
            raise RunDirectoryError(f"{path}: is damaged: {reason}; restore it or train again") from error
    return columns


def shortest(value: float) -> str:
    """The shortest text that reads back as the same number; whole numbers without a point.

    The same 32-bit number, where it is one: Keras's scores are, and 0.35 says the same as 0.3499999940395355.
    """
    import numpy as np

    if abs(value) < 1e15 and float(value).is_integer():
        return str(int(value))
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return str(single) if float(single) == value else repr(float(value))
