"""What is printed of the data: its columns, its classes, and what a look at it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mlpcli.cli.console import line, table
from mlpcli.config.suggestions import shown
from mlpcli.data.look.findings import Facts, Look
from mlpcli.data.wording import percent

MOST_COLUMNS = 40
MOST_CLASSES = 12


class ColumnRow(Protocol):
    """A column of a table file: what it is read as, how many values are missing and how many differ, an example."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def missing(self) -> int: ...
    @property
    def distinct(self) -> int | str: ...
    @property
    def example(self) -> str: ...


def print_look(look: Look, columns: Sequence[ColumnRow] = ()) -> None:
    """For `validate`: a table of the columns (where there are any), a line per part for the classes, all findings."""
    if columns:
        _print_columns(columns)
    for text in class_lines(look.facts):
        line(text)
    for finding in look.findings:
        line(f"{finding.level}: {finding}")


def class_lines(facts: Facts) -> list[str]:
    """`classes   training: cat 40 (80 %), dog 10 (20 %)`; of many classes, the smallest and the largest."""
    if facts.class_names is None or facts.class_counts is None:
        return []
    names = [shown(name) for name in facts.class_names]
    return [
        f"{'' if index else 'classes':<10}{part}: {_balance(names, counts)}"
        for index, (part, counts) in enumerate(facts.class_counts.items())
    ]


def _print_columns(columns: Sequence[ColumnRow]) -> None:
    rows = [
        [shown(column.name), column.kind, shown(str(column.example)), _count(column.missing), _count(column.distinct)]
        for column in columns[:MOST_COLUMNS]
    ]
    table(f"{len(columns):,} columns", ["column", "kind", "example", "missing", "distinct"], rows, left=3)
    if len(columns) > MOST_COLUMNS:
        line(f"... and {len(columns) - MOST_COLUMNS:,} more")


def _count(value: int | str) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _balance(names: Sequence[str], counts: Sequence[int]) -> str:
    total = max(1, sum(counts))
    if len(counts) > 2 and len(set(counts)) == 1:
        return f"{len(counts):,} classes of {counts[0]:,} rows each"
    each = [f"{name} {count:,} ({percent(count, total)})" for name, count in zip(names, counts, strict=True)]
    if len(each) <= MOST_CLASSES:
        return ", ".join(each)
    smallest, largest = counts.index(min(counts)), counts.index(max(counts))
    return f"{len(each):,} classes, from {each[smallest]} to {each[largest]}"
