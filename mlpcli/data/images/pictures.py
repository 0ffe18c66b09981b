"""Many picture files to one array: found in the cache, or decoded and kept there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from mlpcli.data.dataset import Array, Watch
from mlpcli.data.images import cache
from mlpcli.data.images.decoding import Color, decode_picture
from mlpcli.data.images.entries import MOST_NAMED, name_shown
from mlpcli.data.images.form import Wanted, check_memory, choose_form, read_headers
from mlpcli.data.images.opening import UnreadablePictureError, quiet_pillow
from mlpcli.data.images.parallel import for_each
from mlpcli.errors import DataError


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
