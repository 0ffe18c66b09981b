"""history.csv: one row per epoch, appended as each epoch ends, and readable while it grows."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from mlpcli.errors import OutputError, RunDirectoryError


History = dict[str, list[float]]
"""Column name to one value per epoch; `epoch` counts from 1, `seconds` is the duration of the epoch."""
FIRST_COLUMNS = ("epoch", "seconds", "learning_rate")


class HistoryWriter:
    """Appends a row per epoch; the header comes from the first row's keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []

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
                csv.writer(file).writerow([_shortest(row.get(column, math.nan)) for column in self.columns])
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}; free some space") from error


def read_history(path: Path) -> History:
    """Read what has been written so far; a half-written last row (of a running or killed run) is left out.

    Raises:
        RunDirectoryError: the file is not a history.
    """
    rows = _complete_rows(path)
    if not rows:
        return {}
    header, body = rows[0], rows[1:]
    if header[:1] != ["epoch"]:
        raise RunDirectoryError(f'{path}:1: is not the history of a run: the first column must be "epoch"')
    for line, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise RunDirectoryError(
                f"{path}:{line}: is damaged: {len(row)} values for {len(header)} columns; restore it or train again"
            )
    try:
        return {name: [float(row[column]) for row in body] for column, name in enumerate(header)}
    except ValueError as error:
        raise RunDirectoryError(f"{path}: is damaged: {error}; restore it or train again") from error


def _complete_rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return list(csv.reader(text[: text.rfind("\n") + 1].splitlines()))
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RunDirectoryError(f"{path}: is not the history of a run: {error}") from error


def _shortest(value: float) -> str:
    """The shortest text that reads back as the same number; whole numbers without a point.

    The same 32-bit number, where it is one: Keras's scores are, and 0.35 says the same as 0.3499999940395355.
    """
    import numpy as np

    if abs(value) < 1e15 and float(value).is_integer():
        return str(int(value))
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return str(single) if float(single) == value else repr(float(value))
