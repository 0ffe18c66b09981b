"""snapshots.npz: the weights of a small network after some epochs, for pictures of how it learnt.

Which epochs depends on nothing but the number of epochs done: every n-th from 0 (before training) on, with the smallest
power of two for n that keeps them few enough, and the last. When the training is over, the epoch whose weights were
kept joins them. So a run that was killed and resumed has the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import RunDirectoryError
from mlpcli.runs.array_file import read_run_arrays, write_arrays
from mlpcli.runs.directory import SNAPSHOTS
from mlpcli.runs.run_file import MIB

FORMAT = 1
MOST_PARAMETERS = 100_000
MOST, FEWEST = 58, 20
"""Snapshots beside those of the last and of the kept epoch."""
MOST_BYTES = 8 * MIB
"""Of all snapshots; of networks for which that is fewer than FEWEST, so many all the same."""
LARGEST = 16 * MIB


@dataclass(frozen=True, eq=False)
class SavedWeights:
    """What the file holds: epochs, ascending; weights (epochs, parameters) float32, in the order of Keras's
    `get_weights`; kept: the epoch whose weights the model has, None where training has not ended."""

    epochs: tuple[int, ...]
    weights: Array
    kept: int | None


class Snapshots:
    """The snapshots of a training; what is kept in memory is written at each checkpoint."""

    def __init__(self, run: Path, parameters: int) -> None:
        """parameters: of the network, trained and tracked."""
        self.run = run
        self.most = max(FEWEST, min(MOST, MOST_BYTES // (4 * max(1, parameters))))
        self._kept: dict[int, Array] = {}

    def look(self, epoch: int, weights: Sequence[Array]) -> None:
        """Take the weights after `epoch` epochs, and drop those that are no longer needed."""
        step = self._step(epoch)
        if any(earlier % step for earlier in self._kept):
            self._kept = {earlier: array for earlier, array in self._kept.items() if earlier % step == 0}
        self._kept[epoch] = _flat(weights)

    def go_on_after(self, epochs: int) -> None:
        """Take over what the file of an earlier process has of the first `epochs` epochs; nothing, if it is damaged."""
        if not epochs:
            return
        try:
            found = read_snapshots(self.run)
        except RunDirectoryError:
            found = None
        if found is not None:
            known = zip(found.epochs, found.weights, strict=True)
            self._kept = {epoch: array for epoch, array in known if epoch <= epochs}

    def write(self, kept: int | None = None) -> None:
        """Replace the file (raises OutputError); kept: see `SavedWeights`."""
        epochs = sorted(self._kept)
        if epochs:
            weights = np.stack([self._kept[epoch] for epoch in epochs])
            content = {"format": FORMAT, "epochs": epochs, "weights": weights, "kept": kept}
            write_arrays(self.run / SNAPSHOTS, content)

    def finish(self, kept: int, weights: Sequence[Array]) -> None:
        """Add the weights that the model was given when the training was over, those of epoch `kept`, and write all."""
        self._kept[kept] = _flat(weights)
        self.write(kept)

    def _step(self, epochs: int) -> int:
        """From one epoch to the next that stays, when so many are done."""
        step = 1
        while epochs // step >= self.most:
            step *= 2
        return step


def _flat(weights: Sequence[Array]) -> Array:
    return np.concatenate([np.asarray(array, np.float32).ravel() for array in weights])


def read_snapshots(run: Path) -> SavedWeights | None:
    """What the file says; None where a run has none.

    Raises:
        RunDirectoryError: the file is damaged, or larger than mlpcli writes it.
    """
    return read_run_arrays(run / SNAPSHOTS, LARGEST, _checked)


def _checked(found: dict[str, object]) -> SavedWeights:
    epochs, weights, kept = found["epochs"], found["weights"], found["kept"]
    if found["format"] != FORMAT or not isinstance(epochs, list) or not isinstance(weights, np.ndarray):
        raise ValueError("it does not hold epochs and weights")
    whole = all(type(epoch) is int and epoch >= 0 for epoch in epochs) and epochs == sorted(set(epochs))
    if not whole or weights.ndim != 2 or weights.dtype != np.float32 or len(weights) != len(epochs) or not epochs:
        raise ValueError("its epochs and weights do not agree")
    return SavedWeights(tuple(epochs), weights, kept if type(kept) is int else None)
