"""MLPCLI_DATA: a folder of data sets, where files are looked for that are not where a config or a command says."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from mlpcli.errors import DataError

VARIABLE = "MLPCLI_DATA"

_FOLDERS: dict[str, tuple[str, ...]] = {
    "mnist": ("mnist", "MNIST/raw"),
    "fashion_mnist": ("fashion-mnist", "fashion_mnist", "FashionMNIST/raw"),
    "cifar10": ("cifar10", "cifar-10", "cifar_10", ""),
}
"""What people call the folder of a built-in set; the authors' own archive of CIFAR-10 brings its name."""

_CIFAR_FOLDERS = ("", "cifar-10-batches-bin", "cifar-10-batches-py")
_IDX = {f"{half}-{what}-ubyte" for half in ("train", "t10k") for what in ("images-idx3", "labels-idx1")}
_BATCHES = {*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"}


def data_folder() -> Path | None:
    """The folder that the variable names, absolute; None where it is not set, or empty.

    Raises:
        DataError: there is no such folder, or it may not be looked into.
    """
    setting = os.environ.get(VARIABLE, "").strip()
    if not setting:
        return None
    folder = os.path.abspath(os.path.expanduser(setting))
    if not os.path.isdir(folder):
        found = "is a file" if os.path.exists(folder) else "does not exist"
        raise DataError(f"{folder}: {found}, and {VARIABLE} names it as the folder of data sets; correct {VARIABLE}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise DataError(f"{folder}: cannot be looked into, and {VARIABLE} names it; check its permissions")
    return Path(folder)


def located(name: str | Path, beside: Path = Path()) -> Path:
    """Where a file, folder or glob is: at its path from the folder `beside`, else below MLPCLI_DATA.

    Where it is at neither, the first is returned, for whoever reads it to say that it is not there.

    Raises:
        DataError: MLPCLI_DATA had to be asked, and is no folder.
    """
    path = Path(os.path.expanduser(name))
    first = beside / path
    return first if _is_there(first) else find_data(path) or first


def find_data(name: str | Path) -> Path | None:
    """The absolute path of `name` in MLPCLI_DATA, or in one of the folders right inside it; None where it is in none.

    `name` is a relative path, or a glob; what is absolute, or leads out of the folder, is not looked for.

    Raises:
        DataError: MLPCLI_DATA is no folder.
    """
    path = Path(name)
    if path.anchor or ".." in path.parts or not path.parts:
        return None
    is_pattern = glob.has_magic(str(path))
    for place in _places():
        if os.path.lexists(place / path):
            return place / path
        pattern = Path(glob.escape(str(place))) / path
        if is_pattern and _is_there(pattern):
            return pattern
    return None


def find_built_in(name: str) -> Path | None:
    """Where MLPCLI_DATA holds all files of mnist, fashion_mnist or cifar10: their folder, or NAME.npz; else None.

    Raises:
        DataError: MLPCLI_DATA is no folder.
    """
    inner = _CIFAR_FOLDERS if name == "cifar10" else ("",)
    for place in _places() if name in _FOLDERS else ():
        for folder in dict.fromkeys(place / called / deeper for called in _FOLDERS[name] for deeper in inner):
            if _is_whole(name, _files_in(folder)):
                return folder
        for npz in (place / f"{name}.npz", *(place / called / f"{name}.npz" for called in _FOLDERS[name])):
            if npz.is_file():
                return npz
    return None


def _places() -> Iterator[Path]:
    """The folder itself, then the folders right inside it by name; hidden ones are nobody's data."""
    folder = data_folder()
    if folder is not None:
        yield folder
        with os.scandir(folder) as entries:
            yield from sorted(
                Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(".")
            )


def _is_there(path: Path) -> bool:
    return os.path.lexists(path) or next(glob.iglob(str(path), recursive=True), None) is not None


def _files_in(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _is_whole(name: str, files: set[str]) -> bool:
    """By the names alone, as data/idx_folder.py and data/cifar.py know them; whoever reads them finds what is bad."""
    if name == "cifar10":
        return files >= _BATCHES or files >= {f"{batch}.bin" for batch in _BATCHES}
    return {file.removesuffix(".gz").replace(".idx", "-idx") for file in files} >= _IDX
