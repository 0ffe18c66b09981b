"""Reads a user's files safely; writes our own in one piece, so that a reader never sees half a file."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePath
from typing import Any

from mlpcli.errors import DataError, OutputError, UserError
from mlpcli.machine import available_memory
from mlpcli.text import escaped, nearest, visible_json

TEMPORARY_PREFIX = ".tmp-"
_synced: ContextVar[bool] = ContextVar("synced", default=True)


@contextmanager
def unsynced() -> Iterator[None]:
    """A context in which files are written in one piece as ever, but not forced to the disk, which takes milliseconds.

    For what can be made again: a killed process loses nothing by it, only a power cut does.
    """
    before = _synced.set(False)
    try:
        yield
    finally:
        _synced.reset(before)


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, sync it, and rename it over `path`.

    The temporary name keeps the extension, because Keras chooses the format by it.

    Raises:
        OutputError: the file cannot be written; an earlier file at `path` is unchanged.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")
    try:
        write(temporary)
        if _synced.get():
            sync(temporary)
        os.replace(temporary, path)
        if _synced.get():
            sync(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):  # if the folder itself is gone, the first error says so
            temporary.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> OutputError:
    """What is said of a file that cannot be written, for whatever reason."""
    advice = "free some space or choose another folder"
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        advice = "its folder was removed"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = "check the permissions of its folder, or choose another folder"
    return OutputError(f"{path}: cannot be written: {error.strerror or error}; {advice}")


def reserve(path: Path, size: int) -> None:
    """Check that the disk has room for a file of `size` bytes, before libhdf5 writes it.

    libhdf5 ends the process with a segmentation fault when the disk fills up.

    Raises:
        OSError: there is not enough space.
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
    write_text(path, json_text(value, indent=2) + "\n")


def json_text(value: Any, indent: int | None = None, ascii_only: bool = False) -> str:
    """Strict JSON that is safe to print: Hangul stays readable, control characters of all kinds are escaped."""
    return visible_json(json.dumps(strict(value), ensure_ascii=ascii_only, indent=indent, allow_nan=False))


def strict(value: Any) -> Any:
    """The value with None for NaN and infinity, which JSON cannot represent; a metric may be undefined on some data."""
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


def sync(path: Path) -> None:
    """Flush a file or a folder to the disk; Windows opens no folders, and needs no such sync for them."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


DEFLATE_RATIO = 1032
"""The largest compression ratio of zip and gzip."""


@dataclass(frozen=True, eq=False, repr=False)
class MemoryFile:
    """A file that is in memory only, as it was sent; it is read where a path is. name: in messages, with its ending."""

    name: str
    content: bytes

    def __str__(self) -> str:
        return self.name

    @property
    def suffix(self) -> str:
        return PurePath(self.name).suffix

    @property
    def suffixes(self) -> list[str]:
        return PurePath(self.name).suffixes


AnyFile = Path | MemoryFile


@contextmanager
def open_binary(path: AnyFile) -> Iterator[BufferedReader]:
    """Open a regular, non-empty file for reading.

    Raises:
        DataError: it is missing, a folder, a pipe or a device, empty, or cannot be read.
    """
    if isinstance(path, MemoryFile):
        if not path.content:
            raise DataError(f"{path}: is empty (0 bytes); send it again")
        yield io.BufferedReader(io.BytesIO(path.content))
        return
    with reading(path):
        check_regular(path, path.stat())
        with open(path, "rb") as file:
            yield file


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """A context that turns an OSError about a file or folder into a DataError that names it."""
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
    if isinstance(file.raw, io.BytesIO):
        return file.raw.getbuffer().nbytes
    return os.fstat(file.fileno()).st_size


def check_unpacked_size(path: Path, unpacked: int, packed: int) -> None:
    """Refuse a header that claims more than `packed` bytes can contain, or more than the memory that is free.

    Raises:
        DataError: before anything is allocated.
    """
    if unpacked > DEFLATE_RATIO * packed + DEFLATE_RATIO:
        raise DataError(
            f"{path}: its header claims {unpacked:,} bytes of values, more than the {packed:,} bytes of the file"
            " can contain; it is damaged or truncated: download or write it again"
        )
    free = available_memory()
    if free is not None and unpacked > free:
        raise DataError(
            f"{path}: holds {unpacked:,} bytes of values, but {free:,} bytes of memory are free; use a smaller file"
        )


STANDARD_OUTPUT = Path("-")
"""For --output: write to standard output, not to a file."""


def missing_folder(missing: Path) -> str:
    """`; the folder data does not exist either` where a missing file's folder is missing, too, else ""."""
    if missing.parent.is_dir():
        return ""
    return f"; the folder {escaped(str(missing.parent), spaces=True)} does not exist either"


def near_file(missing: Path) -> str:
    """`; did you mean "a.csv"?` for a file beside a missing one; their names are similar without the endings, too.

    "" if there is none.
    """
    try:
        stems = {Path(name).stem: name for name in sorted(os.listdir(missing.parent))}
    except OSError:
        return ""
    near = nearest(missing.stem, stems)
    return f'; did you mean "{escaped(stems[near], spaces=True)}"?' if near else ""


def check_folder(folder: Path) -> None:
    """Raise a UserError if the folder does not exist."""
    if not folder.is_dir():
        raise UserError(f"{folder}: the folder does not exist; create it first, or choose another --output")


def check_free(path: Path) -> None:
    """Raise a UserError if the path exists, even as a broken link."""
    if path.exists() or path.is_symlink():
        raise UserError(
            f"{path}: already exists and is not overwritten; choose another name with --output, or delete it"
        )


@contextlib.contextmanager
def new_file(path: Path, text: str) -> Iterator[None]:
    """Write a new UTF-8 file with this text (line ends unchanged); it is removed if the body of the context fails.

    Raises:
        UserError: the file exists.
        OutputError: it cannot be written; no partial file is left.
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
