"""Sizes for a first config, from the number of rows and of inputs: rules of thumb, each in a line."""

from __future__ import annotations

import math

SMALLEST_LAYER, LARGEST_LAYER = 16, 256
ROWS_PER_UNIT = 10
ROWS_PER_INPUT = 50
STEPS_PER_EPOCH = 100
SMALLEST_BATCH, LARGEST_BATCH = 16, 512
MANY_ROWS = 10_000
FEWEST_TO_TEST, FEWEST_TO_VALIDATE, FEWEST_TO_STRATIFY = 10, 5, 3


def hidden_units(rows: int, inputs: int) -> list[int]:
    """Two layers, the second half of the first; the first has about twice as many units as there are inputs.

    It has a power of two of them, between 32 and 256, and with few rows no more than a tenth of the rows (but 16).
    """
    wanted = max(2 * SMALLEST_LAYER, 2 ** math.ceil(math.log2(2 * max(1, inputs))))
    allowed = max(SMALLEST_LAYER, _power_of_two_within(rows / ROWS_PER_UNIT))
    first = min(wanted, allowed, LARGEST_LAYER)
    return [first, first // 2]


def batch_size(rows: int) -> int:
    """A power of two between 16 and 512, so that an epoch has about a hundred steps or a few hundred."""
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, _power_of_two_within(rows / STEPS_PER_EPOCH)))


def epochs_and_patience(rows: int) -> tuple[int, int]:
    """The most epochs, and those to wait for an improvement: more of them where an epoch is short."""
    return (50, 5) if rows >= MANY_ROWS else (200, 20)


def wants_dropout(rows: int, inputs: int, task: str) -> bool:
    """Whether a network would soon know the rows by heart: classes, and fewer than 50 rows for each input."""
    return task != "regression" and rows < ROWS_PER_INPUT * inputs


def _power_of_two_within(number: float) -> int:
    return 1 << int(math.log2(max(1, number)))
