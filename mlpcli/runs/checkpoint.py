"""checkpoint/: the state of the last epoch, for resuming, and apart from it the best weights; both survive a crash.

Each file is an .npz (JSON and arrays, no pickle), written beside its name, synced and renamed. Its CRC-32 sums tell a
torn file from a whole one. A new file has a new name, and the one before stays until the new one is whole:

    last-000012.npz   everything that epoch 13 depends on
    best-000009.npz   the weights of epoch 9, the best until then
"""

from __future__ import annotations

import json
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import RunDirectoryError
from mlpcli.files import cannot_write, replace_file

FOLDER = "checkpoint"
FORMAT = 1
KEPT = 2
"""Checkpoints that stay: the newest, and the one before it, should the newest be damaged."""
_NAME = re.compile(r"(last|best)-([0-9]{6,9})\.npz")
_STATE = "state"
State = dict[str, Any]
"""Numbers, texts, arrays, and lists and dicts of them."""
_DAMAGE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError, RuntimeError, struct.error,
    zipfile.BadZipFile,
)  # fmt: skip
"""What reading a file raises that is torn, or that something else has written. (zipfile's are RuntimeErrors, too.)"""


@dataclass(frozen=True)
class Checkpoint:
    """After `epoch` epochs.

    best_epoch: the epoch, from 1, whose weights are kept as the best, or None. best_weights: its weights; None where it
    is the last epoch, since the state has them.
    """

    epoch: int
    state: State
    best_epoch: int | None = None
    best_weights: list[Array] | None = None


class Checkpoints:
    """The folder checkpoint/ of one run."""

    def __init__(self, run: Path) -> None:
        self.folder = run / FOLDER
        self._best_of: dict[int, int | None] = {}
        self._apart: set[int] = set()

    def write(self, checkpoint: Checkpoint) -> None:
        """Write it, then remove those that are no longer needed.

        Raises:
            OutputError: the disk is full, or the folder is gone; the files before are unchanged.
        """
        best, weights = checkpoint.best_epoch, checkpoint.best_weights
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        if best is not None and weights is not None and best not in self._apart:
            _write(self._file("best", best), {"weights": weights})  # a file of that name may be of epochs given up
            self._apart.add(best)
        head = {"format": FORMAT, "epoch": checkpoint.epoch, "best_epoch": best}
        _write(self._file("last", checkpoint.epoch), {**head, "state": checkpoint.state})
        self._best_of[checkpoint.epoch] = best
        self._prune()

    def read(self, damaged: Callable[[str], None]) -> Checkpoint | None:
        """The newest that is whole; None if there is none at all.

        damaged: called with a sentence for each newer one that is not whole.

        Raises:
            RunDirectoryError: there are some, and none can be read.
        """
        epochs = sorted(epoch for kind, epoch in self._files() if kind == "last")
        while epochs:
            epoch = epochs.pop()
            try:
                found = self._read(epoch)
            except _DAMAGE as error:
                reason = f"{self._file('last', epoch)}: is damaged ({_reason(error)})"
                if not epochs:
                    raise RunDirectoryError(
                        f"{reason}, and there is no other checkpoint; delete the folder {FOLDER}/ to train from the"
                        " first epoch"
                    ) from error
                damaged(f"{reason}; the one before it is taken")
            else:
                self._best_of = {epoch: found.best_epoch}
                self._apart = {found.best_epoch} if found.best_epoch not in (None, epoch) else set()
                return found
        return None

    def _read(self, epoch: int) -> Checkpoint:
        found = _read(self._file("last", epoch))
        if found["format"] != FORMAT:
            raise ValueError(f"it has the format {found['format']}, and this mlpcli reads {FORMAT}")
        best, state = found["best_epoch"], found["state"]
        if found["epoch"] != epoch or not isinstance(state, dict):
            raise ValueError("it does not hold what its name says")
        weights = _read(self._file("best", best))["weights"] if best not in (None, epoch) else None
        return Checkpoint(epoch, state, best, weights)

    def _file(self, kind: str, epoch: int) -> Path:
        return self.folder / f"{kind}-{epoch:06}.npz"

    def _files(self) -> Iterator[tuple[str, int]]:
        with suppress(OSError):
            for path in self.folder.iterdir():
                if match := _NAME.fullmatch(path.name):
                    yield match[1], int(match[2])

    def _prune(self) -> None:
        """Best weights go with the last checkpoint that names them."""
        self._best_of = dict(sorted(self._best_of.items())[-KEPT:])
        needed = {("last", epoch) for epoch in self._best_of} | {("best", best) for best in self._best_of.values()}
        for file in list(self._files()):
            if file not in needed:
                with suppress(OSError):  # a file too many does no harm
                    self._file(*file).unlink(missing_ok=True)


def _write(path: Path, content: State) -> None:
    arrays: list[Array] = []
    text = json.dumps(_put_aside(content, arrays), ensure_ascii=True)
    named: dict[str, Any] = {f"array_{number}": array for number, array in enumerate(arrays)}
    named[_STATE] = np.frombuffer(text.encode("ascii"), np.uint8)
    replace_file(path, lambda temporary: np.savez(temporary, **named))


def _put_aside(value: Any, arrays: list[Array]) -> Any:
    """The value as JSON can have it, each array replaced by its number in `arrays`."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, dict):
        return {key: _put_aside(entry, arrays) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_put_aside(entry, arrays) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def _read(path: Path) -> State:
    """The reverse of `_write`."""
    if not path.is_file():
        raise ValueError(f"{path.name} is missing" if not path.exists() else f"{path.name} is no file")
    with zipfile.ZipFile(path) as archive:
        _check(archive, path.stat().st_size)
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    text = arrays.pop(_STATE).tobytes().decode("ascii")
    found = json.loads(text, object_hook=lambda one: arrays[f"array_{one['array']}"] if set(one) == {"array"} else one)
    if not isinstance(found, dict):
        raise ValueError("it holds no state")
    return found


def _check(archive: zipfile.ZipFile, size: int) -> None:
    """Compare all sums, and see that nothing in it unpacks to more than the file's size.

    NumPy compares a sum only where the array's own header, which may be damaged, asks for every byte.

    Raises:
        ValueError: something else has written it, or a byte is not what was written.
    """
    members = archive.infolist()
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if packed or sum(member.file_size for member in members) > size:
        raise ValueError("it is packed, which checkpoints are not")
    if (torn := archive.testzip()) is not None:
        raise ValueError(f"the sum of {torn} is wrong")
    for member in members:
        with archive.open(member) as file:
            np.lib.format.read_magic(file)
            shape, _, kind = np.lib.format.read_array_header_1_0(file)
            if prod(shape) * kind.itemsize != member.file_size - file.tell():
                raise ValueError(f"{member.filename} claims {prod(shape):,} values, which it does not hold")


def _reason(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
