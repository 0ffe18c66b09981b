"""MLPCLI_DATA, a folder of data sets: the second place to look for a file, and advice if it is nowhere."""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mlpcli.errors import DataError
from mlpcli.globs import any_match

VARIABLE = "MLPCLI_DATA"
_FOLDERS: dict[str, tuple[str, ...]] = {
    "mnist": ("mnist", "MNIST/raw"),
    "fashion_mnist": ("fashion-mnist", "fashion_mnist", "FashionMNIST/raw"),
    "cifar10": ("cifar10", "cifar-10", "cifar_10", ""),
}
"""Usual names of the folder of each built-in set; "" for CIFAR-10, whose archive brings its own folder."""
_CIFAR_FOLDERS = ("", "cifar-10-batches-bin", "cifar-10-batches-py")
_MOST_NAMED = 5
"""The most folders named in a message."""
_IDX = {f"{half}-{what}-ubyte" for half in ("train", "t10k") for what in ("images-idx3", "labels-idx1")}
_BATCHES = {*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"}


def data_folder() -> Path | None:
    """The folder that the variable names, absolute; None if it is unset or empty.

    Raises:
        DataError: the folder does not exist or cannot be read.
    """
    setting = os.environ.get(VARIABLE, "").strip()
    if not setting:
        return None
    folder = os.path.abspath(os.path.expanduser(setting))
    if not os.path.isdir(folder):
        found = "is a file" if os.path.exists(folder) else "does not exist"
        raise DataError(f"{folder}: {found}, but {VARIABLE} is set to it; correct {VARIABLE}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise DataError(f"{folder}: cannot be read, but {VARIABLE} is set to it; check its permissions")
    return Path(folder)


def located(name: str | Path, beside: Path = Path()) -> Path:
    """Where a file, folder or glob is: at its path from the folder `beside`, else below MLPCLI_DATA.

    If it is in neither place, the first path is returned, and reading it reports the missing file.

    Raises:
        DataError: MLPCLI_DATA is needed but is not a folder, or several of its folders hold the file; a glob would look
            at too much.
    """
    path = Path(os.path.expanduser(name))
    first = beside / path
    if _is_there(first):
        return first
    try:
        return find_data(path) or first
    except DataError as error:
        raise DataError(f"{name} is not in {os.path.abspath(beside)}, and {error}") from error


def find_data(name: str | Path) -> Path | None:
    """The absolute path of `name` in MLPCLI_DATA, or else in one of its direct subfolders; None if in none.

    `name` is a relative path or a glob; for absolute paths, or with `..`, the result is None.

    Raises:
        DataError: MLPCLI_DATA is not a folder, or several of its subfolders hold the file.
    """
    path = Path(name)
    if path.anchor or ".." in path.parts or not path.parts:
        return None
    folder = data_folder()
    found: dict[str, Path] = {}
    names = []
    for place in _places():
        there = _below(place, path)
        if there is not None and place == folder:
            return there
        if there is not None and os.path.realpath(there) not in found:
            found[os.path.realpath(there)] = there
            names.append(f"{place.name}/{path.as_posix()}")
    if len(found) > 1:
        more = " or ..." if len(names) > _MOST_NAMED else ""
        raise DataError(f"{folder}: several folders in it hold {path}; write {' or '.join(names[:_MOST_NAMED])}{more}")
    return next(iter(found.values()), None)


def find_built_in(name: str) -> Path | None:
    """Where MLPCLI_DATA holds all files of mnist, fashion_mnist or cifar10: their folder, or NAME.npz; else None.

    Raises:
        DataError: MLPCLI_DATA is not a folder.
    """
    for place in _places() if name in _FOLDERS else ():
        for folder in _folders_of(name, place):
            if not _missing(name, _files_in(folder)):
                return folder
        for npz in (place / f"{name}.npz", *(place / called / f"{name}.npz" for called in _FOLDERS[name])):
            if npz.is_file():
                return npz
    return None


def find_moved(name: str, path: str) -> Path | None:
    """Where MLPCLI_DATA holds a built-in set whose stored absolute path no longer exists; None in every other case."""
    if not os.path.isabs(path) or os.path.exists(path):
        return None
    with suppress(DataError):  # then the missing path is reported
        return find_built_in(name)
    return None


def incomplete_set(name: str) -> str | None:
    """A note about an incomplete folder of a built-in set in MLPCLI_DATA, with the missing files; else None.

    Raises:
        DataError: MLPCLI_DATA is not a folder.
    """
    for place in _places() if name in _FOLDERS else ():
        for folder in _folders_of(name, place):
            files = _files_in(folder)
            missing = _missing(name, files)
            if missing and len(missing) < len(_missing(name, set())):
                return f"{folder} is skipped because it lacks {', '.join(sorted(missing))}"
    return None


def _places() -> Iterator[Path]:
    """The folder itself, then its direct subfolders by name, without hidden ones."""
    folder = data_folder()
    if folder is not None:
        yield folder
        with os.scandir(folder) as entries:
            yield from sorted(
                Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(".")
            )


def _below(place: Path, path: Path) -> Path | None:
    """`path` in `place` if it exists there or matches as a glob; else None."""
    if os.path.lexists(place / path):
        return place / path
    pattern = Path(glob.escape(str(place))) / path
    return pattern if glob.has_magic(str(path)) and _is_there(pattern) else None


def _folders_of(name: str, place: Path) -> list[Path]:
    """The folders in `place` that may hold a built-in set, and `place` itself if it has such a name."""
    called = _FOLDERS[name]
    outer = [place / folder for folder in called]
    outer += [place for folder in called if folder and place.parts[-len(Path(folder).parts) :] == Path(folder).parts]
    inner = _CIFAR_FOLDERS if name == "cifar10" else ("",)
    return list(dict.fromkeys(folder / deeper for folder in outer for deeper in inner))


def _is_there(path: Path) -> bool:
    return os.path.lexists(path) or (glob.has_magic(str(path)) and any_match(path))


def _files_in(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _missing(name: str, files: set[str]) -> set[str]:
    """The names that are missing from `files`, as data/idx.py and data/cifar.py require them."""
    if name == "cifar10":
        return min(({f"{batch}.bin" for batch in _BATCHES} - files, _BATCHES - files), key=len)
    return _IDX - {file.removesuffix(".gz").replace(".idx", "-idx") for file in files}


VARIABLE_TOO = f"relative paths are also looked up in the {VARIABLE} folder"
"""Advice that fits any missing path, whether or not the variable is set."""
_UNPACK = {
    ".tar.gz": "tar -xzf {} -C {}",
    ".tgz": "tar -xzf {} -C {}",
    ".tar": "tar -xf {} -C {}",
    ".zip": "unzip {} -d {}",
}


def unpack_first(path: Path) -> str | None:
    """The command that unpacks the archive of a missing `path`, found next to it or in MLPCLI_DATA; None without one.

    For `photos/train`, the archive may be `photos.tar.gz` or `photos/train.zip`.
    """
    there = next((folder for folder in path.parents if folder.is_dir()), None)
    missing = path.relative_to(there).parts if there is not None else ()
    for count in range(1, len(missing) + 1):
        for ending, command in _UNPACK.items():
            name = Path(*missing[: count - 1], missing[count - 1] + ending)
            packed = there / name if there is not None and (there / name).is_file() else _in_folder(name)
            if packed is not None:
                return "unpack it first: " + command.format(
                    *(shlex.quote(str(part)) for part in (packed, packed.parent))
                )
    return None


def _in_folder(name: Path) -> Path | None:
    try:
        return find_data(name)
    except DataError:
        return None
