"""Class folders as a data set or as test rows, and one new picture as an example like the training pictures."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import ImageForm, Rows, Source, Watch
from mlpcli.data.images.class_folders import (
    ClassFiles,
    LeftOut,
    Parts,
    find_parts,
    name_shown,
    other_files,
    training_files,
    unwrapped,
)
from mlpcli.data.images.decoding import decode_picture, quiet_pillow
from mlpcli.data.images.framing import framing_of
from mlpcli.data.images.pictures import Pictures, Wanted, read_pictures
from mlpcli.errors import DataError, SettingError
from mlpcli.files import AnyFile

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig


PIXEL_MAX = 255.0


def unwatched(what: str, done: int, total: int) -> None:
    """A `Watch` that ignores the progress of loading."""


def load_image_folder(path: Path, data: DataConfig, watch: Watch = unwatched) -> Source:
    """Pictures of `path/train/<class>/` and `path/test/<class>/`, or of `path/<class>/` and no test rows.

    x: uint8 (n, h, w) for grayscale, (n, h, w, 3) for rgb; rows are ordered by class, then by file name.
    y: int64 indices into class_names, the sorted names of the folders. The second time nothing is decoded.

    Raises:
        DataError: class folders are missing, a class has no picture that can be read, a test class is unknown;
            with data.strict, a picture cannot be read.
        SettingError: data.image.size is open and the sizes differ, or it asks for more than the memory holds.
    """
    from mlpcli.data.images.sorting_hints import refuse_classes_in_names  # with the reading of tables

    parts, left_out = find_parts(path), LeftOut()
    refuse_classes_in_names(parts.train)
    for folder in parts.beside:
        left_out.other(path, folder)
    train = training_files(path, parts.train, left_out)
    test = other_files(path, parts.test, train.class_names, left_out) if parts.test else None
    files = (*train.files, *(test.files if test else ()))
    size = data.image.size
    wanted = Wanted((size[0], size[1]) if size else None, data.image.color, "stretch")
    pictures = read_pictures(path, files, wanted, data.strict, watch)
    train_rows = _rows(path, train, pictures, 0)
    # Only pictures that had one size are known to show things in their own proportions.
    framing = framing_of(train_rows.x, PIXEL_MAX) if size is None and pictures.color == "grayscale" else None
    form = ImageForm(pictures.size, pictures.color, "stretch", border_brightness(train_rows.x, PIXEL_MAX), framing)
    return Source(
        name=path.resolve().name,
        kind="image",
        train=train_rows,
        test=_rows(path, test, pictures, len(train.files)) if test else None,
        class_names=train.class_names,
        feature_names=None,
        pixel_max=PIXEL_MAX,
        image=form,
        notes=(*left_out.notes(), *pictures.notes, *unlabelled_notes(parts), *_validation_note(parts, data)),
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
    test/ in it, test/ is read (for data.validation: validation/, val/ or valid/). `notes` lists what is left
    out; without `notes`, a picture that cannot be read is an error.

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
    if parts.train == unwrapped(path):
        return path
    part = parts.validation if key == "data.validation" else parts.test
    if part is None:
        raise SettingError(key, f"{path}: holds train/ and other parts; name the one you mean, such as {parts.train}")
    return part


def _rows(root: Path, files: ClassFiles, pictures: Pictures, start: int) -> Rows:
    """The rows of the files that begin at `start` among all; each class must have kept a picture."""
    first, end = np.searchsorted(pictures.kept, [start, start + len(files.files)])
    kept = pictures.kept[first:end] - start
    y = files.labels[kept]
    _check_classes(root, files, y)

    def place(row: int) -> str:
        return name_shown(files.files[kept[row]].relative_to(root).as_posix())

    return Rows(pictures.x[first:end], y, place=place)


def _check_classes(root: Path, files: ClassFiles, y: Array) -> None:
    for lost in sorted(set(np.unique(files.labels).tolist()) - set(np.unique(y).tolist())):
        example = files.files[int(np.argmax(files.labels == lost))]
        raise DataError(
            f"{example.parent}: none of its pictures can be read, the first is {example.name}; save them again,"
            f" or remove the folder from {root}"
        )


def unlabelled_notes(parts: Parts) -> list[str]:
    """A note on each folder of pictures without classes."""
    return [
        f"{folder} holds pictures without class folders, which cannot be scored; mlpcli predict RUN {folder}"
        " labels them"
        for folder in parts.unlabelled
    ]


def _validation_note(parts: Parts, data: DataConfig) -> tuple[str, ...]:
    if parts.validation is None or (isinstance(data.validation, str) and data.validation != "test"):
        return ()
    return (
        f"{parts.validation} holds pictures that are not used; to use them, set data.validation: {parts.validation}",
    )


def read_photo(path: AnyFile, form: ImageForm) -> tuple[Array, float]:
    """A picture file as uint8 (h, w) or (h, w, 3), 0 to 255, and the brightness of its own border, 0 to 1.

    Decoded as training pictures are (see `decode_picture`). The brightness is that of the pixels returned: with
    `fit: pad` the padding has the colour of the border.

    Raises:
        DataError: the file is missing, no picture, damaged, or too large.
    """
    with quiet_pillow():
        pixels = decode_picture(path, form.size, form.color, form.fit)
    return pixels, border_brightness(pixels[np.newaxis], 255)


def example_of(pixels: Array, input_shape: tuple[int, ...], pixel_max: float | None) -> Array:
    """Pixels of 0 to 255, one picture (h, w), (h, w, 3) or rows of them, as examples of the training set.

    Scaled to 0 .. pixel_max: uint8 as they are for 255 (and for None, a range that is not known), else float32.
    Where input_shape is (h, w, 1), the channel is added; where it is flat, the pixels are put in a row.

    Raises:
        DataError: they have another shape.
    """
    core = input_shape[:2] if input_shape[2:] == (1,) else input_shape
    if len(input_shape) == 1 and prod(pixels.shape[-2:]) == input_shape[0]:
        core = pixels.shape[-2:]
    rows = pixels.shape[: pixels.ndim - len(core)]
    if pixels.shape[len(rows) :] != core:
        raise DataError(f"pictures of the shape {pixels.shape[len(rows) :]} do not fit a model for {input_shape}")
    shaped = pixels.reshape(*rows, *input_shape)
    if pixel_max is None or pixel_max == 255:
        return shaped
    return shaped.astype(np.float32) * np.float32(pixel_max / 255)


def form_of_arrays(x: Array, pixel_max: float | None) -> ImageForm | None:
    """How photos are made like the pictures x (n, h, w) or (n, h, w, c) of arrays: padded to their proportions.

    None where it cannot be told: a pixel's range is not known, or there are neither 1 nor 3 channels.
    """
    channels = 1 if x.ndim == 3 else x.shape[-1]
    if pixel_max is None or channels not in (1, 3):
        return None
    color: Literal["grayscale", "rgb"] = "grayscale" if channels == 1 else "rgb"
    framing = framing_of(x, pixel_max) if color == "grayscale" else None
    return ImageForm((int(x.shape[1]), int(x.shape[2])), color, "pad", border_brightness(x, pixel_max), framing)


MOST_PICTURES = 1000


def border_brightness(x: Array, pixel_max: float) -> float:
    """Mean over the one-pixel frame of the pictures (n, h, w) or (n, h, w, c): 0 is black, 1 is `pixel_max`.

    Of more than 1000 pictures, 1000 evenly spread ones are looked at.
    """
    chosen = x[np.linspace(0, len(x) - 1, min(len(x), MOST_PICTURES)).astype(np.int64)]
    inner_rows = chosen[:, 1:-1]
    edges = [chosen[:, 0], *([chosen[:, -1]] if chosen.shape[1] > 1 else []), inner_rows[:, :, 0]]
    if chosen.shape[2] > 1:
        edges.append(inner_rows[:, :, -1])
    total = sum(float(edge.sum(dtype=np.float64)) for edge in edges)
    return total / sum(edge.size for edge in edges) / pixel_max
