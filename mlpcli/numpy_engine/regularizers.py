"""What large weights add to the loss, and the slopes of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.needs_keras import LeftToKerasError


@dataclass(frozen=True)
class Penalty:
    """l1 times the sum of the absolute weights, plus l2 times the sum of their squares."""

    l1: float = 0.0
    l2: float = 0.0

    @classmethod
    def of(cls, described: Any) -> Penalty | None:
        """From a component of the schema; None where there is none.

        Raises:
            LeftToKerasError: it is another one than l1, l2, l1_l2.
        """
        if described is None:
            return None
        if described.tag not in ("l1", "l2", "l1_l2"):
            raise LeftToKerasError("a regularizer other than l1 and l2")
        return cls(getattr(described, "l1", 0.0), getattr(described, "l2", 0.0))

    def value(self, weights: Array) -> float:
        """What it adds to the loss."""
        total = 0.0
        if self.l1:
            total += self.l1 * float(np.abs(weights).sum(dtype=np.float64))
        if self.l2:
            total += self.l2 * float(np.square(weights).sum(dtype=np.float64))
        return total

    def add_slope(self, weights: Array, gradient: Array) -> None:
        """Adds its slope to `gradient`, in place."""
        if self.l1:
            gradient += self.l1 * np.sign(weights)
        if self.l2:
            gradient += (2 * self.l2) * weights
