"""A run's file opened within bounds: it may be swollen, a pipe, or a stranger's."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from mlpcli.errors import RunDirectoryError

MIB = 1 << 20
LARGEST_CONFIG = MIB
LARGEST_HISTORY = 512 * MIB
"""A million epochs, the most that a config allows, of some 25 columns."""
LARGEST_METRICS = 16 * MIB
LARGEST_EVALUATION = 256 * MIB
"""The confusion matrix of 5,000 classes."""
LARGEST_LAYERS = 16 * MIB
MOST_JSON_VALUES = 30_000_000
"""A short value costs Python many times the bytes of its text."""


@contextmanager
def open_run_file(path: Path, most: int) -> Iterator[BufferedReader]:
    """One of a run's files, open for the block, if it is a regular file of at most `most` bytes.

    Raises:
        RunDirectoryError: it is a pipe or a device (which may never end), larger, or cannot be read.
    """
    try:
        check_run_file(path, os.stat(path), most)
        with open(path, "rb") as file:
            yield file
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be read: {error.strerror}; check its permissions") from error


def check_run_file(path: Path, status: os.stat_result, most: int | None = None) -> None:
    """Refuse a pipe or a device, and a file of more than `most` bytes; a folder is left to whoever opens it.

    Raises:
        RunDirectoryError: with the size found and the largest that is read.
    """
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise RunDirectoryError(f"{path}: is a pipe or a device, not a file that a run wrote; remove or restore it")
    if most is not None and status.st_size > most and stat.S_ISREG(status.st_mode):
        raise RunDirectoryError(
            f"{path}: has {status.st_size:,} bytes, but at most {most:,} are read; restore it or train again"
        )


def read_run_text(path: Path, most: int) -> str:
    """All of a file in UTF-8 (raises as `open_run_file`).

    Raises:
        ValueError: it is not UTF-8, or grew beyond `most` bytes meanwhile.
    """
    with open_run_file(path, most) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return content.decode("utf-8")


def read_run_json(path: Path, most: int) -> Any:
    """The value in a JSON file (raises as `read_run_text`).

    Raises:
        ValueError: it is not JSON, or lists too many values.
    """
    text = read_run_text(path, most)
    values = sum(text.count(mark) for mark in ",[{")
    if values > MOST_JSON_VALUES:
        raise ValueError(f"it lists {values:,} values, but at most {MOST_JSON_VALUES:,} are read")
    return json.loads(text)
