"""One config trained once for each fold of its rows, which that run does not see, into one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mlpcli.config.sections import MOST_FOLDS, FoldsConfig
from mlpcli.data.catalog import CATALOG
from mlpcli.data.split import check_no_test
from mlpcli.errors import SettingError, UserError
from mlpcli.files import write_json
from mlpcli.runs.directory import FOLDS, OUT_OF_FOLD
from mlpcli.training.progress import Interrupted
from mlpcli.workflows.out_of_fold import held_out_rows, held_out_rows_of, write_out_of_fold
from mlpcli.workflows.series import FINISHED, Member, MemberRun, Series, SeriesResult, summarize

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.workflows.run import Run
    from mlpcli.workflows.train_result import TrainResult


def check_folds(folds: int) -> None:
    """Refuse what is not a number of folds (raises UserError)."""
    if type(folds) is not int or not 2 <= folds <= MOST_FOLDS:
        advice = f"give a whole number from 2 to {MOST_FOLDS:,}"
        raise UserError(f"folds: {folds!r} is not a valid number of folds; {advice}")


def fold_members(seed: int, seeds: int, folds: int) -> list[Member]:
    """All folds with the first seed, then with the next."""
    return [Member(seed + more, fold, alone=seeds == 1) for more in range(seeds) for fold in range(1, folds + 1)]


def with_folds(loaded: LoadedConfig, count: int) -> LoadedConfig:
    """The config of the first fold; a data.test fraction gives way to it, with a note.

    Raises:
        ConfigError: the test rows are a file, or the config is that of one fold.
    """
    data = loaded.config.data
    with loaded.located():
        if isinstance(data.test, str):
            raise SettingError("data.test", "is a file, and folds hold out test rows of their own; set it to null")
        if data.source in CATALOG:
            check_no_test(data, CATALOG[data.source].test_rows)
        if data.folds is not None and data.folds.held_out is not None:
            raise SettingError("data.folds.held_out", "belongs to one run; remove it and data.folds.count")
    folds = (data.folds or FoldsConfig()).model_copy(update={"count": count, "held_out": 1})
    changed = data.model_copy(update={"test": None, "folds": folds})
    said = [] if data.test is None else [f"data.test: {data.test:g} is left out: the test rows are the held-out fold"]
    config = loaded.config.model_copy(update={"data": changed})
    return replace(loaded, config=config, notes=(*loaded.notes, *said))


@dataclass(frozen=True, repr=False)
class FoldsResult(SeriesResult):
    """The folder that holds a run directory for each fold, and what its folds.json says.

    A notebook shows the means; `plot()` draws the curves of all folds, `history` has their epochs. out_of_fold: the CSV
    with what each row was predicted to be by the runs that held it out; None before one is finished.
    """

    FILE: ClassVar = FOLDS
    WORD: ClassVar = "fold"

    @property
    def asked_for(self) -> int:
        """How many runs there are when all are finished."""
        return int(self.summary["folds"]) * len(self.summary["seeds_asked_for"])

    @property
    def out_of_fold(self) -> Path | None:
        """See the class."""
        return path if (path := self.path / OUT_OF_FOLD).is_file() else None

    def more_files(self) -> list[tuple[str, Path]]:
        """The out-of-fold predictions."""
        return [("rows", self.out_of_fold)] if self.out_of_fold is not None else []

    def counted(self) -> str:
        """`5 folds`, `4 of 5 folds`, `5 folds x 3 seeds` or `14 of 15 runs (5 folds x 3 seeds)`."""
        seeds = len(self.summary["seeds_asked_for"])
        if seeds == 1:
            return super().counted()
        every = f"{self.summary['folds']} folds x {seeds} seeds"
        return every if self.done == self.asked_for else f"{self.done} of {self.asked_for} runs ({every})"

    def _title(self) -> str:
        return f"{self.summary['name']}: {self.counted()}"

    def label(self, entry: Mapping[str, Any]) -> Any:
        """Its fold; of several seeds, with the seed."""
        several = len(self.summary["seeds_asked_for"]) > 1
        return f"{entry['fold']}, seed {entry['seed']}" if several else entry["fold"]


class FoldSeries(Series[FoldsResult]):
    """A run for each fold, and each seed where there are several."""

    @cached_property
    def held_out(self) -> dict[Member, pa.Table]:
        """What the runs that this process trained say of the rows that they held out."""
        return {}

    def go_on(self, path: Path, runs: Mapping[Member, MemberRun], seconds: float, first: Member) -> FoldsResult:
        """As `Series`; what the earlier runs said of the rows is found out again."""
        if any(member not in runs or runs[member].outcome != FINISHED for member in self.members):
            (path / OUT_OF_FOLD).unlink(missing_ok=True)
        return super().go_on(path, runs, seconds, first)

    def _keep(self, member: Member, run: Run, result: TrainResult) -> None:
        if result.model is not None:
            self.held_out[member] = held_out_rows_of(member, run, result.model)

    def _finish(self) -> None:
        """Write out_of_fold.csv; what earlier processes trained is asked again."""
        done = [member for member in self.members if self._is_finished(member)]
        if not done or ((self.path / OUT_OF_FOLD).is_file() and not self.held_out) or self.disk_is_full:
            return
        for member in done:
            if member not in self.held_out:
                self.held_out[member] = held_out_rows(member, self.path / member.folder)
        write_out_of_fold(self.path / OUT_OF_FOLD, [self.held_out[member] for member in done])

    def _write(self, runs: Sequence[MemberRun], seconds: float) -> dict[str, Any]:
        data = self.loaded.config.data
        assert data.folds is not None
        summary = {
            "name": self.loaded.config.name,
            "folds": data.folds.count,
            "group": data.folds.group,
            "time": data.folds.time,
            "seeds_asked_for": sorted({member.seed for member in self.members}),
            "runs_done": [run.member.folder for run in runs if run.outcome == FINISHED],
            **summarize(runs, seconds),
        }
        write_json(self.path / FOLDS, summary)
        return summary

    def _result(self, pictures: list[Path], interrupted: Interrupted | None) -> FoldsResult:
        return FoldsResult(self.path, self.summary, pictures, interrupted)
