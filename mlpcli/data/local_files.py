"""Opening a user's data file: only regular files that are there, and sizes that fit the machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from mlpcli.errors import DataError

DEFLATE_RATIO = 1032
"""The most that zip and gzip can pack into one byte."""


@contextmanager
def open_binary(path: Path) -> Iterator[BufferedReader]:
    """Open a regular, non-empty file for reading.

    Raises:
        DataError: it is missing, a folder, a pipe or a device, empty, or cannot be read.
    """
    with reading(path):
        check_regular(path, path.stat())
        with open(path, "rb") as file:
            yield file


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what the system says about a file or folder into a DataError that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path}: not found; check the path") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{path}: cannot be read: {reason}; check the file and its permissions") from error


def check_regular(path: Path, status: os.stat_result) -> None:
    """Refuse folders, pipes and devices (which may never end), and empty files."""
    if stat.S_ISDIR(status.st_mode):
        raise DataError(f"{path}: is a folder; a file is expected here")
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{path}: is a pipe or a device; save the data to a regular file first")
    if status.st_size == 0:
        raise DataError(f"{path}: is empty (0 bytes); download or write it again")


def file_size(file: BufferedReader) -> int:
    """Size in bytes of an open file."""
    return os.fstat(file.fileno()).st_size


def check_unpacked_size(path: Path, unpacked: int, packed: int) -> None:
    """Refuse a header that claims more than `packed` bytes can hold, or more than the machine's memory.

    Raises:
        DataError: before anything is allocated.
    """
    if unpacked > DEFLATE_RATIO * packed + DEFLATE_RATIO:
        raise DataError(
            f"{path}: its header claims {unpacked:,} bytes of values, which cannot come out of the {packed:,} bytes"
            " in the file; it is damaged or cut off: download or write it again"
        )
    memory = physical_memory()
    if memory is not None and unpacked > memory:
        raise DataError(
            f"{path}: holds {unpacked:,} bytes of values, but this machine has {memory:,} bytes of memory;"
            " use a smaller file"
        )


def physical_memory() -> int | None:
    """Bytes of memory of this machine, or None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
