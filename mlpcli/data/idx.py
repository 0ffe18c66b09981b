"""Reads IDX files, the format of MNIST, alone or as a folder of four; plain or gzipped.

Format: http://yann.lecun.com/exdb/mnist/ -- two zero bytes, a type code, the number of dimensions,
each size as a big-endian 32-bit integer, the values in big-endian order.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal

import numpy as np

from mlpcli.arrays import Array, model_values
from mlpcli.data.catalog import DIGIT_NAMES
from mlpcli.data.dataset import Rows
from mlpcli.errors import DataError
from mlpcli.files import check_unpacked_size, file_size, open_binary
from mlpcli.tables.other_files import LOOKED_AT, stands_for_another

VALUE_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_DIMENSIONS = 4
GZIP_MAGIC = b"\x1f\x8b"
READ_BYTES = 1 << 20
AGAIN = "the file is damaged or truncated: download it again"


@dataclass(frozen=True)
class IdxHeader:
    """What an IDX file says of itself."""

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]

    @property
    def header_bytes(self) -> int:
        """Bytes before the values."""
        return 4 + 4 * len(self.shape)

    @property
    def value_bytes(self) -> int:
        """Bytes of values; a Python int, so no size can overflow."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_idx(path: str | Path) -> Array:
    """The array in an IDX file, in the machine's byte order; gzip is recognized by content, not by name.

    Raises:
        DataError: the file is missing, is not an IDX file, is shorter or longer than its header says, or does not fit
            into the free memory.
    """
    path = Path(path)
    with open_binary(path) as file:
        if (what := stands_for_another(file.peek(LOOKED_AT)[:LOOKED_AT])) is not None:
            raise DataError(f"{path}: {what}")
        if file.peek(2)[:2] == GZIP_MAGIC:
            return _read_gzip(path, file)
        header = read_header(path, file)
        expected, found = header.header_bytes + header.value_bytes, file_size(file)
        if found != expected:
            raise _wrong_length(path, header, found - header.header_bytes)
        check_unpacked_size(path, header.value_bytes, found)
        return _read_values(path, file, header)


def read_header(path: Path, file: BufferedReader | gzip.GzipFile) -> IdxHeader:
    """Read and check the magic number and the sizes."""
    magic = _read_exactly(path, file, 4)
    if magic[:2] != b"\0\0":
        raise DataError(
            f"{path}: bad magic number 0x{magic.hex()}: it is neither an IDX file (0x00000801 for labels, 0x00000803"
            " for images) nor gzip; choose another file or download it again"
        )
    if magic[2] not in VALUE_TYPES:
        known = ", ".join(f"0x{code:02x} {np.dtype(name).name}" for code, name in VALUE_TYPES.items())
        raise DataError(f"{path}: unknown value type 0x{magic[2]:02x} in its magic number; IDX has {known}; {AGAIN}")
    if not 1 <= magic[3] <= MOST_DIMENSIONS:
        raise DataError(f"{path}: its header says {magic[3]} dimensions; 1 to {MOST_DIMENSIONS} are allowed; {AGAIN}")
    shape = struct.unpack(f">{magic[3]}I", _read_exactly(path, file, 4 * magic[3]))
    if 0 in shape:
        raise DataError(f"{path}: is empty: its header says the sizes {_sizes(shape)}; use a file with rows")
    return IdxHeader(np.dtype(VALUE_TYPES[magic[2]]), shape)


def _read_gzip(path: Path, file: BufferedReader) -> Array:
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            header = read_header(path, unpacked)
            check_unpacked_size(path, header.value_bytes, file_size(file))
            return _read_values(path, unpacked, header)
    except EOFError as error:
        raise DataError(f"{path}: the gzip file is truncated; download it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: the gzip file is damaged ({error}); download it again") from error


def _read_values(path: Path, file: BufferedReader | gzip.GzipFile, header: IdxHeader) -> Array:
    """Exactly as many values as the header says: whatever else the file unpacks to is never read."""
    values = np.empty(header.shape, header.dtype)
    target = values.reshape(-1).view(np.uint8).data
    done = 0
    while done < len(target):
        count = file.readinto(target[done : done + READ_BYTES])
        if not count:
            raise _wrong_length(path, header, done)
        done += count
    if file.read(1):  # reading on to the end is also what makes gzip compare its checksum
        raise _wrong_length(path, header, None)
    return values.astype(header.dtype.newbyteorder("="), copy=False)


