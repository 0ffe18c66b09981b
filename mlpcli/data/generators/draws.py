"""What the generated sets share: labels in equal shares, and values with as many digits as their CSV shows."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array

POINT_DIGITS = 4
"""Digits behind the point of x1 and x2: the same numbers come out of a CSV, and out of the set itself."""


def equal_shares(rows: int, classes: int, random: np.random.Generator) -> Array:
    """Class indices int64 (rows,) in a random order, each class as often as any other, but for one row."""
    return random.permutation(np.arange(rows, dtype=np.int64) % classes)


def scattered(points: Array, noise: float, random: np.random.Generator) -> Array:
    """Points (rows, 2), each moved by a normal error of standard deviation `noise` in both directions."""
    return np.round(points + noise * random.standard_normal(points.shape), POINT_DIGITS)
