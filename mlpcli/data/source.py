"""data.source: from a name or a path to a loaded data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.data.arrays import highest_pixel
from mlpcli.data.bundled import load_bundled
from mlpcli.data.catalog import BUILT_IN_NAMES, CATALOG, DIGIT_NAMES, BuiltIn
from mlpcli.data.columns import choose_columns
from mlpcli.data.dataset import Source
from mlpcli.data.downloads import load_downloaded
from mlpcli.data.idx_folder import has_idx, read_idx_folder
from mlpcli.data.local_files import reading
from mlpcli.data.npz_source import load_npz
from mlpcli.data.task import resolve_task
from mlpcli.errors import DataError, SettingError, did_you_mean

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig

READ_HERE = "read are the built-in sets, .npz files and folders of IDX files"
TABLE_ENDS = (".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz")
IMAGE_ENDS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def load_source(data: DataConfig) -> Source:
    """Load the data set that data.source names, whole and unsplit.

    Raises:
        DataError: there is no such source, this version does not read its kind, or a file is bad.
        SettingError: a setting does not fit the source.
    """
    built_in = CATALOG.get(data.source)
    if built_in is not None:
        return _load_built_in(built_in, data)
    if data.path is not None:
        raise SettingError("data.path", f"is for built-in names ({', '.join(BUILT_IN_NAMES)}); remove it")
    with reading(Path(data.source)):
        source = _load_path(Path(data.source), data)
    resolve_task(data.task, source.class_names)
    if len(source.train) < 2:
        raise DataError(f"{data.source}: holds 1 training row; at least 2 are needed to learn anything")
    return source


def check_built_in(built_in: BuiltIn, data: DataConfig) -> None:
    """Whether the settings fit a built-in set, as far as its catalog entry tells.

    Raises:
        SettingError: data.path, data.task, data.target, data.features or data.exclude does not fit.
    """
    if built_in.bundled and data.path is not None:
        raise SettingError("data.path", f"{built_in.name} is bundled with scikit-learn and needs no files; remove it")
    resolve_task(data.task, built_in.class_names)
    choose_columns(built_in.name, built_in.kind, built_in.feature_names, data)


def _load_built_in(built_in: BuiltIn, data: DataConfig) -> Source:
    check_built_in(built_in, data)
    if built_in.bundled:
        return load_bundled(built_in, data)
    with reading(Path(data.path or built_in.name)):
        return load_downloaded(built_in, data)


def _load_path(path: Path, data: DataConfig) -> Source:
    name = path.name.lower()
    if not path.exists():
        raise DataError(_not_found(path))
    if path.is_dir():
        return _load_folder(path, data)
    if name.endswith(".npz"):
        return load_npz(path, data)
    if name.endswith(TABLE_ENDS):
        raise DataError(f"{path}: this version does not read tables ({path.suffix}) yet; {READ_HERE}")
    if "idx" in name:
        raise DataError(f"{path}: is a single IDX file; set data.source to its folder, {path.parent}")
    raise DataError(f"{path}: is of no kind that is read; {READ_HERE}")


def _load_folder(folder: Path, data: DataConfig) -> Source:
    if has_idx(folder):
        choose_columns(folder.name, "image", None, data)
        train, test = read_idx_folder(folder)
        return Source(folder.name, "image", train, test, DIGIT_NAMES, None, highest_pixel(train.x))
    if any(_holds_images(inner) for inner in folder.iterdir() if inner.is_dir()):
        raise DataError(f"{folder}: this version does not read folders of images yet; {READ_HERE}")
    found = ", ".join(sorted(inner.name for inner in folder.iterdir())[:5]) or "nothing"
    raise DataError(f"{folder}: holds no IDX files such as train-images-idx3-ubyte.gz, but {found}; {READ_HERE}")


def _holds_images(folder: Path) -> bool:
    return any(path.name.lower().endswith(IMAGE_ENDS) for path in folder.iterdir())


def _not_found(path: Path) -> str:
    neighbours = [inner.name for inner in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(path.name, [*BUILT_IN_NAMES, *neighbours])
    return f"{path}: not found{hint}; give a path, or a built-in name: {', '.join(BUILT_IN_NAMES)}"
