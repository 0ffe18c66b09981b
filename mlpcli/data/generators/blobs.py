"""blobs: three round clouds; straight lines part them, but for the points where they meet."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.data.generators.draws import equal_shares, scattered

CLOUDS = 3
DISTANCE = 2.0


def make_blobs(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Points around three centres, a third of the rows around each.

    The centres stand 2 away from (0, 0), at 90, 210 and 330 degrees, so 3.46 from each other. Every point is its centre
    moved by a normal error of standard deviation `noise` in both directions (0.8 by default: about 3 % of the points
    are nearer to another centre).

    Returns:
        x (rows, 2): x1, x2; y (rows,) indices of the clouds.
    """
    cloud = equal_shares(rows, CLOUDS, random)
    angle = np.pi / 2 + 2 * np.pi * cloud / CLOUDS
    centres = DISTANCE * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return scattered(centres, noise, random), cloud
