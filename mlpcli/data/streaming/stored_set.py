"""Encoded parts of a table in a folder: two plain files each, and a manifest that says what they are.

    manifest.json                preprocessing, notes, and for each file its shape, type, sha256 and moments
    train-x.bin   train-y.bin    float32 (rows, width); int64 class indices or float32 numbers (rows,)
    validation-x.bin ... test-y.bin

The manifest is written last: a folder without one is unfinished.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.artifacts.files import read_json, write_json
from mlpcli.data.streaming.disk_rows import DiskRows
from mlpcli.data.streaming.moments import Moments
from mlpcli.errors import DataError

MANIFEST = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class StoredSet:
    """parts: name to (x, y); about: whatever else was to be kept, as JSON."""

    parts: dict[str, tuple[DiskRows, DiskRows]]
    about: dict[str, Any]


def write_manifest(folder: Path, parts: dict[str, tuple[DiskRows, DiskRows]], about: dict[str, Any]) -> None:
    """Finish a folder whose files are written."""
    files = {name: [_describe(x), _describe(y)] for name, (x, y) in parts.items()}
    write_json(folder / MANIFEST, {"format": FORMAT, "parts": files, "about": about})


def read_set(folder: Path) -> StoredSet | None:
    """Open a folder; None where it is not there, unfinished, damaged, or of another format: to be made anew."""
    try:
        manifest = read_json(folder / MANIFEST)
        if manifest["format"] != FORMAT:
            return None
        with contextlib.suppress(OSError):
            os.utime(folder / MANIFEST)  # the one that was not used for longest is the first to be removed
        parts = {name: _open(folder, *files) for name, files in manifest["parts"].items()}
        return StoredSet(parts, manifest["about"])
    except (OSError, ValueError, KeyError, TypeError, DataError):
        return None


def file_names(part: str) -> tuple[str, str]:
    """The names of the files of x and y."""
    return f"{part}-x.bin", f"{part}-y.bin"


def _describe(rows: DiskRows) -> dict[str, Any]:
    return {
        "file": rows.path.name,
        "shape": list(rows.shape),
        "dtype": rows.dtype.str,
        "sha256": rows.digest,
        "moments": rows.moments.as_json() if rows.moments is not None else None,
    }


def _open(folder: Path, x: dict[str, Any], y: dict[str, Any]) -> tuple[DiskRows, DiskRows]:
    """y in blocks of as many rows as x, so that both are read in step."""
    opened = _rows(folder, x, None)
    return opened, _rows(folder, y, opened.block_rows)


def _rows(folder: Path, said: dict[str, Any], block_rows: int | None) -> DiskRows:
    moments = Moments.from_json(said["moments"]) if said["moments"] is not None else None
    shape = tuple(int(size) for size in said["shape"])
    return DiskRows(folder / Path(said["file"]).name, shape, said["dtype"], moments, said["sha256"], block_rows)
