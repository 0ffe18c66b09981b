"""Which column is probably the target, by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlpcli.tables.profile import ColumnProfile

TARGET_NAMES = (
    *("target", "label", "y", "survived", "species", "outcome", "diagnosis", "churn", "churned", "default", "category"),
    *("result", "quality", "price", "medv", "class", "type", "answer", "output"),
    *("정답", "라벨", "레이블", "타깃", "타겟", "목표", "결과", "종속변수", "분류", "품종", "종", "등급", "가격"),
)
"""The surest first."""


def guess_target(names: Sequence[str], profiles: Mapping[str, ColumnProfile]) -> str:
    """The column with a name that targets often have, in any case and the surest names first; else the last column.

    Columns without values, or with one only, are passed over where others are left. `names` must not be empty.
    """
    useful = [name for name in names if name not in profiles or len(profiles[name].seen) > 1] or list(names)
    return called_target(useful) or useful[-1]


def called_target(names: Sequence[str]) -> str | None:
    """The column that is called as targets often are; None where there is none."""
    for likely in TARGET_NAMES:
        for name in names:
            if name.strip().casefold() == likely:
                return name
    return None
