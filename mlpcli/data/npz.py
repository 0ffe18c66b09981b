"""Reads .npz files as data sets: without pickle, and with sizes checked before anything is allocated."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array, highest_pixel, model_values
from mlpcli.data.dataset import Kind, Rows, Source
from mlpcli.data.settings import choose_columns
from mlpcli.data.targets import encode_like, encode_targets
from mlpcli.errors import DataError
from mlpcli.files import check_unpacked_size, file_size, open_binary
from mlpcli.tables.other_files import LOOKED_AT, stands_for_another
from mlpcli.text import did_you_mean

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig


ARRAY_NAMES = ("x", "y", "x_train", "y_train", "x_test", "y_test", "class_names", "feature_names")
AGAIN = "write it again with numpy.savez"


def read_npz(path: Path) -> dict[str, Array]:
    """All arrays of an .npz file by name; only the names in ARRAY_NAMES are allowed.

    Raises:
        DataError: not an .npz file, cut off, damaged, an array of Python objects (pickle), a header that lies,
            or more than the free memory.
    """
    with open_binary(path) as file:
        if (what := stands_for_another(file.peek(LOOKED_AT)[:LOOKED_AT])) is not None:
            raise DataError(f"{path}: {what}")
        try:
            with zipfile.ZipFile(file) as archive:
                members = _members(path, archive)
                for info in members.values():
                    check_unpacked_size(path, info.file_size, info.compress_size)
                check_unpacked_size(path, sum(info.file_size for info in members.values()), file_size(file))
                return {name: _read_array(path, archive, info) for name, info in members.items()}
        except DataError:
            raise
        except zipfile.BadZipFile as error:
            raise DataError(f"{path}: is not an .npz file, or is truncated ({error}); {AGAIN}") from error
        except Exception as error:  # zipfile and numpy raise a dozen kinds on damaged bytes
            raise DataError(f"{path}: is damaged ({error}); {AGAIN}") from error


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name not in ARRAY_NAMES:
            raise DataError(
                f'{path}: holds an array "{name[:40]}"; allowed are {", ".join(ARRAY_NAMES)}; rename or leave out the'
                f" others{did_you_mean(name, ARRAY_NAMES)}"
            )
        if name in members:
            raise DataError(f'{path}: holds the array "{name}" twice; {AGAIN}')
        members[name] = info
    return members


def _read_array(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
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
        raise DataError(f"{path}: {info.filename} has the npy version {version}, which is not supported; {AGAIN}")
    if dtype.kind not in "biufUS":
        raise DataError(
            f"{path}: {info.filename} holds {dtype.name} values; only numbers, true/false and text are supported"
            " (never pickled Python objects); convert the array and save it again"
        )
    claimed, found = math.prod(shape) * dtype.itemsize, info.file_size - member.tell()
    if claimed != found or min(shape, default=0) < 0:
        raise DataError(
            f"{path}: the header of {info.filename} says {shape} values of {dtype.name}, {claimed:,} bytes,"
            f" but {found:,} are there; {AGAIN}"
        )


def load_npz(path: Path, data: DataConfig) -> Source:
    """Read a data set.

    x: (n, features) is a table, (n, h, w) or (n, h, w, c) are images. y: whole numbers, text or true/false are
    classes, floats a number. Optional class_names (then y holds indices into them) and feature_names.

    Raises:
        DataError: the file cannot be read, or its arrays do not fit each other.
        SettingError: a setting does not fit the file.
    """
    arrays = read_npz(path)
    x_name, y_name, has_test = _array_names(path, arrays)
    x, y = checked_pair(path, arrays, x_name, y_name)
    kind: Kind = "table" if x.ndim == 2 else "image"
    own_names = names_in(path, arrays, "class_names")
    y, class_names = encode_targets(f"{path}: {y_name}", y, data.task, own_names)
    test = _test_rows(path, arrays, Rows(x, y), class_names, own_names) if has_test else None
    features = feature_names_in(path, arrays, x.shape)
    columns = choose_columns(path.name, kind, features, data)
    if columns is not None and features is not None:
        x, features = x[:, columns], tuple(features[column] for column in columns)
        test = Rows(test.x[:, columns], test.y) if test else None
    pixel_max = highest_pixel(x) if kind == "image" else None
    return Source(path.stem, kind, Rows(x, y), test, class_names, features, pixel_max)


def checked_pair(path: Path, arrays: dict[str, Array], x_name: str, y_name: str) -> tuple[Array, Array]:
    """x in a type that models take, and y as it is; they must be there, fit each other and hold rows."""
    for name in (x_name, y_name):
        if name not in arrays:
            listed = ", ".join(arrays) or "no array"
            raise DataError(f"{path}: the array {name} is missing (it holds {listed}); save it with numpy.savez")
    x, y = arrays[x_name], arrays[y_name]
    if not 2 <= x.ndim <= 4 or y.ndim == 0:
        raise DataError(
            f"{path}: {x_name} has the shape {x.shape}, {y_name} {y.shape}; allowed are (rows, features),"
            " (rows, height, width) or (rows, height, width, channels), and one label per row"
        )
    if len(x) != len(y):
        raise DataError(f"{path}: {x_name} has {len(x):,} rows, but {y_name} {len(y):,}; they must be equal")
    if x.size == 0 or y.size == 0:
        raise DataError(f"{path}: holds no rows: {x_name} has the shape {x.shape}, {y_name} {y.shape}; save some")
    return model_values(f"{path}: {x_name}", x), y


def names_in(path: Path, arrays: dict[str, Array], name: str) -> tuple[str, ...] | None:
    """An array of unique names as a tuple; None if it is missing."""
    if name not in arrays:
        return None
    values = arrays[name]
    if values.ndim != 1 or values.dtype.kind != "U":
        raise DataError(f"{path}: {name} must be a one-dimensional array of text, numpy.array([...], str)")
    names = tuple(str(value) for value in values)
    doubled = next((text for text in names if names.count(text) > 1 or not text), None)
    if doubled is not None:
        raise DataError(f'{path}: {name} must hold unique, non-empty names; "{doubled}" is not')
    return names


def feature_names_in(path: Path, arrays: dict[str, Array], shape: tuple[int, ...]) -> tuple[str, ...] | None:
    """feature_names, one for each column of x (n, features)."""
    names = names_in(path, arrays, "feature_names")
    if names is not None and (len(shape) != 2 or len(names) != shape[1]):
        raise DataError(f"{path}: has {len(names)} feature_names for x of the shape {shape}; give one per column")
    return names


def _array_names(path: Path, arrays: dict[str, Array]) -> tuple[str, str, bool]:
    """The names of x and y for training, and whether a test set comes with them."""
    halves = [name for name in arrays if name.endswith(("_train", "_test"))]
    if halves and ("x" in arrays or "y" in arrays):
        raise DataError(f"{path}: holds both x or y and {', '.join(halves)}; keep either x, y or x_train, y_train")
    if not halves:
        return "x", "y", False
    return "x_train", "y_train", "x_test" in arrays or "y_test" in arrays


def _test_rows(
    path: Path,
    arrays: dict[str, Array],
    train: Rows,
    class_names: tuple[str, ...] | None,
    own_names: tuple[str, ...] | None,
) -> Rows:
    x, y = checked_pair(path, arrays, "x_test", "y_test")
    if x.shape[1:] != train.x.shape[1:]:
        raise DataError(
            f"{path}: x_train has the shape {train.x.shape}, x_test {x.shape}; they must agree but for the rows"
        )
    targets = encode_like(f"{path}: y_test", y, class_names, own_names)
    if targets.shape[1:] != train.y.shape[1:]:
        raise DataError(f"{path}: y_train has {train.y.shape[1:] or 1} targets, y_test {targets.shape[1:] or 1}")
    _check_seen(path, targets, train.y, class_names)
    return Rows(x, targets)


def _check_seen(path: Path, test: Array, train: Array, class_names: tuple[str, ...] | None) -> None:
    if class_names is None:
        return
    unseen = np.setdiff1d(test, train)
    if len(unseen):
        names = ", ".join(f'"{class_names[index]}"' for index in unseen[:10])
        raise DataError(f"{path}: y_test has classes without training rows: {names}; add training rows of them")
