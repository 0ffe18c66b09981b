"""Pictures to predict, made like the training pictures: a photo's thing cut out, a wrong background inverted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import ImageForm, Layout
from mlpcli.data.images.class_folders import LeftOut, has_pictures, visible
from mlpcli.data.images.framing import framed, is_like_training, may_be_photo, steps_of, thing_on
from mlpcli.data.images.load_images import example_of, read_photo
from mlpcli.data.images.photo import Thing
from mlpcli.errors import DataError
from mlpcli.files import AnyFile
from mlpcli.workflows.input_batches import BATCH_BYTES, InputBatch

INVERTED_ABOVE = 0.5
"""How much brighter or darker, of 0 to 1, the border of a picture is than those of training when it is inverted."""
MOST_NAMED = 3
Note = Callable[[str], None]


class PictureNotes:
    """What was done with which pictures: one note for all to which the same was done, however often they are read."""

    def __init__(self) -> None:
        self._files: dict[str, dict[AnyFile, None]] = {}

    def add(self, file: AnyFile, done: str) -> None:
        """Put down what was done with a picture."""
        self._files.setdefault(done, {})[file] = None

    def lines(self) -> Iterator[str]:
        """`photo.png: what`, or `22 pictures (a.png, b.png, c.png, ...): what`."""
        for done, files in self._files.items():
            names = ", ".join(str(file) for file in list(files)[:MOST_NAMED])
            more = ", ..." if len(files) > MOST_NAMED else ""
            yield f"{names}: {done}" if len(files) == 1 else f"{len(files):,} pictures ({names}{more}): {done}"


@dataclass(frozen=True)
class PictureReading:
    """How pictures become examples. invert, crop: None where the picture and the training pictures decide."""

    layout: Layout
    form: ImageForm
    invert: bool | None = None
    crop: bool | None = None
    notes: PictureNotes = field(default_factory=PictureNotes)

    def pixels(self, file: AnyFile) -> Array:
        """A picture file as uint8 (h, w) or (h, w, 3), 0 to 255; what is done to it is put down in the notes.

        Raises:
            DataError: the file is missing, no picture, damaged, or too large.
        """
        thing, framing = self._thing(file), self.form.framing
        if thing is not None and framing is not None:
            self.notes.add(file, _cut_out(thing, self.form, self.invert))
            return framed(thing, self.form, framing, self.invert)
        pixels, border = read_photo(file, self.form)
        return 255 - pixels if self._is_inverted(file, border) else pixels

    def steps(self, file: AnyFile) -> dict[str, Array]:
        """How the thing on a photo was found, for --save-input; nothing for a picture that is taken whole."""
        thing = self._thing(file)
        return steps_of(thing) if thing is not None else {}

    def _thing(self, file: AnyFile) -> Thing | None:
        framing = self.form.framing
        if framing is None and self.crop:
            self.notes.add(file, NO_FRAMING)
        if framing is None or self.crop is False or not (self.crop or may_be_photo(file, self.form)):
            return None
        thing = thing_on(file)
        if thing is None:
            self.notes.add(file, NOTHING)
            return None
        return thing if self.crop or not is_like_training(thing, framing) else None

    def _is_inverted(self, file: AnyFile, border: float) -> bool:
        if self.invert is not None:
            return self.invert
        if self.form.color != "grayscale" or abs(border - self.form.border) <= INVERTED_ABOVE:
            return False
        found, learnt = ("light", "dark") if border > self.form.border else ("dark", "light")
        known = f"{found} background, but the model was trained on {learnt} ones"
        self.notes.add(file, f"{known}: inverted; --no-invert prevents that")
        return True


NO_FRAMING = (
    "warning: --crop does nothing, because the training pictures do not each show one object on a plain background"
)
NOTHING = (
    "warning: nothing stands out from a plain background, so the whole picture is used; photograph one object on a"
    " plain page, or use --no-crop"
)


def _cut_out(thing: Thing, form: ImageForm, invert: bool | None) -> str:
    turned = thing.dark != (form.border > 0.5) if invert is None else invert
    done = "background removed, subject cut out" + (" and inverted" if turned else "")
    keeps = "--no-invert and --no-crop prevent that" if turned else "--no-crop prevents that"
    return f"{done}, to match the training pictures; {keeps}, --save-input DIR shows the steps"


def picture_files(folder: Path, note: Note) -> list[Path]:
    """The pictures in a folder, sorted by name; subfolders are not searched.

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


def picture_batches(files: Sequence[AnyFile], reading: PictureReading, strict: bool) -> Iterator[InputBatch]:
    """The pictures in the order given, some MiB at a time.

    A file that is not a picture, or is damaged, is `broken`.

    Raises:
        DataError: with strict, instead.
    """
    layout = reading.layout
    step = max(1, BATCH_BYTES // (4 * math.prod(layout.input_shape)))
    for start in range(0, len(files), step):
        some = files[start : start + step]
        broken: dict[int, str] = {}
        read: list[Array | None] = []
        for index, file in enumerate(some):
            try:
                read.append(reading.pixels(file))
            except DataError as error:
                if strict:
                    raise
                broken[index] = str(error)
                read.append(None)
        found = next((pixels for pixels in read if pixels is not None), None)
        shape = found.shape if found is not None else _shape_of(reading.form)
        pixels = np.stack([np.zeros(shape, np.uint8) if one is None else one for one in read])
        x = example_of(pixels, layout.input_shape, layout.pixel_max)
        yield InputBatch(x, tuple(str(file) for file in some), broken=broken)


def _shape_of(form: ImageForm) -> tuple[int, ...]:
    return (*form.size, 3) if form.color == "rgb" else tuple(form.size)
