"""Pictures to predict: read as the training pictures were, and inverted where their background is the other one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from mlpcli.data.dataset import Array, ImageForm
from mlpcli.data.images.entries import LeftOut, has_pictures, visible
from mlpcli.data.images.photo import example_of, read_photo
from mlpcli.data.other_rows import Layout
from mlpcli.errors import DataError
from mlpcli.workflows.prediction.batch import InputBatch

BATCH_BYTES = 1 << 24
INVERTED_ABOVE = 0.5
"""How much brighter or darker, of 0 to 1, the border of a picture is than those of training when it is inverted."""

Note = Callable[[str], None]


def picture_files(folder: Path, note: Note) -> list[Path]:
    """The pictures in a folder, by name; folders in it are not looked into.

    Raises:
        DataError: there are none.
    """
    left_out = LeftOut()
    found = left_out.pictures(folder, left_out.inside(folder, [path for path in visible(folder) if path.is_file()]))
    if not found:
        inner = next((path for path in visible(folder) if path.is_dir()), None) if has_pictures(folder) else None
        advice = f"give one of the folders in it, such as {inner}" if inner else "give a folder with some"
        raise DataError(f"{folder}: holds no pictures{left_out.hint()}; {advice}")
    for text in left_out.notes():
        note(f"{folder}: {text}")
    return found


def picture_batches(
    files: Sequence[Path], form: ImageForm, layout: Layout, invert: bool, note: Note
) -> Iterator[InputBatch]:
    """The pictures in the order given, some MiB at a time; `note` is told of each that is inverted.

    Raises:
        DataError: a file is no picture, or damaged.
    """
    step = max(1, BATCH_BYTES // (4 * math.prod(layout.input_shape)))
    for start in range(0, len(files), step):
        some = files[start : start + step]
        pixels = np.stack([_pixels(file, form, invert, note) for file in some])
        yield InputBatch(example_of(pixels, layout.input_shape, layout.pixel_max), tuple(str(file) for file in some))


def _pixels(file: Path, form: ImageForm, invert: bool, note: Note) -> Array:
    pixels, border = read_photo(file, form)
    if not invert or form.color != "grayscale" or abs(border - form.border) <= INVERTED_ABOVE:
        return pixels
    found, learnt = ("light", "dark") if border > form.border else ("dark", "light")
    note(f"{file}: {found} background, the model learnt on a {learnt} one: inverted; --no-invert keeps it")
    inverted: Array = 255 - pixels
    return inverted
