"""Many picture files to one array: found in the cache, or decoded and kept there."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data import cache
from mlpcli.data.dataset import Color, Fit, Watch
from mlpcli.data.images.class_folders import MOST_NAMED, name_shown
from mlpcli.data.images.decoding import (
    UnreadablePictureError,
    decode_picture,
    for_each,
    open_picture,
    quiet_pillow,
    upright,
)
from mlpcli.errors import DataError, SettingError
from mlpcli.machine import physical_memory

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, eq=False)
class Pictures:
    """Decoded pictures: x (k, h, w) or (k, h, w, 3) uint8 of the k files that could be read.

    kept: (k,) int64, ascending: their positions among all files. notes: what people should know.
    """

    x: Array
    kept: Array
    color: Color
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return int(self.x.shape[1]), int(self.x.shape[2])


def read_pictures(root: Path, files: Sequence[Path], wanted: Wanted, strict: bool, watch: Watch) -> Pictures:
    """All pictures alike, in the order of `files`, which lie in `root`.

    Raises:
        DataError: none can be read; with `strict`, one cannot be read.
        SettingError: their sizes differ and data.image.size is open, or they cannot fit into memory.
    """
    key = cache.key_of(root, files, {**asdict(wanted), "strict": strict})
    known = cache.load(key, len(files))
    if known is not None:
        return Pictures(*known)
    with quiet_pillow():
        pictures = _decoded(root, files, wanted, strict, watch)
    trouble = cache.store(key, (pictures.x, pictures.kept, pictures.color, pictures.notes))
    return replace(pictures, notes=(*pictures.notes, *trouble))


def _decoded(root: Path, files: Sequence[Path], wanted: Wanted, strict: bool, watch: Watch) -> Pictures:
    broken: dict[int, str] = {}
    if wanted.size is not None and wanted.color is not None:
        size, color = wanted.size, wanted.color
    else:
        headers = read_headers(files, watch)
        broken = headers.broken
        _check_broken(root, files, broken, strict)
        size, color = choose_form(wanted, files, headers)
    check_memory(len(files), size, color)
    x = np.empty((len(files), *size, *((3,) if color == "rgb" else ())), np.uint8)

    def decode(index: int) -> None:
        if index not in broken:
            try:
                x[index] = decode_picture(files[index], size, color, wanted.fit)
            except UnreadablePictureError as error:
                broken[index] = error.reason

    for_each(len(files), decode, "decoding pictures", watch)
    notes = _check_broken(root, files, broken, strict)
    return Pictures(*_without(x, broken), color, notes)


def _without(x: Array, broken: dict[int, str]) -> tuple[Array, Array]:
    """x without the broken pictures, moved together in place, and the positions of the others."""
    kept = np.array([index for index in range(len(x)) if index not in broken], np.int64)
    if broken:
        for position, index in enumerate(kept):
            x[position] = x[index]
    return x[: len(kept)], kept


def _check_broken(root: Path, files: Sequence[Path], broken: dict[int, str], strict: bool) -> tuple[str, ...]:
    """What to say about broken pictures, if there are any."""
    if not broken:
        return ()
    first = sorted(broken)[:MOST_NAMED]
    named = "; ".join(f"{name_shown(str(files[index].relative_to(root)))} {broken[index]}" for index in first)
    listed = named + ("; ..." if len(broken) > len(first) else "")
    if len(broken) == len(files):
        raise DataError(f"{root}: none of the {len(files):,} pictures can be read: {listed}; save them again")
    if strict:
        raise DataError(
            f"{root}: {len(broken):,} of {len(files):,} pictures cannot be read: {listed}; replace or remove them,"
            " or set data.strict: false to leave them out"
        )
    return (f"pictures that cannot be read are left out ({len(broken):,} of {len(files):,}): {listed}",)


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
            f"{count:,} pictures of {shape} need {needed:,} bytes, but this machine has {memory:,} bytes of memory;"
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
