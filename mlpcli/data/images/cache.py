"""Decoded pictures, kept so that the next run starts at once. It can be deleted at any time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from mlpcli.artifacts.files import TEMPORARY_PREFIX, replace_file
from mlpcli.data.cache_folder import cache_folder
from mlpcli.data.dataset import Array
from mlpcli.data.images.decoding import Color
from mlpcli.errors import OutputError

FORMAT = 1
"""To be raised whenever the same files would be decoded to other pixels."""
MOST_BYTES = 4 << 30
DAY = 86_400

Stored = tuple[Array, Array, Color, tuple[str, ...]]
"""x, kept, color and notes of `Pictures`."""


def key_of(root: Path, files: Sequence[Path], request: dict[str, Any]) -> str:
    """A text that changes whenever other pixels may come out: another form, another folder, any file touched.

    Besides size and time of a file goes the time of its last change of any kind: archives often set the first to a
    constant, and uncompressed pictures are all of one size.
    """
    import PIL

    digest = hashlib.sha256()
    about = [FORMAT, PIL.__version__, os.path.realpath(root), request]
    digest.update(json.dumps(about, sort_keys=True).encode("ascii"))
    for path in files:
        try:
            status = path.stat()
            stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        except OSError:
            stamp = "gone"
        digest.update(b"\0" + os.fsencode(path.relative_to(root)) + b"\0" + stamp.encode("ascii"))
    return digest.hexdigest()


def load(key: str, files: int) -> Stored | None:
    """What `store` kept under this key for so many files; None where there is nothing, or it is damaged."""
    path = _path(key)
    try:
        # What a zip file holds has check sums. Opened here, because np.load leaves a damaged one open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            x, kept, about = archive["x"], archive["kept"], json.loads(str(archive["about"]))
        color, notes = cast(Color, about["color"]), tuple(str(note) for note in about["notes"])
        sound = _is_sound(x, kept, color, files)
    except Exception:  # damaged bytes raise anything, and the pictures themselves are still there
        return None
    if not sound:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # the oldest are removed first: this one has just been of use
    return x, kept, color, notes


def store(key: str, pictures: Stored) -> tuple[str, ...]:
    """Keep decoded pictures; where that is impossible, says so in one note."""
    x, kept, color, notes = pictures
    path = _path(key)
    if x.nbytes > MOST_BYTES:
        return (f"the decoded pictures take {x.nbytes:,} bytes, more than is kept: each run decodes them anew",)
    about = json.dumps({"color": color, "notes": notes})
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_room(path.parent, x.nbytes)
        replace_file(path, lambda temporary: np.savez(temporary, x=x, kept=kept, about=np.array(about)))
    except (OSError, OutputError) as error:
        reason = str(error) if isinstance(error, OutputError) else f"{path.parent}: {error.strerror}"
        return (f"the decoded pictures cannot be kept for the next run, which decodes them anew ({reason})",)
    return ()


def _path(key: str) -> Path:
    return cache_folder("images") / f"{key}.npz"


def _is_sound(x: Array, kept: Array, color: str, files: int) -> bool:
    channels = {"grayscale": (), "rgb": (3,)}.get(color)
    return (
        x.dtype == np.uint8
        and x.shape[3:] == channels
        and x.ndim >= 3
        and kept.dtype == np.int64
        and kept.shape == x.shape[:1]
        and len(kept) > 0
        and kept[0] >= 0
        and kept[-1] < files
        and bool((np.diff(kept) > 0).all())
    )


def _make_room(folder: Path, size: int) -> None:
    """Remove the files used longest ago until `size` more bytes fit, and what a killed process left half written."""
    found = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process may be tidying up as well
            status = path.stat()
            if path.name.startswith(TEMPORARY_PREFIX):
                if time.time() - status.st_mtime > DAY:  # a younger one may be in the making
                    path.unlink()
            elif path.suffix == ".npz":
                found.append((status.st_mtime, status.st_size, path))
    total = size + sum(entry[1] for entry in found)
    for _, entry_size, path in sorted(found):
        if total <= MOST_BYTES:
            return
        with contextlib.suppress(OSError):
            path.unlink()
        total -= entry_size
