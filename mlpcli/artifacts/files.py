"""Files written beside their name and renamed over it: a reader never sees half a file."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlpcli.errors import OutputError

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
