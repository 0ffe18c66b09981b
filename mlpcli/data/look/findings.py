"""What a look at the data gives: findings in plain words, and the facts that they rest on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

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
        """The findings that spoil something, one line each."""
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
