"""One config trained with several seeds, into one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mlpcli.runs.directory import SEEDS, write_seeds
from mlpcli.training.progress import Interrupted
from mlpcli.workflows.series import FINISHED, Member, MemberRun, Series, SeriesResult, summarize


def seed_members(first: int, count: int) -> list[Member]:
    """The seeds from the first one on."""
    return [Member(seed) for seed in range(first, first + count)]


@dataclass(frozen=True, repr=False)
class SeedsResult(SeriesResult):
    """The folder that holds a run directory for each seed, and what its seeds.json says.

    A notebook shows the means; `plot()` draws the curves of all seeds, `history` has their epochs.
    """

    FILE: ClassVar = SEEDS
    WORD: ClassVar = "seed"

    @property
    def asked_for(self) -> int:
        """How many seeds there are when all are finished."""
        return len(self.summary["seeds_asked_for"])


class SeedSeries(Series[SeedsResult]):
    """A run for each seed."""

    def _write(self, runs: Sequence[MemberRun], seconds: float) -> dict[str, Any]:
        asked_for = [member.seed for member in self.members]
        done = [run.member.seed for run in runs if run.outcome == FINISHED]
        summary = {
            "name": self.loaded.config.name,
            "seeds_asked_for": asked_for,
            "seeds_done": done,
            **summarize(runs, seconds),
        }
        write_seeds(self.path, summary)
        return summary

    def _result(self, pictures: list[Path], interrupted: Interrupted | None) -> SeedsResult:
        return SeedsResult(self.path, self.summary, pictures, interrupted)
