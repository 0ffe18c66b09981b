"""Where the rows lie from which chunks are gathered: in memory as NumPy arrays, on the GPU, or on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.data.dataset import Array
from mlpcli.training.feed import RowBatches, take_rows

tf = backend.tensorflow()
OUT_OF_MEMORY = tf.errors.ResourceExhaustedError
GPU = "GPU:0"


class ResidentRows:
    """Gathers rows of x, targets and weights, each in its own dtype: pixels stay uint8 until the graph scales them.

    On a CPU nothing is copied but the rows asked for. With a GPU the arrays are put there once; what is shared between
    training and validation is put there once for both. Rows on disk stay there, and come in chunks.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self.note = note
        self.device = GPU if "GPU" in backend.devices() else None
        self._placed: dict[int, Any] = {}

    def take(self, batches: RowBatches, rows: Array) -> list[Any]:
        """The rows, for indices of any shape: each array as (*rows.shape, *one row)."""
        return [self._gather(array, rows) for array in batches.arrays]

    def _gather(self, array: Array, rows: Array) -> Any:
        if self.device is not None and isinstance(array, np.ndarray):
            try:
                return tf.gather(self._on_device(array), rows)
            except OUT_OF_MEMORY:
                self._fall_back(array)
        return tf.convert_to_tensor(take_rows(array, rows))

    def _on_device(self, array: Array) -> Any:
        if id(array) not in self._placed:
            with tf.device(self.device):
                self._placed[id(array)] = tf.identity(tf.constant(array))
        return self._placed[id(array)]

    def _fall_back(self, array: Array) -> None:
        size = array.nbytes / 2**30
        self.note(
            f"note: the data ({size:.1f} GiB) does not fit on the GPU; it stays in memory and goes there in chunks"
        )
        self.device = None
        self._placed.clear()
