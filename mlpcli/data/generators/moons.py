"""moons: two half circles that reach into each other; no straight line parts them."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.data.generators.draws import equal_shares, scattered


def make_moons(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Points on two half circles of radius 1, half of the rows on each.

    upper: around (0, 0), the half above; lower: around (1, 0.5), the half below. Every point is then moved by a normal
    error of standard deviation `noise` in both directions (0.15 by default; the circles are 1 wide).
    scikit-learn's make_moons has the same shape; its points are spaced evenly, these are drawn.

    Returns:
        x (rows, 2): x1, x2; y (rows,) indices into lower, upper.
    """
    upper = equal_shares(rows, 2, random)
    angle = random.uniform(0, np.pi, rows)
    sign = np.where(upper, 1, -1)
    points = np.stack([sign * np.cos(angle) + (1 - upper), sign * np.sin(angle) + 0.5 * (1 - upper)], axis=1)
    return scattered(points, noise, random), upper
