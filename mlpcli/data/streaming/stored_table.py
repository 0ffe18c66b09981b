"""Encoded parts of a table in a folder: two plain files each, and a manifest that says what they are.

    manifest.json                preprocessing, notes, and for each file its shape, type, sha256 and moments
    train-x.bin   train-y.bin    float32 (rows, width); int64 class indices or float32 numbers (rows,), (rows, targets)
    validation-x.bin ... test-y.bin

The manifest is written last: a folder without one is unfinished.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlpcli import __version__
from mlpcli.arrays import Array, Moments, row_chunks
from mlpcli.data.streaming.disk_rows import DiskRows
from mlpcli.errors import DataError
from mlpcli.files import TEMPORARY_PREFIX, check_regular, read_json, write_json
from mlpcli.tables.table_files import table_files

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig
    from mlpcli.tables.preprocessing import Preprocessing


MANIFEST = "manifest.json"
LARGEST_MANIFEST_BYTES = 1 << 28
FORMAT = 2
SPOTS, SPOT_BYTES = 64, 4096
"""Places of a file that are compared when it is opened, so that zeros in place of rows are noticed at any size."""


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
        manifest = _manifest(folder / MANIFEST)
        if manifest["format"] != FORMAT:
            return None
        with contextlib.suppress(OSError):
            os.utime(folder / MANIFEST)  # the one that was not used for longest is the first to be removed
        parts = {name: _open(folder, *files) for name, files in manifest["parts"].items()}
        return StoredSet(parts, manifest["about"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, DataError):
        return None


def _manifest(path: Path) -> Any:
    """A pipe would be waited for without end, and a large file be read into memory: neither is opened."""
    status = path.stat()
    check_regular(path, status)
    if status.st_size > LARGEST_MANIFEST_BYTES:
        raise DataError(f"{path}: has {status.st_size:,} bytes")
    return read_json(path)


def file_names(part: str) -> tuple[str, str]:
    """The names of the files of x and y."""
    return f"{part}-x.bin", f"{part}-y.bin"


def _describe(rows: DiskRows) -> dict[str, Any]:
    return {
        "file": rows.path.name,
        "shape": list(rows.shape),
        "dtype": rows.dtype.str,
        "sha256": rows.digest,
        "spots": _spots(rows.path),
        "moments": rows.moments.as_json() if rows.moments is not None else None,
    }


def _spots(path: Path) -> str:
    """The sha256 of 64 pieces of a file, evenly spaced from its first to its last byte."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        last = max(0, os.fstat(file.fileno()).st_size - SPOT_BYTES)
        for start in dict.fromkeys(last * spot // (SPOTS - 1) for spot in range(SPOTS)):
            file.seek(start)
            digest.update(file.read(SPOT_BYTES))
    return digest.hexdigest()


def _open(folder: Path, x: dict[str, Any], y: dict[str, Any]) -> tuple[DiskRows, DiskRows]:
    """y in blocks of as many rows as x, so that both are read in step."""
    opened = _rows(folder, x, None, ("<f4",))
    numbers = _rows(folder, y, opened.block_rows, ("<f4", "<i8"))
    if opened.ndim != 2 or numbers.ndim not in (1, 2) or len(numbers) != len(opened):
        raise DataError(f"{folder}: x has the shape {opened.shape}, y {numbers.shape}")
    return opened, numbers


def _rows(folder: Path, said: dict[str, Any], block_rows: int | None, types: tuple[str, ...]) -> DiskRows:
    path = folder / Path(said["file"]).name
    shape = tuple(int(size) for size in said["shape"])
    if said["dtype"] not in types or min(shape) < 0:
        raise DataError(f"{path}: rows of the shape {shape} and the type {said['dtype']}")
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
        raise DataError(f"{path}: is not a regular file")
    if _spots(path) != said["spots"]:
        raise DataError(f"{path}: does not hold what was written")
    moments = Moments.from_json(said["moments"]) if said["moments"] is not None else None
    return DiskRows(path, shape, said["dtype"], moments, said["sha256"], block_rows)


class RowsWriter:
    """Appends batches (n, *row_shape); the file has its name only when it is whole.

    After `finish` there are the rows, with the sha256 of their bytes (as they lie in the file) and their moments per
    column. Memory: one batch.
    """

    def __init__(self, path: Path, row_shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        """Raises OSError where nothing can be written."""
        self.path, self.row_shape, self.dtype = path, row_shape, np.dtype(dtype)
        self.rows = 0
        self._moments: Moments | None = None
        self._digest = hashlib.sha256()
        self._temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")
        self._file = open(self._temporary, "wb")  # noqa: SIM115

    def append(self, values: Array) -> None:
        """Write these rows behind the others.

        Raises:
            OSError: the disk is full.
        """
        values = np.ascontiguousarray(values, self.dtype)
        if values.shape[1:] != self.row_shape:
            raise ValueError(f"rows of the shape {values.shape[1:]} in a file of {self.row_shape}")
        for chunk in row_chunks(values):
            self._count(values[chunk])
        self._digest.update(values.data)
        self._file.write(values.data)
        self.rows += len(values)

    def _count(self, values: Array) -> None:
        moments = Moments.of(values.reshape(len(values), -1).astype(np.float64))
        self._moments = moments if self._moments is None else self._moments.merged(moments)

    def finish(self) -> DiskRows:
        """Sync the file, give it its name, and open it for reading."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self.path)
        return DiskRows(self.path, (self.rows, *self.row_shape), self.dtype, self._moments, self._digest.hexdigest())

    def abandon(self) -> None:
        """Remove what was written; does nothing after `finish`."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


class PartWriter:
    """A context manager; what is not finished when it ends is removed."""

    def __init__(self, folder: Path, name: str, preprocessing: Preprocessing) -> None:
        x, y = (folder / file for file in file_names(name))
        target = preprocessing.target
        y_type = np.float32 if target.class_names is None else np.int64
        self._x = RowsWriter(x, (len(preprocessing.pass_through),), np.float32)
        self._y = RowsWriter(y, target.row_shape, y_type)

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in (self._x, self._y):
            writer.abandon()

    def append(self, x: Array, y: Array) -> None:
        """More rows: x (n, width), y (n,) or (n, targets)."""
        self._x.append(x)
        self._y.append(y)

    def finish(self) -> tuple[DiskRows, DiskRows]:
        """The rows, whole and on the disk."""
        return self._x.finish(), self._y.finish()


SETTINGS = (
    "target", "features", "exclude", "types", "missing", "date_format", "decimal", "na_values", "separator",
    "encoding", "header", "skip_rows", "comment", "skip_totals", "task", "validation", "test", "limit",
)  # fmt: skip
"""Of the `data` section, what decides about rows and columns, and how they are encoded."""


def set_key(paths: Iterable[Path], data: DataConfig, seed: int, preprocessing: Any = None) -> str:
    """32 hexadecimal digits, of the files (names, sizes, times of change), the settings, the seed and the version.

    `preprocessing` is that of a trained model, as JSON, where it is not to be fitted.

    Raises:
        DataError: the table does not exist.
    """
    files = [_identity(file) for path in paths for file in table_files(path)]
    settings = {name: getattr(data, name) for name in SETTINGS}
    if data.numeric_encoding is not None:
        settings["numeric_encoding"] = data.numeric_encoding.model_dump()
    if data.dates != "days":
        settings["dates"] = data.dates
    said = [FORMAT, __version__, files, settings, seed, preprocessing]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8")).hexdigest()[:32]


def _identity(file: Path) -> tuple[str, int, int]:
    status = file.stat()
    return str(file.absolute()), status.st_size, status.st_mtime_ns
