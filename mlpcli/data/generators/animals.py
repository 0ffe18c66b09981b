"""animals: the classic first classification, with two yes-or-no questions."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.data.generators.draws import equal_shares

BIRD, MAMMAL, OTHER = range(3)


def make_animals(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Whether an animal has hair and wings (0 or 1 each), and what it is.

    Hair and no wings: a mammal. Wings and no hair: a bird. Neither or both (a fish, a bat): other. Each of the four
    combinations makes up a quarter of the rows. `noise` is the share of labels that are drawn at random from all three
    classes instead, 0 by default: then a perfect score is possible.

    Returns:
        x (rows, 2) whole numbers: hair, wings; y (rows,) indices into bird, mammal, other.
    """
    combination = equal_shares(rows, 4, random)
    hair, wings = combination // 2, combination % 2
    rule = np.array([[OTHER, BIRD], [MAMMAL, OTHER]])[hair, wings]
    drawn = random.integers(0, 3, rows)
    return np.stack([hair, wings], axis=1), np.where(random.random(rows) < noise, drawn, rule)
