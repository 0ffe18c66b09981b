"""checkpoint/: the state of the last epoch, for resuming, and apart from it the best weights; both survive a crash.

Each is an array file (`array_file`), whose sums tell a torn file from a whole one. A new file has a new name, and the
one before stays until the new one is whole:

    last-000012.npz   everything that epoch 13 depends on
    best-000009.npz   the weights of epoch 9, the best until then
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlpcli.arrays import Array
from mlpcli.errors import RunDirectoryError
from mlpcli.files import cannot_write
from mlpcli.runs.array_file import DAMAGE, State, read_arrays, reason_of, write_arrays

FOLDER = "checkpoint"
FORMAT = 1
KEPT = 2
"""Checkpoints that stay: the newest, and the one before it, should the newest be damaged."""
_NAME = re.compile(r"(last|best)-([0-9]{6,9})\.npz")


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
            write_arrays(
                self._file("best", best), {"weights": weights}
            )  # a file of that name may be of epochs given up
            self._apart.add(best)
        head = {"format": FORMAT, "epoch": checkpoint.epoch, "best_epoch": best}
        write_arrays(self._file("last", checkpoint.epoch), {**head, "state": checkpoint.state})
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
            except DAMAGE as error:
                reason = f"{self._file('last', epoch)}: is damaged ({reason_of(error)})"
                if not epochs:
                    raise RunDirectoryError(
                        f"{reason}, and there is no other checkpoint; delete the folder {FOLDER}/ to train from the"
                        " first epoch"
                    ) from error
                damaged(f"{reason}; using the one before it")
            else:
                self._best_of = {epoch: found.best_epoch}
                self._apart = {found.best_epoch} if found.best_epoch not in (None, epoch) else set()
                return found
        return None

    def _read(self, epoch: int) -> Checkpoint:
        found = read_arrays(self._file("last", epoch))
        if found["format"] != FORMAT:
            raise ValueError(f"it has format {found['format']}, but this mlpcli reads {FORMAT}")
        best, state = found["best_epoch"], found["state"]
        if found["epoch"] != epoch or not isinstance(state, dict):
            raise ValueError("its contents do not match its name")
        weights = read_arrays(self._file("best", best))["weights"] if best not in (None, epoch) else None
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
