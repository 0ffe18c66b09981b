"""mnist, fashion_mnist and cifar10: from data.path, MLPCLI_DATA or Keras's cache, or downloaded by keras.datasets."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.catalog import BuiltIn
from mlpcli.data.cifar import has_cifar10, read_cifar10_folder
from mlpcli.data.dataset import Rows, Source
from mlpcli.data.idx import has_whole_idx, read_idx_folder
from mlpcli.data.npz import checked_pair, read_npz
from mlpcli.data.settings import choose_columns
from mlpcli.data.targets import class_labels, indices_in_range
from mlpcli.data_folder import VARIABLE, find_built_in, incomplete_set
from mlpcli.errors import DataError

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig


def load_downloaded(built_in: BuiltIn, data: DataConfig) -> Source:
    """Load one of the sets that Keras downloads.

    Raises:
        DataError: a file is missing or bad, or the download is impossible; names the files and data.path.
        SettingError: data.features, data.exclude or data.target, which images do not have.
    """
    choose_columns(built_in.name, built_in.kind, built_in.feature_names, data)
    place = place_of(built_in.name, data)
    train, test = _downloaded(built_in) if place is None else _read_place(built_in, place)
    return Source(built_in.name, "image", train, test, built_in.class_names, None, built_in.pixel_max)


def place_of(name: str, data: DataConfig) -> Path | None:
    """The folder or file that holds a set: data.path, else in MLPCLI_DATA, else Keras's cache; None: to be downloaded.

    Raises:
        DataError: MLPCLI_DATA is not a folder.
    """
    return Path(data.path) if data.path is not None else find_built_in(name) or cached_files(name)


def cached_files(name: str) -> Path | None:
    """Where an earlier download by Keras left the set, or None."""
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
    if name == "mnist" and (cache / "mnist.npz").is_file():
        return cache / "mnist.npz"
    if name == "fashion_mnist" and has_whole_idx(cache / "fashion-mnist"):
        return cache / "fashion-mnist"
    folders = [cache / "cifar-10-batches-py-target", cache] if name == "cifar10" else []
    return next((folder for folder in folders if has_cifar10(folder)), None)


def _read_place(built_in: BuiltIn, place: Path) -> tuple[Rows, Rows]:
    npz = place / f"{built_in.name}.npz"
    if place.is_file() or npz.is_file():
        return _from_npz(built_in, place if place.is_file() else npz)
    if not place.is_dir():
        raise DataError(
            f"{place}: not found; set data.path to the folder that holds {', '.join(built_in.files)},"
            f" or leave data.path out, {_call_it(built_in)}"
        )
    if built_in.name == "cifar10":
        return read_cifar10_folder(place)
    train, test = read_idx_folder(place, built_in.class_names or (), "data.path", test_required=True)
    assert test is not None
    return train, test


def _from_npz(built_in: BuiltIn, path: Path) -> tuple[Rows, Rows]:
    arrays = read_npz(path)
    return _npz_rows(built_in, path, arrays, "train"), _npz_rows(built_in, path, arrays, "test")


def _npz_rows(built_in: BuiltIn, path: Path, arrays: dict[str, np.ndarray], half: str) -> Rows:
    x, y = checked_pair(path, arrays, f"x_{half}", f"y_{half}")
    if x.shape[1:] != built_in.input_shape or x.dtype != np.uint8:
        raise DataError(
            f"{path}: x_{half} is {x.dtype} of the shape {x.shape}, but {built_in.name} is uint8 of (rows,"
            f" {', '.join(str(size) for size in built_in.input_shape)}); download it again"
        )
    where = f"{path}: y_{half}"
    labels = class_labels(where, y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y)
    return Rows(x, indices_in_range(where, labels, built_in.class_names or ()))


def _downloaded(built_in: BuiltIn) -> tuple[Rows, Rows]:
    try:
        from mlpcli.backend import keras_datasets

        (x_train, y_train), (x_test, y_test) = keras_datasets(built_in.name)
    except Exception as error:  # whatever the network, a proxy or a full disk raises: the way out is the same
        first = error.__cause__ or error
        cause = (str(first).splitlines() or [type(first).__name__])[0][:200]
        incomplete = incomplete_set(built_in.name)
        raise DataError(
            f"{built_in.name}: could not be downloaded ({cause}); {f'{incomplete}; ' if incomplete else ''}"
            f"fetch {', '.join(built_in.files)} elsewhere"
            f" and set data.path to the folder that holds them, or {_call_it(built_in)}"
        ) from error
    return (
        Rows(x_train, np.asarray(y_train).reshape(-1).astype(np.int64)),
        Rows(x_test, np.asarray(y_test).reshape(-1).astype(np.int64)),
    )


def _call_it(built_in: BuiltIn) -> str:
    return f"name that folder {built_in.name} and set {VARIABLE} to its parent folder"


def load_bundled(built_in: BuiltIn, data: DataConfig) -> Source:
    """Load one of scikit-learn's sets; it has no separate test rows.

    Raises:
        SettingError: data.features, data.exclude or data.target does not fit it.
    """
    columns = choose_columns(built_in.name, built_in.kind, built_in.feature_names, data)
    x, y = _arrays(built_in)
    names = built_in.feature_names
    if columns is not None and names is not None:
        x, names = (np.ascontiguousarray(x[:, columns]), tuple(names[column] for column in columns))
    return Source(built_in.name, built_in.kind, Rows(x, y), None, built_in.class_names, names, built_in.pixel_max)


def _arrays(built_in: BuiltIn) -> tuple[Array, Array]:
    """Reads scikit-learn's files where they lie: importing its loaders takes longer than training on what they load."""
    if built_in.name == "digits":
        table = _numbers("digits.csv.gz", ",")
        # Their values are whole numbers from 0 to 16.
        return table[:, :-1].reshape(-1, 8, 8).astype(np.uint8), table[:, -1].astype(np.int64)
    if built_in.name == "diabetes":
        x, y = _numbers("diabetes_data_raw.csv.gz"), _numbers("diabetes_target.csv.gz")
        return x.astype(np.float32), y.astype(np.float32)
    table = _numbers("wine_data.csv" if built_in.name == "wine" else f"{built_in.name}.csv", ",", header=1)
    return table[:, :-1].astype(np.float32), table[:, -1].astype(np.int64)


@lru_cache(maxsize=2)  # the seeds of a series read the same files; diabetes has two
def _numbers(file: str, separator: str | None = None, header: int = 0) -> Array:
    """The numbers (rows, columns), or (rows,), float64, of a file in sklearn/datasets/data; not to be changed."""
    package = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "datasets" / "data" / file
    numbers = np.loadtxt(path, delimiter=separator, skiprows=header, encoding="utf-8")
    numbers.flags.writeable = False
    return numbers
