"""Batches for Keras: raw rows, targets in the form the loss takes, shuffled anew in each epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.config.losses import Labels
from mlpcli.data.dataset import Array, Part

SHUFFLE_STREAM = 1_400_205_644
"""Keeps the permutations of the epochs apart from other draws of the same seed."""


def encode_targets(y: Array, labels: Labels, classes: int) -> Array:
    """Class indices (n,) or numbers (n,), (n, k) to what the loss compares with.

    sparse: int32 (n,); one_hot: float32 (n, classes); binary: float32 (n, 1); value: float32 (n, k).
    """
    if labels == "sparse":
        return y.astype(np.int32)
    if labels == "one_hot":
        one_hot = np.zeros((len(y), classes), np.float32)
        one_hot[np.arange(len(y)), y] = 1
        return one_hot
    return y.astype(np.float32).reshape(len(y), -1)


def epoch_order(seed: int, epoch: int, rows: int) -> Array:
    """The order of the rows in an epoch (from 0): a pure function, so that nothing about it has to be kept."""
    return np.random.default_rng([SHUFFLE_STREAM, seed, epoch]).permutation(rows)


class Batches(backend.keras().utils.PyDataset):  # type: ignore[misc]
    """The rows of one part in batches; `epoch` chooses the order, and None keeps the rows' own."""

    def __init__(
        self, part: Part, targets: Array, batch_size: int, seed: int | None = None, weights: Array | None = None
    ) -> None:
        """`targets` (n, ...) and `weights` (n,) belong to the source's whole arrays, as `part.x` does."""
        super().__init__()
        self.part, self.targets, self.weights = part, targets, weights
        self.batch_size, self.seed = batch_size, seed
        self.rows = part.indices
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch, counted from 0."""
        if self.seed is not None:
            self.rows = self.part.indices[epoch_order(self.seed, epoch, len(self.part))]

    def __len__(self) -> int:
        return -(-len(self.part) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        rows = self.rows[index * self.batch_size : (index + 1) * self.batch_size]
        batch = (self.part.x[rows], self.targets[rows])
        return batch if self.weights is None else (*batch, self.weights[rows])
