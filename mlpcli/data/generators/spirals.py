"""spirals: three arms that wind around each other; hard for a small network."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.data.generators.draws import equal_shares, scattered

ARMS = 3
TURNS = 0.75
INNERMOST = 0.1


def make_spirals(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Points on three spiral arms around (0, 0), a third of the rows on each.

    A point at distance r (uniform between 0.1 and 1) stands at the angle of its arm (0, 120 or 240 degrees) and 270
    degrees times r; so from one arm to the next it is 0.44 outwards. Every point is then moved by a normal error of
    standard deviation `noise` in both directions (0.04 by default).

    Returns:
        x (rows, 2): x1, x2; y (rows,) indices of the arms.
    """
    arm = equal_shares(rows, ARMS, random)
    radius = random.uniform(INNERMOST, 1, rows)
    angle = 2 * np.pi * (arm / ARMS + TURNS * radius)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return scattered(points, noise, random), arm
