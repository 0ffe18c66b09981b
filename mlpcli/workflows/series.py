"""Several runs of one config, one after another, into one folder: what seeds and folds have in common."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Literal, TypeVar

from mlpcli import backend
from mlpcli.config.load_config import LoadedConfig
from mlpcli.errors import MlpcliError, OutputError
from mlpcli.plotting.drawing_process import Drawing, drawn_later, other_process_draws
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import fold_folder, seed_folder
from mlpcli.runs.leftovers import remove_leftovers
from mlpcli.text import plural, with_spread
from mlpcli.training.progress import Interrupted, Progress, noted_interruptions
from mlpcli.workflows import notebook
from mlpcli.workflows.prepare import prepare, say_findings
from mlpcli.workflows.reopen import reopen
from mlpcli.workflows.run import Run, always_compiled, draw_if_possible
from mlpcli.workflows.train_result import TrainResult
from mlpcli.workflows.trained_runs import TrainedRuns


@dataclass(frozen=True)
class Member:
    """One run of a series: its seed and, where there are folds, the one that is held out (from 1).

    alone: whether the series has one seed, which is not named then.
    """

    seed: int
    fold: int | None = None
    alone: bool = False

    @property
    def folder(self) -> str:
        """The name of its run directory."""
        if self.fold is None:
            return seed_folder(self.seed)
        return fold_folder(self.fold, None if self.alone else self.seed)

    def __str__(self) -> str:
        if self.fold is None:
            return f"seed {self.seed}"
        return f"fold {self.fold}" if self.alone else f"fold {self.fold}, seed {self.seed}"

    def config(self, loaded: LoadedConfig) -> LoadedConfig:
        """The config of this run, from that of any other run of the series."""
        changed: dict[str, Any] = {"seed": self.seed}
        data = loaded.config.data
        if self.fold is not None and data.folds is not None:
            folds = data.folds.model_copy(update={"held_out": self.fold})
            changed["data"] = data.model_copy(update={"folds": folds})
        return replace(loaded, config=loaded.config.model_copy(update=changed))

    def as_json(self) -> dict[str, Any]:
        """What tells it from the others in the file of the series."""
        return {"seed": self.seed} if self.fold is None else {"fold": self.fold, "seed": self.seed}


Outcome = Literal["finished", "interrupted", "failed"]
FINISHED: Final = "finished"
Spread = dict[str, Any]
"""mean, standard_deviation, lowest and highest (null if undefined) of `values`, one per run."""


@dataclass(frozen=True)
class MemberRun:
    """The run of a member. `metrics`: its metrics.json; empty where it failed before it was trained."""

    member: Member
    metrics: Mapping[str, Any]
    failure: str | None = None
    interrupted: bool = False

    @property
    def outcome(self) -> Outcome:
        """How the run ended; only finished runs count in the means."""
        if self.failure is not None:
            return "failed"
        return "interrupted" if self.interrupted else FINISHED

    def as_json(self) -> dict[str, Any]:
        """The entry of this run in the file of the series."""
        seconds = self.metrics.get("seconds", {}).get("total")
        return {
            **self.member.as_json(),
            "folder": self.member.folder,
            "outcome": self.outcome,
            "epochs": self.metrics.get("epochs", 0),
            "kept_epoch": self.metrics.get("kept_epoch"),
            "seconds": seconds,
            "scores": self.metrics.get("scores", {}),
            "stopped": self.failure or self.metrics.get("stopped"),
        }


def summarize(runs: Sequence[MemberRun], seconds: float) -> dict[str, Any]:
    """What the files of all series say; `seconds` is the time that all runs took, with the loading of the data."""
    done = [run for run in runs if run.outcome == FINISHED]
    return {
        "scores": _scores(done),
        "epochs": spread([run.metrics["epochs"] for run in done]),
        "kept_epoch": spread([run.metrics["kept_epoch"] for run in done]),
        "seconds": spread([run.metrics["seconds"]["total"] for run in done]),
        "total_seconds": seconds,
        "test_chose_the_epoch": any(run.metrics["test_chose_the_epoch"] for run in done),
        "runs": [run.as_json() for run in runs],
        "failures": [{**run.member.as_json(), "message": run.failure} for run in runs if run.failure is not None],
    }


def spread(values: Sequence[float | None]) -> Spread:
    """Mean and sample standard deviation (divided by n - 1; null for one value), lowest, highest, and the values.

    A score that is not defined for one of the runs has no mean over them.
    """
    numbers = [float(value) for value in values if value is not None and math.isfinite(value)]
    whole = bool(values) and len(numbers) == len(values)
    return {
        "mean": statistics.fmean(numbers) if whole else None,
        "standard_deviation": statistics.stdev(numbers) if whole and len(numbers) > 1 else None,
        "lowest": min(numbers) if whole else None,
        "highest": max(numbers) if whole else None,
        "values": list(values),
    }


def _scores(done: Sequence[MemberRun]) -> dict[str, dict[str, Spread]]:
    """By split and metric; a part that not every run has is left out."""
    if not done:
        return {}
    first: Mapping[str, Mapping[str, float]] = done[0].metrics["scores"]
    return {
        split: {
            metric: spread([run.metrics["scores"][split][metric] for run in done])
            for metric in metrics
            if all(metric in run.metrics["scores"].get(split, {}) for run in done)
        }
        for split, metrics in first.items()
    }


Result = TypeVar("Result", bound="SeriesResult")


class Series(Generic[Result]):
    """The runs asked for, and those trained, by this process or by earlier ones."""

    def __init__(
        self,
        loaded: LoadedConfig,
        members: Sequence[Member],
        progress: Progress,
        command: list[str],
        verbose: bool,
        force: bool = False,
    ) -> None:
        """loaded: the config of any member. force: as `mlpcli.resume` has it."""
        self.loaded, self.members, self.command = loaded, members, command
        self.verbose, self.force = verbose, force
        self.progress = SeriesProgress(progress)
        self.path = Path()
        self.runs: dict[Member, MemberRun] = {}
        self.summary: dict[str, Any] = {}
        self.disk_is_full = False
        self.started = time.perf_counter()

    def _write(self, runs: Sequence[MemberRun], seconds: float) -> dict[str, Any]:
        """Write the file of the series; returns its content."""
        raise NotImplementedError

    def _result(self, pictures: list[Path], interrupted: Interrupted | None) -> Result:
        """What the caller gets."""
        raise NotImplementedError

    def _keep(self, member: Member, run: Run, result: TrainResult) -> None:
        """Keep what is still needed of a run that has just finished, before its data goes."""

    def _finish(self) -> None:
        """Write what there is to say once no more is trained."""

    def begin(self, make_folder: Callable[[], Path], made: bool) -> Result:
        """Make the folder when its first run is about to be trained, and train all; see `train_seeds`.

        made: whether the folder was not there before.
        """
        first = self.members[0]
        with ExitStack() as holding:
            holding.enter_context(self._drawing())
            with ExitStack() as making:

                def make_directory() -> Path:
                    self.path = make_folder()
                    holding.enter_context(run_directory.held(self.path))
                    making.enter_context(run_directory.removed_if_failed(self.path, made))
                    self._update()  # it tells what the folder is
                    return run_directory.create_exact_directory(self.path / first.folder)

                ready = {first: self._make(first, make_directory, runs=self._alike)}
            self._decide(ready[first])
            return self._train_all(ready)

    def go_on(self, path: Path, runs: Mapping[Member, MemberRun], seconds: float, first: Member) -> Result:
        """Train the members in a folder, which is held, that are not among the finished `runs`; see `mlpcli.resume`.

        seconds: that the earlier processes took. first: the member that is opened before anything is changed in the
        folder; what is raised for it is raised here.
        """
        self.path, self.runs, self.started = path, dict(runs), self.started - seconds
        with self._drawing():
            return self._train_all({} if self._is_finished(first) else {first: self._open(first)})

    @property
    def _alike(self) -> int:
        """How many runs have as many training rows as the first: a program is compiled for one number of rows."""
        folds = self.loaded.config.data.folds
        uneven = folds is not None and (folds.group is not None or folds.time is not None)
        return 1 if uneven else len(self.members)

    def _decide(self, first: Run) -> None:
        """If the first run is compiled because they are many, all are."""
        config = self.loaded.config
        if first.config.training.engine == config.training.engine:
            return
        if self.verbose:
            chosen = replace(first, config=config).engine_of(self._alike)
            self.progress.note(f"engine: {chosen}; each config.yaml says training.engine: resident")
        self.loaded = replace(self.loaded, config=always_compiled(config))

    def _drawing(self) -> AbstractContextManager[None]:
        return other_process_draws(self.loaded.config.output.plots)

    def _train_all(self, ready: dict[Member, Run]) -> Result:
        """All members that are not finished, or as many as it takes; `ready` is emptied, so that no model is kept."""
        # From here on a signal ends the run that is being trained, and what is there is summed up and drawn.
        with noted_interruptions() as noted:
            self.progress.noted = noted
            try:
                with drawn_later():
                    self._update()
                    self._train_rest(ready, noted)
                    self._finish()
                    picture = self._picture()
            except OutputError as error:  # of a file of the series
                error.run = self.path
                raise
            pictures = draw_if_possible(picture.result, self.path, self.progress) if picture is not None else []
        return self._result(pictures, noted[0] if noted else None)

    def _train_rest(self, ready: dict[Member, Run], noted: list[Interrupted]) -> None:
        for position, member in enumerate(self.members, start=1):
            if noted or self.disk_is_full:
                break
            if self._is_finished(member):
                continue
            self.progress.note(f"{member} ({position} of {len(self.members)})")
            self._train(member, ready.pop(member, None))
            backend.forget_models()  # before the next one has its data and its model

    def _is_finished(self, member: Member) -> bool:
        return member in self.runs and self.runs[member].outcome == FINISHED

    def _open(self, member: Member) -> Run:
        """The run of a member, ready to be trained: further, where an earlier process began it."""
        folder = self.path / member.folder
        if not (folder / run_directory.CONFIG).is_file():
            return self._make(member, lambda: run_directory.create_exact_directory(folder), not folder.exists())
        with ExitStack() as holding:
            holding.enter_context(run_directory.held_again(folder))
            remove_leftovers(folder)
            run = reopen(folder, member.config(self.loaded), self.progress, self.command, force=self.force)
            run.holding = holding.pop_all()
        return run

    def _make(self, member: Member, make_directory: Callable[[], Path], made: bool = True, runs: int = 1) -> Run:
        """The run of a member that has none yet; runs: as `Run.create` has it."""
        loaded = member.config(self.loaded)
        prepared = prepare(loaded, self.progress.loading)
        say_findings(prepared, self.progress)
        with loaded.located():
            return Run.create(loaded.config, prepared, make_directory, self.command, made=made, runs=runs)

    def _train(self, member: Member, run: Run | None) -> None:
        """Train one member. If it fails, the others are still trained, except when the disk is full.

        Raises:
            OutputError: only the file of the series could not be written.
        """
        try:
            run = run or self._open(member)
            result = run.train(self.progress, self.verbose, self.progress.noted)
            if result.failure is None and result.interrupted is None:
                self._keep(member, run, result)
        except Interrupted:
            return  # while its data was loaded
        except MlpcliError as error:
            self._record(MemberRun(member, {}, str(error)), error)
        else:
            failure = str(result.failure) if result.failure else None
            self._record(MemberRun(member, result.metrics, failure, result.interrupted is not None), result.failure)

    def _record(self, run: MemberRun, failure: MlpcliError | None) -> None:
        self.runs[run.member] = run
        self.disk_is_full = isinstance(failure, OutputError)
        # On a full disk the failure is the message, and the file of the series may have to stay as it was.
        with suppress(OutputError) if self.disk_is_full else nullcontext():
            self._update()

    def _update(self) -> None:
        runs = [self.runs[member] for member in self.members if member in self.runs]
        trained: float = sum(run.metrics.get("seconds", {}).get("total", 0) for run in runs)
        seconds = max(time.perf_counter() - self.started, trained)  # a killed process has not said how long it took
        self.summary = self._write(runs, seconds)

    def _picture(self) -> Drawing | None:
        """All runs in one picture, as `mlpcli plot` draws it, if any finished an epoch."""
        formats = self.loaded.config.output.plots
        if not formats or not any(run.metrics.get("epochs") for run in self.runs.values()):
            return None
        return Drawing.begin(self.path, formats)


class SeriesProgress:
    """Passes on what it is told, but a note that is the same for every run only once.

    noted: signals received. One that comes while data is loaded is raised at once, since no epoch can be lost.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.noted: list[Interrupted] = []
        self._said: set[str] = set()
        self.start, self.step, self.epoch = progress.start, progress.step, progress.epoch
        self.finish, self.best = progress.finish, progress.best

    def note(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self.progress.note(text)

    def loading(self, what: str, done: int, total: int) -> None:
        if self.noted:
            raise self.noted[0]
        self.progress.loading(what, done, total)


@dataclass(frozen=True, repr=False)
class SeriesResult(TrainedRuns):
    """The folder that holds the run directories, and what the file of the series says (`FILE` in it).

    A notebook shows the means; `plot()` draws the curves of all runs, `history` has their epochs.
    """

    FILE: ClassVar[str]
    WORD: ClassVar[str]
    """What the runs are: `seed` or `fold`."""

    path: Path
    summary: dict[str, Any]
    pictures: list[Path] = field(default_factory=list)
    interrupted: Interrupted | None = None

    @property
    def done(self) -> int:
        """How many runs are finished."""
        return sum(run["outcome"] == FINISHED for run in self.summary["runs"])

    @property
    def asked_for(self) -> int:
        """How many runs there are when all are finished."""
        raise NotImplementedError

    def mean_table(self) -> tuple[list[str], list[list[str]]]:
        """The columns and rows of the table of means ± standard deviations: a row for each metric."""
        scores = self.summary["scores"]
        splits = [split for split in ("train", "validation", "test") if split in scores]
        metrics = list(scores[splits[0]]) if splits else []
        return ["", *splits], [[name, *(_spread(scores[split].get(name, {})) for split in splits)] for name in metrics]

    def counted(self) -> str:
        """`3 seeds`, or `2 of 3 seeds`."""
        word = self.WORD if self.done == 1 else f"{self.WORD}s"
        return f"{self.done} {word}" if self.done == self.asked_for else f"{self.done} of {self.asked_for} {self.WORD}s"

    def more_files(self) -> list[tuple[str, Path]]:
        """Other files of the series that people want to know of, each with a word for it."""
        return []

    def told(self, entry: Mapping[str, Any]) -> str:
        """What an entry of the summary is called: `seed 5`."""
        return f"{self.WORD} {self.label(entry)}"

    def label(self, entry: Mapping[str, Any]) -> Any:
        """What tells an entry of the summary from the others: its seed."""
        return entry[self.WORD]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.summary['name']}: {self.counted()}; runs: {self.path}>"

    def _runs(self) -> Mapping[Any, Path]:
        return {self.label(run): self.path / run["folder"] for run in self.summary["runs"]}

    def _name_of_label(self) -> str:
        return self.WORD

    def _title(self) -> str:
        return f"{self.summary['name']}: {plural(len(self.summary['runs']), self.WORD, f'{self.WORD}s')}"

    def _repr_html_(self) -> str:
        failures = [f"{self.told(failure)}: {failure['message']}" for failure in self.summary["failures"]]
        said = notebook.lines([f"{self.counted()}; runs: {self.path}", *failures])
        table = notebook.table(*self.mean_table())
        return notebook.page(self.summary["name"], table, said, notebook.small_pictures(self.pictures))


def _spread(spread: Mapping[str, Any]) -> str:
    mean, deviation = spread.get("mean"), spread.get("standard_deviation")
    if mean is None:
        return "-"
    return with_spread(mean, deviation)
