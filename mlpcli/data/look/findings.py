"""The result of a look at the data: findings as text, and the counts behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mlpcli.config.yaml_names import yaml_names
from mlpcli.data.dataset import Source
from mlpcli.text import listed, shown

Level = Literal["note", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that was seen.

    topic: one word for programs, "duplicates" for example. text: what was found, with its numbers. advice: what to do.
    level: a warning is about what spoils the model or its scores; a note is good to know. columns: of a table file,
    those that it is about.
    """

    topic: str
    text: str
    advice: str
    level: Level = "warning"
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.text}; {self.advice}"


@dataclass(frozen=True)
class Facts:
    """Counts, by part ("training", "validation", "test"); a validation part that is the test part is not listed.

    shape: of one example. class_counts: rows of each class in the order of class_names; None where the target is a
    number. repeated: training rows whose values stand in an earlier training row too.
    """

    rows: dict[str, int]
    shape: tuple[int, ...]
    class_names: tuple[str, ...] | None = None
    class_counts: dict[str, tuple[int, ...]] | None = None
    repeated: int = 0


@dataclass(frozen=True)
class Look:
    """The whole look: facts, and findings with the warnings first."""

    facts: Facts
    findings: list[Finding] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """The warnings, one line each."""
        return [str(finding) for finding in self.findings if finding.level == "warning"]

    def as_json(self) -> dict[str, Any]:
        """For `validate --json`: {"rows", "shape", "repeated", "classes", "findings"}."""
        facts = self.facts
        classes = None
        if facts.class_names is not None and facts.class_counts is not None:
            classes = {
                part: dict(zip(facts.class_names, counts, strict=True)) for part, counts in facts.class_counts.items()
            }
        return {
            "rows": dict(facts.rows),
            "shape": list(facts.shape),
            "repeated": facts.repeated,
            "classes": classes,
            "findings": [asdict(finding) for finding in self.findings],
        }


@dataclass(frozen=True)
class RawColumn:
    """A column of the file, and the columns of x (n, width) made from it but bins; name: None if it has none."""

    name: str | None
    where: slice

    @property
    def label(self) -> str:
        """`column "age"`, or the place of a column without a name."""
        return f'column "{shown(self.name)}"' if self.name is not None else f"column {self.where.start} (from 0)"


def raw_columns(source: Source) -> list[RawColumn]:
    """The columns of a table source, in order; none for images."""
    if source.kind != "table" or source.train.x.ndim != 2:
        return []
    if source.preprocessing is not None:
        return [RawColumn(name, where) for name, where in source.preprocessing.groups_without_bins]
    names = source.feature_names or (None,) * source.train.x.shape[1]
    return [RawColumn(name, slice(index, index + 1)) for index, name in enumerate(names)]


def labels(columns: Sequence[RawColumn]) -> str:
    """The first ten, with commas."""
    return listed([column.label for column in columns])


def how_to_exclude(columns: Sequence[RawColumn]) -> str:
    """`data.exclude: [alive]`, or `leave it out of x` for columns without names."""
    names = [column.name for column in columns if column.name is not None]
    return f"data.exclude: {yaml_names(names)}" if names else f"leave {'it' if len(columns) == 1 else 'them'} out of x"
