"""IDX files, the format of MNIST: a magic number, the sizes, then the values; plain or gzipped.

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

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.data.local_files import check_unpacked_size, file_size, open_binary
from mlpcli.errors import DataError

VALUE_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_DIMENSIONS = 4
GZIP_MAGIC = b"\x1f\x8b"
READ_BYTES = 1 << 20
AGAIN = "the file is damaged or cut off: download it again"


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
        DataError: the file is missing, is no IDX file, or is shorter or longer than its header says.
    """
    path = Path(path)
    with open_binary(path) as file:
        if file.peek(2)[:2] == GZIP_MAGIC:
            return _read_gzip(path, file)
        header = read_header(path, file)
        expected, found = header.header_bytes + header.value_bytes, file_size(file)
        if found != expected:
            raise _wrong_length(path, header, found - header.header_bytes)
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
        raise DataError(f"{path}: holds nothing: its header says the sizes {_sizes(shape)}; use a file with rows")
    return IdxHeader(np.dtype(VALUE_TYPES[magic[2]]), shape)


def _read_gzip(path: Path, file: BufferedReader) -> Array:
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            header = read_header(path, unpacked)
            check_unpacked_size(path, header.value_bytes, file_size(file))
            return _read_values(path, unpacked, header)
    except EOFError as error:
        raise DataError(f"{path}: the gzip file is cut off; download it again") from error
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
