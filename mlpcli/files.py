"""Files written beside their name and renamed over it: a reader never sees half a file."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from mlpcli.errors import DataError, OutputError, UserError
from mlpcli.machine import physical_memory

TEMPORARY_PREFIX = ".tmp-"


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, sync it, and rename it over `path`.

    The temporary name keeps the extension, because Keras chooses its format by it.

    Raises:
        OutputError: the file cannot be written; what stood at `path` before is untouched.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")
    try:
        write(temporary)
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{path}: cannot be written: {reason}; free some space or choose another folder") from error
    finally:
        with contextlib.suppress(OSError):  # where the folder itself is gone, the first error is the one to read
            temporary.unlink(missing_ok=True)


def reserve(path: Path, size: int) -> None:
    """Find out whether the disk has room for a file of `size` bytes, for a writer that crashes where there is none.

    HDF5 does: libhdf5 ends the process with a segmentation fault when a disk fills up under it.

    Raises:
        OSError: there is no room.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    with open(path, "wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
                raise
        file.truncate(0)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text in one piece."""
    replace_file(path, lambda temporary: _write_utf8(temporary, text))


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON in one piece; letters of any script stay readable."""
    write_text(path, json.dumps(strict(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def strict(value: Any) -> Any:
    """The value with null for NaN and infinity, for which JSON has no words: a metric may be undefined on some data."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: strict(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(entry) for entry in value]
    return value


def read_json(path: Path) -> Any:
    """Read a JSON file that mlpcli wrote."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _write_utf8(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _sync(path: Path) -> None:
    """Flush a file or a folder to the disk; Windows opens no folders, and needs no such sync for them."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


STANDARD_OUTPUT = Path("-")
"""As `--output`: no file is written."""


def check_folder(folder: Path) -> None:
    """Raises UserError where there is no such folder."""
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; make it first, or choose another --output")


def check_free(path: Path) -> None:
    """Raises UserError where something of that name is there, be it a link to nowhere."""
    if path.exists() or path.is_symlink():
        raise UserError(
            f"{path}: is there already and is not overwritten; choose another name with --output, or delete it"
        )


@contextlib.contextmanager
def new_file(path: Path, text: str) -> Iterator[None]:
    """A new UTF-8 file with this text, line ends as they are, which is removed again if what follows fails.

    Raises:
        UserError: the file is there.
        OutputError: it cannot be written; nothing is left of it.
    """
    try:
        with open(path, "x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        check_free(path)
        raise
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another place with --output") from error
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
