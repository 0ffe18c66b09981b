"""CIFAR-10 as its authors hand it out: the binary version, and the Python version without trusting its pickles."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.catalog import CIFAR10_NAMES, CIFAR_FILES
from mlpcli.data.dataset import Rows
from mlpcli.errors import DataError
from mlpcli.files import file_size, open_binary

PIXELS = 3 * 32 * 32
LARGEST_BATCH = 64 << 20
BINARY_FOLDER, PYTHON_FOLDER = "cifar-10-batches-bin", "cifar-10-batches-py"
PYTHON_FILES = tuple(name.removesuffix(".bin") for name in CIFAR_FILES)


def has_cifar10(folder: Path) -> bool:
    """Whether this folder, or the usual folder inside it, holds all batches of either version."""
    return _locate(folder) is not None


def read_cifar10_folder(folder: Path, key: str = "data.path") -> tuple[Rows, Rows]:
    """Training and test rows: x (n, 32, 32, 3) uint8, y (n,) int64 in 0..9.

    `folder` is the folder of the batches or the one above it.

    Raises:
        DataError: a batch is missing, damaged, or holds anything but images and labels.
    """
    found = _locate(folder)
    if found is None:
        raise DataError(
            f"{folder}: some of {', '.join(CIFAR_FILES)} (or the same without .bin) are missing;"
            f" put them there, or set {key} to the folder that holds them"
        )
    place, names, read = found
    batches = [read(place / name) for name in names]
    return _joined(batches[:-1]), _joined(batches[-1:])


def read_binary_batch(path: Path) -> Rows:
    """A batch of the binary version: per image one byte of label and 3 x 32 x 32 bytes of pixels."""
    with open_binary(path) as file:
        size = file_size(file)
        if size % (1 + PIXELS) or size > LARGEST_BATCH:
            raise DataError(
                f"{path}: has {size:,} bytes, but a batch is a multiple of {1 + PIXELS:,} (at most"
                f" {LARGEST_BATCH:,}); it is truncated or another file: download it again"
            )
        content = np.frombuffer(file.read(size), np.uint8)
    records = content.reshape(-1, 1 + PIXELS)
    return _rows(path, records[:, 1:], records[:, 0])


def read_python_batch(path: Path) -> Rows:
    """A batch of the Python version: a pickled dict with `data` (n, 3072) uint8 and `labels`."""
    with open_binary(path) as file:
        if file_size(file) > LARGEST_BATCH:
            raise DataError(
                f"{path}: has {file_size(file):,} bytes; a batch has at most {LARGEST_BATCH:,}: choose another"
            )
        try:
            content = _PlainUnpickler(path, file).load()
            pixels, labels = (content[b"data"].values(), np.array(content[b"labels"], np.int64))
        except DataError:
            raise
        except Exception as error:  # a damaged pickle can raise anything
            raise DataError(
                f"{path}: is damaged or not a CIFAR-10 batch ({error!r:.100}); download it again"
            ) from error
    return _rows(path, pixels, labels)


class _StoredArray:
    """Stands in for a pickled NumPy array: keeps what was stored and runs no code of NumPy's."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def values(self) -> Array:
        """The (n, 3072) uint8 array that was stored."""
        _, shape, dtype, fortran, content = self.state
        if dtype.name not in ("u1", "|u1") or fortran or not isinstance(content, bytes):
            raise ValueError("data is not an array of bytes")
        stored: Array = np.frombuffer(content, np.uint8).reshape(shape)
        return stored


class _StoredType:
    """Stands in for a pickled NumPy dtype; keeps its name, such as u1."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.name = name.decode("ascii") if isinstance(name, bytes) else name

    def __setstate__(self, state: Any) -> None:
        """Byte order and alignment do not matter to single bytes."""


class _PlainUnpickler(pickle.Unpickler):
    """Unpickles dicts, lists, numbers, bytes and arrays of bytes; every other name is refused, not imported."""

    def __init__(self, path: Path, file: BufferedReader) -> None:
        super().__init__(file, encoding="bytes")
        self.path = path

    def find_class(self, module: str, name: str) -> Any:
        """Called for every name in the pickle."""
        stand_in = _STAND_INS.get((module.removeprefix("numpy.core.").removeprefix("numpy._core."), name))
        if stand_in is None:
            raise DataError(
                f"{self.path}: asks for {module}.{name}, which CIFAR-10 batches do not need;"
                " the file may be malicious: download it again"
            )
        return stand_in


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("multiarray", "_reconstruct"): lambda *_: _StoredArray(),
    ("numpy", "ndarray"): _StoredArray,
    ("numpy", "dtype"): _StoredType,
    # How Python 3 writes bytes in the old pickle protocol 2.
    ("_codecs", "encode"): lambda text, _: text.encode("latin-1"),
}


def _locate(folder: Path) -> tuple[Path, tuple[str, ...], Callable[[Path], Rows]] | None:
    for inner, names, read in (
        (BINARY_FOLDER, CIFAR_FILES, read_binary_batch),
        (PYTHON_FOLDER, PYTHON_FILES, read_python_batch),
    ):
        for place in (folder, folder / inner):
            if all((place / name).is_file() for name in names):
                return place, names, read
    return None


def _rows(path: Path, pixels: Array, labels: Array) -> Rows:
    if pixels.shape != (len(labels), PIXELS) or len(labels) == 0:
        raise DataError(f"{path}: holds {len(labels)} labels for data of the shape {pixels.shape}; download it again")
    wrong = np.flatnonzero((labels < 0) | (labels >= len(CIFAR10_NAMES)))
    if len(wrong):
        raise DataError(
            f"{path}: label {labels[wrong[0]]} in row {wrong[0]} (from 0) is out of range 0 to 9; download it again"
        )
    return Rows(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels.astype(np.int64))


def _joined(batches: list[Rows]) -> Rows:
    # Left to itself, concatenate keeps the order of the file: pixels of a row would be gathered from three planes.
    x = np.empty((sum(len(batch.y) for batch in batches), *batches[0].x.shape[1:]), np.uint8)
    np.concatenate([batch.x for batch in batches], out=x)
    return Rows(x, np.concatenate([batch.y for batch in batches]))
