"""One config trained with several seeds, into one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mlpcli.config.schema import LARGEST_SEED
from mlpcli.errors import SettingError, UserError
from mlpcli.runs.directory import SEEDS, write_seeds
from mlpcli.training.progress import Interrupted
from mlpcli.workflows.series import FINISHED, Member, MemberRun, Series, SeriesResult, summarize

if TYPE_CHECKING:
    from mlpcli.config.load_config import LoadedConfig


MOST_SEEDS = 1000


def check_count(seeds: int) -> None:
    """Refuse what is not a number of seeds (raises UserError)."""
    if not isinstance(seeds, int) or not 1 <= seeds <= MOST_SEEDS:
        advice = f"give a whole number from 1 to {MOST_SEEDS:,}"
        raise UserError(f"seeds: {seeds!r} is not a valid number of seeds; {advice}")


def check_last_seed(loaded: LoadedConfig, seeds: int) -> None:
    """Refuse seeds beyond the largest (raises ConfigError)."""
    first = loaded.config.seed
    if first + seeds - 1 > LARGEST_SEED:
        with loaded.located():
            raise SettingError(
                "seed",
                f"{seeds} seeds from {first} on would end at {first + seeds - 1}, but the largest is {LARGEST_SEED};"
                f" start at {LARGEST_SEED - seeds + 1} or below",
            )


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
