"""Largest-remainder shares: how many rows of each class go into a part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlpcli.errors import SettingError

Counts = npt.NDArray[np.int64]


def class_shares(key: str, counts: Counts, taken: int, class_names: tuple[str, ...]) -> Counts:
    """Rows of each class to take, `taken` in all, proportional to counts (k,) to within one row.

    Each class keeps a row: one whose share would be all of its rows gives up the last one to the others.
    `key` is the fraction's setting. Whole-number arithmetic, so the same everywhere.

    Raises:
        SettingError: a class has one row only, or fewer rows would be left than there are classes.
    """
    total, present = int(counts.sum()), counts > 0
    _check_enough(key, counts, total - taken, int(present.sum()), class_names)
    shares = counts * taken // total
    by_remainder = np.argsort(-(counts * taken % total), kind="stable")
    missing = taken - int(shares.sum())
    while missing:
        for index in by_remainder:
            if missing and shares[index] < counts[index] - 1:
                shares[index] += 1
                missing -= 1
    return shares


def _check_enough(key: str, counts: Counts, left: int, classes: int, class_names: tuple[str, ...]) -> None:
    single = np.flatnonzero(counts == 1)
    if len(single):
        raise SettingError(
            "data.stratify",
            f'the class "{class_names[single[0]]}" has 1 row to split, but each class needs at least 2;'
            " add rows, or set data.stratify: false",
        )
    if left < classes:
        raise SettingError(
            key, f"leaves {left} training rows for {classes} classes; choose a smaller fraction, or stratify: false"
        )
