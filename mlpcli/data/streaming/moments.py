"""Count, mean, spread and range of columns, gathered in one pass over rows that come in pieces.

Pieces are merged by the formula of T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample
variance: analysis and recommendations", The American Statistician 37 (1983), 242-247: it loses no digits where values
are large beside their spread, as the difference of two sums of squares would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """Of `count` rows, for each column (columns,): mean, sum of squared deviations from it, lowest, highest."""

    count: int
    mean: Floats
    squares: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, values: Floats) -> Moments:
        """Of the rows (n, columns) at hand; n is at least 1."""
        low, high = values.min(axis=0), values.max(axis=0)
        # The mean of equal values may differ from them by a rounding, and they would seem to vary.
        with np.errstate(invalid="ignore"):  # infinite values: low and high tell of them
            mean = np.where(low == high, low, values.mean(axis=0))
            return cls(len(values), mean, ((values - mean) ** 2).sum(axis=0), low, high)

    def merged(self, other: Moments) -> Moments:
        """Of the rows of both."""
        count = self.count + other.count
        with np.errstate(invalid="ignore"):
            step = other.mean - self.mean
            mean = self.mean + step * (other.count / count)
            squares = self.squares + other.squares + step**2 * (self.count * other.count / count)
        return Moments(count, mean, squares, np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    @property
    def variance(self) -> Floats:
        """Mean squared deviation, without Bessel's correction (as scikit-learn's StandardScaler has it)."""
        return self.squares / self.count

    def as_json(self) -> dict[str, Any]:
        """Every number exactly, as JSON's decimals are read back."""
        columns = {name: getattr(self, name).tolist() for name in ("mean", "squares", "low", "high")}
        return {"count": self.count, **columns}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Moments:
        """The inverse of `as_json`."""
        columns = (np.array(value[name], np.float64) for name in ("mean", "squares", "low", "high"))
        return cls(int(value["count"]), *columns)


def moments_of(rows: object) -> Moments | None:
    """What is known already of rows that were counted as they were written; None for any array in memory."""
    found = getattr(rows, "moments", None)
    return found if isinstance(found, Moments) else None
