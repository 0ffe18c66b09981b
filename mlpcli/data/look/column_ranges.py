"""The lowest and the highest value of each column in the training rows: one pass, in chunks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Array, Part
from mlpcli.data.streaming.moments import moments_of


@dataclass(frozen=True, eq=False)
class ColumnRanges:
    """low, high: (width,) of a table, or (values of an example,) of images."""

    low: Array
    high: Array

    @property
    def largest(self) -> Array:
        """The largest absolute value of each column, float64."""
        result: Array = np.maximum(np.abs(self.low.astype(np.float64)), np.abs(self.high.astype(np.float64)))
        return result


def column_ranges(train: Part) -> ColumnRanges:
    """Over all training rows and no others, at least one; of rows on disk it is known since they were written."""
    known = moments_of(train.x)
    if known is not None:
        return ColumnRanges(known.low, known.high)
    lows, highs = [], []
    for chunk in row_chunks(train.x, len(train)):
        rows = train.x[train.indices[chunk]].reshape(len(range(chunk.start, chunk.stop)), -1)
        lows.append(rows.min(axis=0))
        highs.append(rows.max(axis=0))
    return ColumnRanges(np.min(lows, axis=0), np.max(highs, axis=0))
