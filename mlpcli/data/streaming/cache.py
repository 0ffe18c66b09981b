"""The folder of converted tables: made whole or not at all, found again, and kept from growing without end.

A set is made in a folder of another name and renamed when it is whole, so that a process that is killed leaves nothing
that looks finished, and two that make the same set at once both succeed: the second finds the first one's in its place.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mlpcli.data.cache_folder import VARIABLE
from mlpcli.data.streaming.stored_set import MANIFEST, read_set
from mlpcli.errors import OutputError

MAKING = ".making-"
ABANDONED_SECONDS = 600
"""A set that is being made is written to every few seconds; one that was not for this long was left behind."""
MOST_BYTES = 64 << 30
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
        make_room(root, needed, what, MOST_BYTES)
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


def spoken(size: float) -> str:
    """A number of bytes in the unit that people say: 5.2 GB."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1e3:.1f} kB"


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
