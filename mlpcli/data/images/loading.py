"""Folders of class folders as a data set, and as rows for testing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.data.dataset import Array, ImageForm, Rows, Source, Watch
from mlpcli.data.images.border import border_brightness
from mlpcli.data.images.entries import LeftOut
from mlpcli.data.images.folders import ClassFiles, Parts, find_parts, other_files, training_files
from mlpcli.data.images.form import Wanted
from mlpcli.data.images.pictures import Pictures, read_pictures
from mlpcli.errors import DataError, SettingError

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig

PIXEL_MAX = 255.0


def unwatched(what: str, done: int, total: int) -> None:
    """For whoever does not want to see how loading goes."""


def load_image_folder(path: Path, data: DataConfig, watch: Watch = unwatched) -> Source:
    """Pictures of `path/train/<class>/` and `path/test/<class>/`, or of `path/<class>/` and no test rows.

    x: uint8 (n, h, w) for grayscale, (n, h, w, 3) for rgb; rows are ordered by class, then by file name.
    y: int64 indices into class_names, the sorted names of the folders. The second time nothing is decoded.

    Raises:
        DataError: there are no class folders, a class has no picture that can be read, a test class is unknown;
            with data.strict, a picture cannot be read.
        SettingError: data.image.size is open and the sizes differ, or it asks for more than the memory holds.
    """
    parts, left_out = find_parts(path), LeftOut()
    for folder in parts.beside:
        left_out.other(path, folder)
    train = training_files(path, parts.train, left_out)
    test = other_files(path, parts.test, train.class_names, left_out) if parts.test else None
    files = (*train.files, *(test.files if test else ()))
    size = data.image.size
    wanted = Wanted((size[0], size[1]) if size else None, data.image.color, "stretch")
    pictures = read_pictures(path, files, wanted, data.strict, watch)
    train_rows = _rows(path, train, pictures, 0)
    form = ImageForm(pictures.size, pictures.color, "stretch", border_brightness(train_rows.x, PIXEL_MAX))
    return Source(
        name=path.resolve().name,
        kind="image",
        train=train_rows,
        test=_rows(path, test, pictures, len(train.files)) if test else None,
        class_names=train.class_names,
        feature_names=None,
        pixel_max=PIXEL_MAX,
        image=form,
        notes=(*left_out.notes(), *pictures.notes, *_validation_note(parts, data)),
    )


def read_image_rows(
    key: str,
    path: Path,
    form: ImageForm,
    class_names: tuple[str, ...],
    notes: list[str] | None = None,
    watch: Watch = unwatched,
) -> Rows:
    """Rows of another folder of class folders, in the form and the classes of the training pictures.

    x: uint8 (n, h, w) or (n, h, w, 3), 0 to 255 whatever the training rows' range is. Of a folder with train/ and
    test/ in it, test/ is read (for data.validation: validation/, val/ or valid/). What is left out is told by
    `notes`; where there are none, a picture that cannot be read is an error.

    Raises:
        SettingError: `key`, the setting that names the path, names a folder with train/ but without the part it needs.
        DataError: as `load_image_folder`.
    """
    left_out, folder = LeftOut(), _part_for(key, path)
    found = other_files(path, folder, class_names, left_out)
    pictures = read_pictures(path, found.files, Wanted(form.size, form.color, form.fit), notes is None, watch)
    if notes is not None:
        notes += [*left_out.notes(), *pictures.notes]
    return _rows(path, found, pictures, 0)


def _part_for(key: str, path: Path) -> Path:
    parts = find_parts(path)
    if parts.train == path:
        return path
    part = parts.validation if key == "data.validation" else parts.test
    if part is None:
        raise SettingError(
            key, f"{path}: holds train/ and other parts; name the one that is meant, such as {parts.train}"
        )
    return part


def _rows(root: Path, files: ClassFiles, pictures: Pictures, start: int) -> Rows:
    """The rows of the files that begin at `start` among all; each class must have kept a picture."""
    first, end = np.searchsorted(pictures.kept, [start, start + len(files.files)])
    y = files.labels[pictures.kept[first:end] - start]
    _check_classes(root, files, y)
    return Rows(pictures.x[first:end], y)


def _check_classes(root: Path, files: ClassFiles, y: Array) -> None:
    for lost in sorted(set(np.unique(files.labels).tolist()) - set(np.unique(y).tolist())):
        example = files.files[int(np.argmax(files.labels == lost))]
        raise DataError(
            f"{example.parent}: none of its pictures can be read, the first is {example.name}; save them again,"
            f" or remove the folder from {root}"
        )


def _validation_note(parts: Parts, data: DataConfig) -> tuple[str, ...]:
    if parts.validation is None or (isinstance(data.validation, str) and data.validation != "test"):
        return ()
    return (
        f"{parts.validation} holds pictures that are not used; to use them, set data.validation: {parts.validation}",
    )
