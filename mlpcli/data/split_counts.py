"""How many rows each part will have, from numbers alone: no rows need to be loaded to know it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlpcli.errors import SettingError

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig


@dataclass(frozen=True)
class SplitCounts:
    """Rows kept by data.limit, and rows of each part (None: there is no such part)."""

    kept: int
    train: int
    validation: int | None
    test: int | None


def split_counts(
    data: DataConfig, rows: int, test_rows: int | None = None, validation_rows: int | None = None
) -> SplitCounts:
    """The sizes of the parts.

    rows: training rows of the source. test_rows: those of its own test set or of the data.test file;
    validation_rows: those of the data.validation file; None where there is none.

    Raises:
        SettingError: data.test or data.validation leaves an empty part or asks for a test set that is not there.
    """
    kept = rows if data.limit is None else min(rows, data.limit)
    train = kept
    if isinstance(data.test, float):
        if test_rows is not None:
            raise SettingError("data.test", "this source brings its own test set; remove data.test, or give a path")
        test_rows = _share("data.test", data.test, train)
        train -= test_rows
    if data.validation == "test":
        if test_rows is None:
            raise SettingError("data.validation", '"test" needs a test set; set data.test, or give a fraction here')
        validation_rows = test_rows
    elif isinstance(data.validation, float):
        validation_rows = _share("data.validation", data.validation, train)
        train -= validation_rows
    return SplitCounts(kept, train, validation_rows, test_rows)


def _share(key: str, fraction: float, rows: int) -> int:
    """The nearest whole number of rows, halves up."""
    taken = math.floor(rows * fraction + 0.5)
    if not 0 < taken < rows:
        part = key.removeprefix("data.")
        raise SettingError(
            key,
            f"{fraction:g} of {rows:,} rows is {taken:,} for {part} and {rows - taken:,} for training;"
            " each needs at least one: choose another fraction",
        )
    return taken
