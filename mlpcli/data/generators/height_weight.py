"""height_weight: the classic first regression."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array

MEAN_HEIGHT, SPREAD = 168.0, 9.0
SHORTEST, TALLEST = 140.0, 205.0
SLOPE, INTERCEPT = 0.9, -88.0


def make_height_weight(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Heights of adults in cm, and their weights in kg.

    height: normal, mean 168, standard deviation 9, kept within 140 and 205.
    weight = 0.9 height - 88, and a normal error of standard deviation `noise` kg (6 by default). So the best that any
    model can reach is a mean absolute error of 0.8 noise: 4.8 kg by default.
    Both are rounded to a tenth, as scales show them.

    Returns:
        x (rows, 1) and y (rows,), float64.
    """
    height = np.clip(random.normal(MEAN_HEIGHT, SPREAD, rows), SHORTEST, TALLEST).round(1)
    weight = SLOPE * height + INTERCEPT + noise * random.standard_normal(rows)
    return height[:, None], weight.round(1)
