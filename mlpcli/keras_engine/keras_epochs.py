"""Batches as Keras takes them."""

from __future__ import annotations

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.data.batches import RowBatches
from mlpcli.data.dataset import Part


class Batches(RowBatches, backend.keras().utils.PyDataset):  # type: ignore[misc]
    """The same batches, for `model.fit` and `model.evaluate`."""

    def __init__(
        self, part: Part, targets: Array, batch_size: int, seed: int | None = None, weights: Array | None = None
    ) -> None:
        backend.keras().utils.PyDataset.__init__(self)
        RowBatches.__init__(self, part, targets, batch_size, seed, weights)