def _read_exactly(path: Path, file: BufferedReader | gzip.GzipFile, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise DataError(f"{path}: ends inside its header; {AGAIN}")
    return found


def _wrong_length(path: Path, header: IdxHeader, found: int | None) -> DataError:
    length = "more" if found is None else f"{found:,}"
    return DataError(
        f"{path}: its header says {_sizes(header.shape)} values of {header.dtype.name}, {header.value_bytes:,} bytes,"
        f" but the file holds {length}; {AGAIN}"
    )


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)


Half = Literal["train", "t10k"]
DIMENSIONS = {"images": 3, "labels": 1}


def read_idx_folder(
    folder: Path, class_names: tuple[str, ...] = DIGIT_NAMES, key: str = "data.source", test_required: bool = False
) -> tuple[Rows, Rows | None]:
    """Training and test rows of {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] (or with `.idx3-ubyte`).

    x: (n, h, w) uint8; y: (n,) int64 indices into class_names. The test pair may be missing unless it is required.
    `key` is the setting that named the folder.

    Raises:
        DataError: a file is missing or bad, the two of a pair differ in length, or a label is out of range.
    """
    train = read_idx_pair(folder, "train", class_names, key)
    if not test_required and not has_idx(folder, "t10k"):
        return train, None
    test = read_idx_pair(folder, "t10k", class_names, key)
    if train.x.shape[1:] != test.x.shape[1:]:
        raise DataError(
            f"{folder}: the training images are {_shape(train.x)}, the test images {_shape(test.x)}; they must agree"
        )
    return train, test


def has_idx(folder: Path, half: Half = "train") -> bool:
    """Whether the folder holds at least one IDX file of this half."""
    return any(find_idx(folder, half, what) for what in DIMENSIONS)


def has_whole_idx(folder: Path) -> bool:
    """Whether all four files are there."""
    return all(find_idx(folder, half, what) for half in ("train", "t10k") for what in DIMENSIONS)


def find_idx(folder: Path, half: str, what: str) -> Path | None:
    """The file of `what` ("images" or "labels"); the unpacked one where both are there."""
    return next((folder / name for name in idx_names(half, what) if (folder / name).exists()), None)


def idx_names(half: str, what: str) -> list[str]:
    """The names that such a file goes by."""
    number = DIMENSIONS[what]
    names = (f"{half}-{what}-idx{number}-ubyte", f"{half}-{what}.idx{number}-ubyte")
    return [name + end for name in names for end in ("", ".gz")]


def read_idx_pair(folder: Path, half: Half, class_names: tuple[str, ...], key: str) -> Rows:
    """Images and labels of one half as rows; arguments and errors as in `read_idx_folder`."""
    images, labels, label_path = read_idx_arrays(folder, half, key)
    _check_labels(label_path, labels, class_names)
    return Rows(images, labels.astype(np.int64))


def read_idx_arrays(folder: Path, half: Half, key: str) -> tuple[Array, Array, Path]:
    """Images and labels of one half as they are, and the path of the labels."""
    image_path, images = _read(folder, half, "images", key)
    label_path, labels = _read(folder, half, "labels", key)
    if len(images) != len(labels):
        raise DataError(
            f"{image_path} holds {len(images):,} images, but {label_path} {len(labels):,} labels;"
            " the two files must belong together"
        )
    return model_values(str(image_path), images), labels, label_path


def _read(folder: Path, half: str, what: str, key: str) -> tuple[Path, Array]:
    path = find_idx(folder, half, what)
    if path is None:
        names = ", ".join(idx_names(half, what))
        raise DataError(
            f"{folder}: the {what} file is missing (looked for {names}); put it there,"
            f" or set {key} to the folder that holds it"
        )
    values = read_idx(path)
    wanted, found = DIMENSIONS[what], values.ndim
    if (what == "labels") != (found == 1) or found == 2:
        raise DataError(f"{path}: has {found} dimensions ({_shape(values)}), but {what} have {wanted}; swap the files?")
    return path, values


def _check_labels(path: Path, labels: Array, class_names: tuple[str, ...]) -> None:
    if labels.dtype.kind not in "iu":
        raise DataError(f"{path}: holds {labels.dtype.name} values, but labels are whole numbers")
    wrong = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if len(wrong):
        raise DataError(
            f"{path}: label {labels[wrong[0]]} in row {wrong[0]} (from 0) is out of range: there are"
            f" {len(class_names)} classes, 0 to {len(class_names) - 1} ({len(wrong):,} such labels);"
            " correct the labels, or save data with other classes as .npz"
        )


def _shape(values: Array) -> str:
    return " x ".join(str(size) for size in values.shape)
