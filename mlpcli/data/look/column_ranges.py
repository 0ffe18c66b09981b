"""Finds constant columns, and values so large that scaling matters, from the range of each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Moments, moments_of, row_chunks
from mlpcli.data.dataset import Part, Rows
from mlpcli.data.look.findings import Finding, Level, RawColumn, how_to_exclude, labels
from mlpcli.text import quoted

UNSCALED_ABOVE = 20
TARGET_WARNED_ABOVE = 1000
"""Steps of an optimizer are of a fixed size: an output that starts near 0 needs thousands of them to come this far."""
SKEWED_ABOVE = 1000


def find_unscaled(scaling: str, ranges: ColumnRanges) -> list[Finding]:
    """Large values in x that nothing scales; `scaling` is the resolved data.scaling word."""
    largest = float(ranges.largest.max())
    if scaling != "none" or largest <= UNSCALED_ABOVE:
        return []
    text = f"values go up to {largest:g} and data.scaling is none"
    return [Finding("scaling", text, "training may be slow or fail: try auto")]


def find_skewed(columns: Sequence[RawColumn], ranges: ColumnRanges, sample: Rows) -> list[Finding]:
    """Columns whose largest value is 1,000 times the median of those that are not 0, whatever their signs."""
    skewed = []
    for column in columns:
        high = ranges.largest[column.where]
        values = np.abs(sample.x[:, column.where].astype(np.float64))
        if any(_is_skewed(float(most), one) for most, one in zip(high, values.T, strict=True)):
            skewed.append(column)
    if not skewed:
        return []
    text = f"values more than {SKEWED_ABOVE:,} times the usual ones, which scaling then squeezes: {labels(skewed)}"
    return [Finding("skewed", text, "correct impossible values, or take the logarithm")]


def find_large_target(train: Part, target_scaling: str, names: tuple[str, ...] = ()) -> list[Finding]:
    """A numeric target far from 0 or with a large spread, while data.target_scaling is none; names: of several."""
    known = moments_of(train.y) or Moments.of(train.y[train.indices].astype(np.float64).reshape(len(train), -1))
    mean, spread = known.mean, np.sqrt(known.variance)
    sizes = np.maximum(np.abs(mean), spread)
    largest = int(sizes.argmax())
    if target_scaling != "none" or sizes[largest] <= UNSCALED_ABOVE:
        return []
    target = f"the target {quoted([names[largest]])}" if len(names) > 1 else "the target"
    text = f"{target} is about {mean[largest]:.4g}, give or take {spread[largest]:.4g}, but a network starts near 0"
    level: Level = "warning" if sizes[largest] > TARGET_WARNED_ABOVE else "note"
    return [Finding("target", text, "data.target_scaling: standardize trains faster", level)]


def _is_skewed(largest: float, values: Array) -> bool:
    other = values[values > 0]
    if len(other) == 0 or largest <= SKEWED_ABOVE * float(other.min()):  # at a tenth of the cost of the median
        return False
    return largest > SKEWED_ABOVE * float(np.median(other))


@dataclass(frozen=True, eq=False)
class ColumnRanges:
    """low, high: (width,) of a table, or (values of an example,) of images."""

    low: Array
    high: Array

    @property
    def largest(self) -> Array:
        """The largest absolute value of each column, float64."""
        result: Array = np.maximum(np.abs(self.low.astype(np.float64)), np.abs(self.high.astype(np.float64)))
        return result


def column_ranges(train: Part) -> ColumnRanges:
    """Over all training rows and no others, at least one; of rows on disk it is known since they were written."""
    known = moments_of(train.x)
    if known is not None:
        return ColumnRanges(known.low, known.high)
    lows, highs = [], []
    for chunk in row_chunks(train.x, len(train)):
        rows = train.x[train.indices[chunk]].reshape(len(range(chunk.start, chunk.stop)), -1)
        lows.append(rows.min(axis=0))
        highs.append(rows.max(axis=0))
    return ColumnRanges(np.min(lows, axis=0), np.max(highs, axis=0))


def find_constant(columns: Sequence[RawColumn], ranges: ColumnRanges) -> list[Finding]:
    """One finding that names the columns of which nothing can be learnt."""
    same = ranges.low == ranges.high
    constant = [column for column in columns if same[column.where].all()]
    if not constant:
        return []
    text = (
        f"{len(constant):,} of {len(columns):,} columns have the same value in all training rows and are useless:"
        f" {labels(constant)}"
    )
    return [Finding("constant", text, f"nothing is lost without them: {how_to_exclude(constant)}")]
