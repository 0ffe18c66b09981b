"""Columns that hold one value in all training rows."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.data.look.column_ranges import ColumnRanges
from mlpcli.data.look.findings import Finding
from mlpcli.data.look.raw_columns import RawColumn, how_to_exclude, labels


def find_constant(columns: Sequence[RawColumn], ranges: ColumnRanges) -> list[Finding]:
    """One finding that names the columns of which nothing can be learnt."""
    same = ranges.low == ranges.high
    constant = [column for column in columns if same[column.where].all()]
    if not constant:
        return []
    text = (
        f"{len(constant):,} of {len(columns):,} columns hold one value in all training rows and say nothing:"
        f" {labels(constant)}"
    )
    return [Finding("constant", text, f"nothing is lost without: {how_to_exclude(constant)}")]
