"""A line about each column of a table, for those who want to see what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlpcli.data.tables.profile import ColumnProfile

if TYPE_CHECKING:
    from mlpcli.config.data import ColumnKind


@dataclass(frozen=True)
class ColumnSummary:
    """name: the column's. kind: number, category, boolean, date, "target" or "dropped".

    missing: rows without a value. distinct: how many values differ ("10,000+" where counting ended there).
    example: the range of numbers, else the first few values.
    """

    name: str
    kind: str
    missing: int
    distinct: int | str
    example: str


def column_lines(
    profiles: Mapping[str, ColumnProfile], kinds: Mapping[str, ColumnKind], target: str | None = None
) -> list[ColumnSummary]:
    """One summary per column of the file, in its order; columns without a kind are "dropped"."""
    return [
        _summary(profile, "target" if name == target else kinds.get(name, "dropped"))
        for name, profile in profiles.items()
    ]


def _summary(profile: ColumnProfile, kind: str) -> ColumnSummary:
    distinct = f"{profile.seen.most:,}+" if profile.seen.many else len(profile.seen)
    return ColumnSummary(profile.name, kind, profile.missing, distinct, _example(profile, kind))


def _example(profile: ColumnProfile, kind: str) -> str:
    if profile.present and profile.numbers == profile.present and kind != "category":
        return f"{profile.low:.6g} to {profile.high:.6g}" if profile.low < profile.high else f"{profile.low:.6g}"
    return ", ".join(profile.seen.starts(3))
