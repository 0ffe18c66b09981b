"""The folder of converted tables: made whole or not at all, found again, and kept from growing without end.

A set is made in a folder of another name and renamed when it is whole, so that a process that is killed leaves nothing
that looks finished, and two that make the same set at once both succeed: the second finds the first one's in its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Color
from mlpcli.data.streaming.stored_table import MANIFEST, read_set
from mlpcli.errors import OutputError
from mlpcli.files import TEMPORARY_PREFIX, replace_file
from mlpcli.text import spoken

MAKING = ".making-"
ABANDONED_SECONDS = 600
"""A set that is being made is written to every few seconds; one that was not for this long was left behind."""
MOST_TABLE_BYTES = 64 << 30
"""All sets together; beyond it, those that were not used for longest are removed."""


def make_set(target: Path, needed: int, what: str, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a set into a new folder, and give it the name `target`.

    needed: bytes that will be written, as far as they are known. what: the data's name, for messages.

    Raises:
        OutputError: there is no room, or nothing can be written there.
    """
    root = target.parent
    try:
        root.mkdir(parents=True, exist_ok=True)
        remove_abandoned(root)
        make_room(root, needed, what, MOST_TABLE_BYTES)
        making = root / f"{MAKING}{os.getpid()}-{secrets.token_hex(4)}"
        making.mkdir()
        try:
            fill(making)
            _give_name(making, target)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{root}: the rows of {what} cannot be kept there: {reason}; {_ELSEWHERE}") from error


def make_room(root: Path, needed: int, what: str, most: int) -> None:
    """Remove the sets that were not used for longest, until `needed` bytes fit on the disk and below `most` in all.

    Raises:
        OutputError: they do not fit even so; says how much there is and how much is needed.
    """
    sets = sorted(_sets(root))
    total = sum(size for _, size, _ in sets)
    for _, size, folder in sets:
        if total + needed <= most and shutil.disk_usage(root).free >= needed:
            return
        remove_set(folder)
        total -= size
    free = shutil.disk_usage(root).free
    if free < needed:
        raise OutputError(
            f"{root}: the rows of {what} need {spoken(needed)} there, and {spoken(free)} are free; {_ELSEWHERE}"
        )


def remove_abandoned(root: Path) -> None:
    """Remove what processes that were killed left behind."""
    for folder in root.glob(f"{MAKING}*"):
        if time.time() - _last_change(folder) > ABANDONED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def remove_set(folder: Path) -> None:
    """Remove a set; it has no manifest any more before the first of its files goes. Who has it open can go on."""
    (folder / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


VARIABLE = "MLPCLI_CACHE"
_ELSEWHERE = f"free some, or name another folder by the environment variable {VARIABLE}"


def _give_name(making: Path, target: Path) -> None:
    if target.exists() and read_set(target) is None:
        remove_set(target)
    try:
        making.rename(target)
    except OSError:
        if read_set(target) is None:
            raise


def _sets(root: Path) -> Iterator[tuple[float, int, Path]]:
    """(last use, bytes, folder) of each finished set."""
    for manifest in root.glob(f"*/{MANIFEST}"):
        if not manifest.parent.name.startswith(MAKING):
            try:
                size = sum(file.stat().st_size for file in manifest.parent.iterdir())
                yield manifest.stat().st_mtime, size, manifest.parent
            except FileNotFoundError:  # another process removed it meanwhile
                continue


def _last_change(folder: Path) -> float:
    """When anything in it was written last; now, where it is gone meanwhile."""
    try:
        return max(entry.stat().st_mtime for entry in (folder, *folder.iterdir()))
    except FileNotFoundError:
        return time.time()


FORMAT = 1
"""To be raised whenever the same files would be decoded to other pixels."""
MOST_PICTURE_BYTES = 4 << 30
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
    if x.nbytes > MOST_PICTURE_BYTES:
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
        if total <= MOST_PICTURE_BYTES:
            return
        with contextlib.suppress(OSError):
            path.unlink()
        total -= entry_size


def cache_folder(kind: str) -> Path:
    """The folder for one kind of things ("images" ...): absolute, but it may not exist, or not be writable.

    The environment variable MLPCLI_CACHE names the folder that holds all kinds; without it, it is where the system
    keeps such things (on Linux ~/.cache/mlpcli, or below XDG_CACHE_HOME).
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute() / kind
    import platformdirs

    return platformdirs.user_cache_path("mlpcli", appauthor=False).absolute() / kind
