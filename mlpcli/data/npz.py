"""Reading .npz files that may come from anyone: no pickle, and sizes checked before anything is allocated."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.data.local_files import check_unpacked_size, open_binary
from mlpcli.errors import DataError, did_you_mean

ARRAY_NAMES = ("x", "y", "x_train", "y_train", "x_test", "y_test", "class_names", "feature_names")
AGAIN = "write it again with numpy.savez"


def read_npz(path: Path) -> dict[str, Array]:
    """All arrays of an .npz file by name; only the names in ARRAY_NAMES are allowed.

    Raises:
        DataError: not an .npz file, cut off, damaged, an array of Python objects (pickle), a header that lies.
    """
    with open_binary(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return {name: _read_array(path, archive, info) for name, info in _members(path, archive).items()}
        except DataError:
            raise
        except zipfile.BadZipFile as error:
            raise DataError(f"{path}: is no .npz file, or is cut off ({error}); {AGAIN}") from error
        except Exception as error:  # zipfile and numpy raise a dozen kinds on damaged bytes
            raise DataError(f"{path}: is damaged ({error}); {AGAIN}") from error


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name not in ARRAY_NAMES:
            raise DataError(
                f'{path}: holds an array "{name[:40]}"{did_you_mean(name, ARRAY_NAMES)}; allowed are'
                f" {', '.join(ARRAY_NAMES)}; rename or leave out the others"
            )
        if name in members:
            raise DataError(f'{path}: holds the array "{name}" twice; {AGAIN}')
        members[name] = info
    return members


def _read_array(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    check_unpacked_size(path, info.file_size, info.compress_size)
    with archive.open(info) as member:
        _check_header(path, member, info)
    with archive.open(info) as member:
        array: Array = np.lib.format.read_array(member, allow_pickle=False)
    return array


def _check_header(path: Path, member: IO[bytes], info: zipfile.ZipInfo) -> None:
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    else:
        raise DataError(f"{path}: {info.filename} has the npy version {version}, which is not read; {AGAIN}")
    if dtype.kind not in "biufUS":
        raise DataError(
            f"{path}: {info.filename} holds {dtype.name} values; only numbers, true/false and text are read"
            " (never pickled Python objects); convert the array and save it again"
        )
    claimed, found = math.prod(shape) * dtype.itemsize, info.file_size - member.tell()
    if claimed != found or min(shape, default=0) < 0:
        raise DataError(
            f"{path}: the header of {info.filename} says {shape} values of {dtype.name}, {claimed:,} bytes,"
            f" but {found:,} are there; {AGAIN}"
        )
