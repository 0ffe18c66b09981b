"""How many rows a training step takes, where the config says auto."""

from __future__ import annotations

from typing import Literal

FEWEST, MOST = 32, 256
STEPS = 50
"""At the least in an epoch; fewer steps than that leave the network undertrained."""


def choose_batch_size(setting: int | Literal["auto"], rows: int | None) -> int:
    """Rows per step; auto: the largest power of two that leaves `STEPS` steps an epoch, within FEWEST to MOST.

    rows: of training; None where they are not known.

    >>> [choose_batch_size("auto", rows) for rows in (150, 3_199, 3_200, 10_000, 60_000)]
    [32, 32, 64, 128, 256]
    """
    if setting != "auto":
        return setting
    largest = (rows or 0) // STEPS
    power: int = 1 << max(0, largest.bit_length() - 1)
    return min(max(power, FEWEST), MOST)
