"""The median of values that come batch by batch, in bounded memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MOST_VALUES = 1_000_000
MOST_VALUES_IN_ALL = 20_000_000
FEWEST_VALUES = 1_000
"""Values kept of one column, at most and of all columns together, and at least: the median is exact up to here, and
that of a sample beyond. In all they take 4 bytes each, and 300 MB where columns are sampled."""
STREAM = 1_296_385_106
"""Keeps the draws apart from those of splits and epochs."""


class ValueSample:
    """All values, or of very many a random sample that depends on nothing but the values' order.

    Each value draws a random key, and those with the smallest keys stay: where batches begin does not matter.
    Values are kept as float32, which is what the network gets.
    """

    def __init__(self, number: int = 0, columns: int = 1) -> None:
        self.rows = 0
        self._most = max(FEWEST_VALUES, min(MOST_VALUES, MOST_VALUES_IN_ALL // columns))
        self._generator = np.random.default_rng([STREAM, number])
        self._values: list[npt.NDArray[np.float32]] = []
        self._keys: list[npt.NDArray[np.float64]] = []
        self._kept = self._keyed = 0

    def add(self, values: npt.NDArray[np.float64]) -> None:
        """Take in more values (n,), none of them NaN."""
        self.rows += len(values)
        self._kept += len(values)
        self._values.append(values.astype(np.float32))
        if self._kept > self._most + self._most // 4:
            self._shrink()

    def median(self) -> float:
        """The median of what is kept, NaN of nothing."""
        if self.rows == 0:
            return float("nan")
        if self._kept > self._most:
            self._shrink()
        return float(np.median(np.concatenate(self._values).astype(np.float64)))

    def _shrink(self) -> None:
        """Values without a key draw theirs now: the draws are the same whenever that is."""
        self._keys.append(self._generator.random(self._kept - self._keyed))
        values, keys = np.concatenate(self._values), np.concatenate(self._keys)
        smallest = np.sort(np.argpartition(keys, self._most)[: self._most])
        self._values, self._keys = [values[smallest]], [keys[smallest]]
        self._kept = self._keyed = self._most
