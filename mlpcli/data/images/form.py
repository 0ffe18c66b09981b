"""The size and the color that all pictures get: as data.image says, or found in their headers."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.data.dataset import Array, Watch
from mlpcli.data.images.decoding import Color, Fit, upright
from mlpcli.data.images.entries import name_shown
from mlpcli.data.images.opening import UnreadablePictureError, open_picture
from mlpcli.data.images.parallel import for_each
from mlpcli.data.local_files import physical_memory
from mlpcli.errors import SettingError

if TYPE_CHECKING:
    from PIL import Image

KEY = "data.image.size"
LARGEST_PROPOSED = 64
MEMORY_SHARE = 0.8
GRAY_MODES = ("1", "L", "LA", "La", "I", "F")
ORIENTATION = 0x0112
ON_THEIR_SIDE = (5, 6, 7, 8)
"""EXIF orientations in which height and width change places."""


@dataclass(frozen=True)
class Wanted:
    """What pictures are to become; size (height, width) and color are None where the pictures themselves tell."""

    size: tuple[int, int] | None
    color: Color | None
    fit: Fit


@dataclass(frozen=True, eq=False)
class Headers:
    """What the headers of n pictures say: sizes (n, 2) as height and width, 0 for broken ones; coloured (n,) bool.

    broken: position of a picture to the reason.
    """

    sizes: Array
    coloured: Array
    broken: dict[int, str]


def read_headers(files: Sequence[Path], watch: Watch) -> Headers:
    """Look at all pictures without decoding them. To be called inside `quiet_pillow`."""
    sizes, coloured = np.zeros((len(files), 2), np.int64), np.zeros(len(files), bool)
    broken: dict[int, str] = {}

    def look(index: int) -> None:
        try:
            with open_picture(files[index]) as image:
                sizes[index], coloured[index] = _upright_size(image), _is_coloured(image)
        except UnreadablePictureError as error:
            broken[index] = error.reason

    for_each(len(files), look, "looking at pictures", watch)
    return Headers(sizes, coloured, broken)


def choose_form(wanted: Wanted, files: Sequence[Path], headers: Headers) -> tuple[tuple[int, int], Color]:
    """((height, width), color): what is wanted, else the size that all pictures have and the color of most.

    At least one picture must not be broken.

    Raises:
        SettingError: data.image.size is open and the sizes differ.
    """
    good = np.array([index for index in range(len(files)) if index not in headers.broken])
    size = wanted.size or _common_size(headers.sizes[good], [files[index] for index in good])
    if wanted.color is not None:
        return size, wanted.color
    return size, "rgb" if 2 * int(headers.coloured[good].sum()) > len(good) else "grayscale"


def check_memory(count: int, size: tuple[int, int], color: Color) -> None:
    """Refuse what could never be held, before anything is decoded.

    Raises:
        SettingError: with the bytes needed, and those that are there.
    """
    needed, memory = count * size[0] * size[1] * (3 if color == "rgb" else 1), physical_memory()
    if memory is not None and needed > MEMORY_SHARE * memory:
        shape = f"{size[0]}x{size[1]}" + ("x3" if color == "rgb" else "")
        raise SettingError(
            KEY,
            f"{count:,} pictures of {shape} need {needed:,} bytes, and this machine has {memory:,} bytes of memory;"
            f" set data.image.size: {_proposal(size)}",
        )


def _common_size(sizes: Array, files: list[Path]) -> tuple[int, int]:
    different = np.unique(sizes, axis=0)
    if len(different) == 1:
        return int(sizes[0, 0]), int(sizes[0, 1])
    order = np.lexsort((sizes[:, 1], sizes[:, 0], sizes.prod(axis=1)))
    smallest, largest, middle = int(order[0]), int(order[-1]), int(np.median(sizes))
    raise SettingError(
        KEY,
        f"the pictures have {len(different):,} sizes, from {_described(sizes, files, smallest)} to"
        f" {_described(sizes, files, largest)}; set data.image.size: {_proposal((middle, middle))}",
    )


def _described(sizes: Array, files: list[Path], index: int) -> str:
    place = f"{files[index].parent.name}/{files[index].name}"
    return f"{sizes[index, 0]}x{sizes[index, 1]} ({name_shown(place)})"


def _proposal(size: tuple[int, int]) -> str:
    return f"[{min(LARGEST_PROPOSED, size[0])}, {min(LARGEST_PROPOSED, size[1])}]"


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """(height, width) as `upright` will make it."""
    if image.format == "PNG" and "exif" not in image.info:
        return image.height, image.width  # Pillow would decode it all to look for EXIF data behind the pixels
    orientation = None
    with contextlib.suppress(Exception):  # damaged EXIF data: `upright` leaves such a picture as it is, too
        orientation = image.getexif().get(ORIENTATION)
    if orientation not in ON_THEIR_SIDE:
        return image.height, image.width
    if image.format == "TIFF":  # some versions of Pillow have turned it by now, others turn it while decoding
        turned = upright(image)
        return turned.height, turned.width
    return image.width, image.height


def _is_coloured(image: Image.Image) -> bool:
    """By its mode; Pillow gives palettes of grays alone the mode L by itself, but for some PNG."""
    return image.mode.split(";")[0] not in GRAY_MODES
