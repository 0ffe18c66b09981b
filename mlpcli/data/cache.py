"""The folder of converted tables, decoded pictures and compiled programs: each made whole or not at all, in one bound.

An entry is only a copy: one that is damaged, or is not what it should be, is thrown away and made again. A set is made
in a folder of another name and renamed when it is whole, so that a process that is killed leaves nothing that looks
finished, and two that make the same set at once both succeed: the second finds the first one's in its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Color
from mlpcli.data.streaming.stored_table import MANIFEST, read_set
from mlpcli.errors import OutputError, UserError
from mlpcli.files import TEMPORARY_PREFIX, check_unpacked_size, open_binary, replace_file
from mlpcli.text import spoken

MAKING = ".making-"
ABANDONED_SECONDS = 600
"""A set that is being made is written to every few seconds; one that was not for this long was left behind."""
MOST_BYTES = 64 << 30
"""All kinds together; beyond it, the entries that were not used for longest are removed."""
KINDS = ("images", "tables", "programs")
PROGRAM = ".program"
"""The suffix of a file with compiled programs (see `mlpcli.keras_engine.programs`)."""


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
        make_room(root, needed, f"the rows of {what}")
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


def make_room(root: Path, needed: int, what: str, most: int | None = None) -> None:
    """Remove the entries that were not used for longest, until `needed` bytes fit on the disk and below `most` in all.

    root: the folder of one kind; the entries of the other kinds beside it count as well. what: for the message.

    Raises:
        OutputError: they do not fit even so; says how much there is and how much is needed.
    """
    most = MOST_BYTES if most is None else most
    entries = sorted(entry for folder in {root, *(root.parent / kind for kind in KINDS)} for entry in _entries(folder))
    total = sum(size for _, size, _ in entries)
    for _, size, path in entries:
        if total + needed <= most and shutil.disk_usage(root).free >= needed:
            return
        remove_entry(path)
        total -= size
    free = shutil.disk_usage(root).free
    if free < needed:
        raise OutputError(f"{root}: {what} need {spoken(needed)} there, but {spoken(free)} are free; {_ELSEWHERE}")


def remove_abandoned(root: Path) -> None:
    """Remove what processes that were killed left behind."""
    for path in (*root.glob(f"{MAKING}*"), *root.glob(f"{TEMPORARY_PREFIX}*")):
        if time.time() - _last_change(path) > ABANDONED_SECONDS:
            remove_entry(path)


def remove_entry(path: Path) -> None:
    """Remove a file, or a folder and first of all its manifest. Who has it open can go on."""
    with contextlib.suppress(OSError):  # another process may be tidying up as well
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        else:
            with contextlib.suppress(OSError):  # none is there, or a folder of its name
                (path / MANIFEST).unlink()
            shutil.rmtree(path, ignore_errors=True)


VARIABLE = "MLPCLI_CACHE"
_ELSEWHERE = f"free some, or name another folder by the environment variable {VARIABLE}"


def _give_name(making: Path, target: Path) -> None:
    if os.path.lexists(target) and read_set(target) is None:
        remove_entry(target)
    try:
        making.rename(target)
    except OSError:
        if read_set(target) is None:
            raise


def _entries(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """(last use, bytes, path) of each finished entry: a set of a table, or a file of pictures or programs."""
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if path.name.startswith((MAKING, TEMPORARY_PREFIX)):
                continue
            if (manifest := path / MANIFEST).is_file():
                yield manifest.stat().st_mtime, sum(file.stat().st_size for file in path.iterdir()), path
            elif path.suffix in (".npz", PROGRAM) and path.is_file():
                yield path.stat().st_mtime, path.stat().st_size, path
        except OSError:  # another process removed it meanwhile
            continue


def _last_change(path: Path) -> float:
    """When it, or anything in it, was written last; now, where it is gone meanwhile."""
    try:
        inside = list(path.iterdir()) if path.is_dir() else []
        return max(entry.lstat().st_mtime for entry in (path, *inside))
    except OSError:
        return time.time()


FORMAT = 1
"""To be raised whenever the same files would be decoded to other pixels."""
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
        with open_binary(path) as file, zipfile.ZipFile(file) as archive:
            _check_sizes(path, archive, files)
            # What a zip file holds has check sums.
            x, kept, about = (_member(archive, name) for name in ("x", "kept", "about"))
        said = json.loads(str(about))
        color, notes = cast(Color, said["color"]), tuple(str(note) for note in said["notes"])
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
        return (f"the decoded pictures take {x.nbytes:,} bytes, too many to keep: each run decodes them again",)
    about = json.dumps({"color": color, "notes": notes})
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_abandoned(path.parent)
        make_room(path.parent, x.nbytes, "the decoded pictures")
        if path.is_dir():  # a file cannot take the place of a folder
            remove_entry(path)
        replace_file(path, lambda temporary: np.savez(temporary, x=x, kept=kept, about=np.array(about)))
    except (OSError, OutputError) as error:
        reason = str(error) if isinstance(error, OutputError) else f"{path.parent}: {error.strerror}"
        return (f"the decoded pictures cannot be kept for the next run, which decodes them again ({reason})",)
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


def _check_sizes(path: Path, archive: zipfile.ZipFile, files: int) -> None:
    """Before anything is allocated: nothing is packed, each header says the bytes that follow it, and they fit.

    Raises:
        ValueError, KeyError, DataError: they do not.
    """
    for name, kind, most_rows in (("x", "u", files), ("kept", "i", files), ("about", "U", 1)):
        info = archive.getinfo(f"{name}.npy")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise ValueError(f"{name} is packed")
        check_unpacked_size(path, info.file_size, path.stat().st_size)
        with archive.open(info) as member:
            np.lib.format.read_magic(member)
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
            claimed, found = math.prod(shape) * dtype.itemsize, info.file_size - member.tell()
        if claimed != found or dtype.kind != kind or (shape or (1,))[0] > most_rows:
            raise ValueError(f"{name} has the shape {shape} of {dtype}, and {found} bytes")


def _member(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(f"{name}.npy") as member:
        array: Array = np.lib.format.read_array(member, allow_pickle=False)
    return array


def cache_folder(kind: str) -> Path:
    """The folder for one kind of things ("images" ...): absolute, but it may not exist, or not be writable.

    The environment variable MLPCLI_CACHE names the folder that holds all kinds; without it, it is where the system
    keeps such things (on Linux ~/.cache/mlpcli, or below XDG_CACHE_HOME).

    Raises:
        UserError: the variable names the home of somebody who is not known here.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        try:
            return Path(chosen).expanduser().absolute() / kind
        except RuntimeError as error:
            raise UserError(
                f"{chosen}: no such home folder, but {VARIABLE} is set to it; correct {VARIABLE}"
            ) from error
    import platformdirs

    return platformdirs.user_cache_path("mlpcli", appauthor=False).absolute() / kind
