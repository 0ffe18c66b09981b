"""Batches: raw rows, targets in the form the loss takes, shuffled anew in each epoch. Independent of Keras."""

from __future__ import annotations

import copy
from typing import Any, cast

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.losses import Labels
from mlpcli.data.dataset import Part
from mlpcli.data.streaming.disk_rows import BlockOrder, MappedRows, on_disk

SHUFFLE_STREAM = 1_400_205_644
"""Keeps the permutations of the epochs apart from other draws of the same seed."""


def encode_targets(y: Array, labels: Labels, classes: int) -> Array:
    """Class indices (n,) or numbers (n,), (n, k) to what the loss compares with.

    sparse: int32 (n,); one_hot: float32 (n, classes); binary: float32 (n, 1); value: float32 (n, k).
    Rows on disk are encoded when they are asked for.
    """
    if on_disk(y):
        return cast("Array", MappedRows(y, lambda rows: encode_targets(rows, labels, classes)))
    if labels == "sparse":
        return y.astype(np.int32)
    if labels == "one_hot":
        one_hot = np.zeros((len(y), classes), np.float32)
        one_hot[np.arange(len(y)), y] = 1
        return one_hot
    return y.astype(np.float32).reshape(len(y), -1)


def row_weights(weights: Array | None, y: Array) -> Array | None:
    """The weight of each row, from one weight per class and the class indices (n,); on disk as `encode_targets`."""
    if weights is None:
        return None
    table = weights
    return cast("Array", MappedRows(y, lambda rows: table[rows])) if on_disk(y) else table[y]


def epoch_order(seed: int, epoch: int, rows: int) -> Array:
    """The order of the rows in an epoch (from 0): a pure function, so that nothing about it has to be kept."""
    return np.random.default_rng([SHUFFLE_STREAM, seed, epoch]).permutation(rows)


class RowBatches:
    """The rows of one part in batches; `epoch` chooses the order, and None keeps the rows' own.

    `rows` are the indices in the order of the epoch: an array, or what gives any slice of it as one.
    """

    def __init__(
        self, part: Part, targets: Array, batch_size: int, seed: int | None = None, weights: Array | None = None
    ) -> None:
        """`targets` (n, ...) and `weights` (n,) belong to the source's whole arrays, as `part.x` does."""
        self.part, self.targets, self.weights = part, targets, weights
        self.batch_size, self.seed = batch_size, seed
        self.rows = part.indices
        self.set_epoch(0)

    @property
    def arrays(self) -> list[Array]:
        """x, targets, and weights where there are some: whole, of which a part's indices name the rows."""
        return [self.part.x, self.targets] if self.weights is None else [self.part.x, self.targets, self.weights]

    def of_size(self, batch_size: int) -> RowBatches:
        """The same rows in batches of another size."""
        other = copy.copy(self)
        other.batch_size = batch_size
        return other

    def set_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch, counted from 0: all rows, or on disk blocks of them (see `BlockOrder`)."""
        if self.seed is None:
            return
        if on_disk(self.part.x):
            self.rows = cast("Array", BlockOrder(self.seed, epoch, len(self.part), self.part.x.block_rows))
        else:
            self.rows = self.part.indices[epoch_order(self.seed, epoch, len(self.part))]

    def take(self, rows: Array) -> list[Array]:
        """Each of the arrays at row indices of any shape: (*rows.shape, *one row), in its own type."""
        return [take_rows(array, rows) for array in self.arrays]

    def __len__(self) -> int:
        return -(-len(self.part) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple(self.take(self.rows[index * self.batch_size : (index + 1) * self.batch_size]))


def take_rows(array: Array, rows: Array) -> Array:
    """Rows by index, from memory or from disk."""
    if isinstance(array, np.ndarray) and not array.flags.c_contiguous:
        return np.ascontiguousarray(array[rows])  # np.take would copy the whole array first
    return np.take(array, rows, axis=0) if isinstance(array, np.ndarray) else array[rows]


PREDICTION_BATCH = 2048
