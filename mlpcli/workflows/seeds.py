"""One config trained with several seeds, one after another, into one folder."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from mlpcli import backend
from mlpcli.config.load_config import LoadedConfig
from mlpcli.errors import MlpcliError, OutputError
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import seed_folder, write_seeds
from mlpcli.runs.leftovers import remove_leftovers
from mlpcli.text import plural, with_spread
from mlpcli.training.progress import Interrupted, Progress, noted_interruptions
from mlpcli.workflows import notebook
from mlpcli.workflows.prepare import prepare, say_findings
from mlpcli.workflows.reopen import reopen
from mlpcli.workflows.run import Run, draw_if_possible
from mlpcli.workflows.trained_runs import TrainedRuns


class SeedSeries:
    """The seeds asked for, and the runs of those trained, by this process or by earlier ones."""

    def __init__(
        self,
        loaded: LoadedConfig,
        seeds: range,
        progress: Progress,
        command: list[str],
        verbose: bool,
        force: bool = False,
    ) -> None:
        """loaded: the config; its seed does not count. force: as `mlpcli.resume` has it."""
        self.loaded, self.seeds, self.command = loaded, seeds, command
        self.verbose, self.force = verbose, force
        self.progress = SeedProgress(progress)
        self.path = Path()
        self.runs: dict[int, SeedRun] = {}
        self.summary: dict[str, Any] = {}
        self.disk_is_full = False
        self.started = time.perf_counter()

    def begin(self, make_folder: Callable[[], Path], made: bool) -> SeedsResult:
        """Make the folder when its first seed is about to be trained, and train all; see `train_seeds`.

        made: whether the folder was not there before.
        """
        first = self.seeds[0]
        with ExitStack() as holding:
            with ExitStack() as making:

                def make_directory() -> Path:
                    self.path = make_folder()
                    holding.enter_context(run_directory.held(self.path))
                    making.enter_context(run_directory.removed_if_failed(self.path, made))
                    self._write()  # it tells what the folder is
                    return run_directory.create_exact_directory(self.path / seed_folder(first))

                ready = {first: self._make(first, make_directory)}
            return self._train_all(ready)

    def go_on(self, path: Path, runs: Mapping[int, SeedRun], seconds: float, first: int) -> SeedsResult:
        """Train the seeds in a folder, which is held, that are not among the finished `runs`; see `mlpcli.resume`.

        seconds: that the earlier processes took. first: the seed that is opened before anything is changed in the
        folder; what is raised for it is raised here.
        """
        self.path, self.runs, self.started = path, dict(runs), self.started - seconds
        return self._train_all({} if self._is_finished(first) else {first: self._open(first)})

    def _train_all(self, ready: dict[int, Run]) -> SeedsResult:
        """All seeds that are not finished, or as many as it takes; `ready` are emptied, so that no model is kept."""
        # From here on a signal ends the seed that is being trained, and what is there is summed up and drawn.
        with noted_interruptions() as noted:
            self.progress.noted = noted
            try:
                self._write()
                self._train_rest(ready, noted)
            except OutputError as error:  # of seeds.json
                error.run = self.path
                raise
            pictures = self._draw()
        return SeedsResult(self.path, self.summary, pictures, noted[0] if noted else None)

    def _train_rest(self, ready: dict[int, Run], noted: list[Interrupted]) -> None:
        for position, seed in enumerate(self.seeds, start=1):
            if noted or self.disk_is_full:
                break
            if self._is_finished(seed):
                continue
            self.progress.note(f"seed {seed} ({position} of {len(self.seeds)})")
            self._train(seed, ready.pop(seed, None))
            backend.forget_models()  # before the next seed has its data and its model

    def _is_finished(self, seed: int) -> bool:
        return seed in self.runs and self.runs[seed].outcome == FINISHED

    def _open(self, seed: int) -> Run:
        """The run of a seed, ready to be trained: further, where an earlier process began it."""
        folder = self.path / seed_folder(seed)
        if not (folder / run_directory.CONFIG).is_file():
            return self._make(seed, lambda: run_directory.create_exact_directory(folder), not folder.exists())
        with ExitStack() as holding:
            holding.enter_context(run_directory.held_again(folder))
            remove_leftovers(folder)
            run = reopen(folder, with_seed(self.loaded, seed), self.progress, self.command, force=self.force)
            run.holding = holding.pop_all()
        return run

    def _make(self, seed: int, make_directory: Callable[[], Path], made: bool = True) -> Run:
        """The run of a seed that has none yet."""
        loaded = with_seed(self.loaded, seed)
        prepared = prepare(loaded, self.progress.loading)
        say_findings(prepared, self.progress)
        with loaded.located():
            return Run.create(loaded.config, prepared, make_directory, self.command, made=made)

    def _train(self, seed: int, run: Run | None) -> None:
        """Train one seed. If it fails, the others are still trained, except when the disk is full.

        Raises:
            OutputError: only seeds.json could not be written.
        """
        try:
            result = (run or self._open(seed)).train(self.progress, self.verbose, self.progress.noted)
        except Interrupted:
            return  # while its data was loaded
        except MlpcliError as error:
            self._record(SeedRun(seed, {}, str(error)), error)
        else:
            failure = str(result.failure) if result.failure else None
            self._record(SeedRun(seed, result.metrics, failure, result.interrupted is not None), result.failure)

    def _record(self, run: SeedRun, failure: MlpcliError | None) -> None:
        self.runs[run.seed] = run
        self.disk_is_full = isinstance(failure, OutputError)
        # On a full disk the failure is the message, and seeds.json may have to stay as it was.
        with suppress(OutputError) if self.disk_is_full else nullcontext():
            self._write()

    def _write(self) -> None:
        runs = [self.runs[seed] for seed in self.seeds if seed in self.runs]
        trained: float = sum(run.metrics.get("seconds", {}).get("total", 0) for run in runs)
        seconds = max(time.perf_counter() - self.started, trained)  # a killed process has not said how long it took
        self.summary = summarize(self.loaded.config.name, self.seeds, runs, seconds)
        write_seeds(self.path, self.summary)

    def _draw(self) -> list[Path]:
        """Draw all seeds in one picture, as `mlpcli plot` does, if any finished an epoch."""
        from mlpcli.plotting.run_plots import draw_seeds

        formats = self.loaded.config.output.plots
        if not formats or not any(run.metrics.get("epochs") for run in self.runs.values()):
            return []
        return draw_if_possible(lambda: draw_seeds(self.path, formats), self.path, self.progress)


def with_seed(loaded: LoadedConfig, seed: int) -> LoadedConfig:
    """The config of one seed."""
    return replace(loaded, config=loaded.config.model_copy(update={"seed": seed}))


Outcome = Literal["finished", "interrupted", "failed"]
FINISHED: Final = "finished"
Spread = dict[str, Any]
"""mean, standard_deviation, lowest and highest (null if undefined) of `values`, one per seed."""


@dataclass(frozen=True)
class SeedRun:
    """The run of one seed. `metrics`: its metrics.json; empty where it failed before it was trained."""

    seed: int
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
        """The entry of this seed in seeds.json."""
        seconds = self.metrics.get("seconds", {}).get("total")
        return {
            "seed": self.seed,
            "folder": seed_folder(self.seed),
            "outcome": self.outcome,
            "epochs": self.metrics.get("epochs", 0),
            "kept_epoch": self.metrics.get("kept_epoch"),
            "seconds": seconds,
            "scores": self.metrics.get("scores", {}),
            "stopped": self.failure or self.metrics.get("stopped"),
        }


def summarize(name: str, asked_for: Sequence[int], runs: Sequence[SeedRun], seconds: float) -> dict[str, Any]:
    """The content of seeds.json; `seconds` is the time that all of them took, with the loading of the data."""
    done = [run for run in runs if run.outcome == FINISHED]
    return {
        "name": name,
        "seeds_asked_for": list(asked_for),
        "seeds_done": [run.seed for run in done],
        "scores": _scores(done),
        "epochs": spread([run.metrics["epochs"] for run in done]),
        "kept_epoch": spread([run.metrics["kept_epoch"] for run in done]),
        "seconds": spread([run.metrics["seconds"]["total"] for run in done]),
        "total_seconds": seconds,
        "test_chose_the_epoch": any(run.metrics["test_chose_the_epoch"] for run in done),
        "runs": [run.as_json() for run in runs],
        "failures": [{"seed": run.seed, "message": run.failure} for run in runs if run.failure is not None],
    }


def spread(values: Sequence[float | None]) -> Spread:
    """Mean and sample standard deviation (divided by n - 1; null for one value), lowest, highest, and the values.

    A score that is not defined for one of the seeds has no mean over them.
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


def _scores(done: Sequence[SeedRun]) -> dict[str, dict[str, Spread]]:
    """By split and metric; a part that not every seed has is left out."""
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


class SeedProgress:
    """Passes on what it is told, but a note that is the same for every seed only once.

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
class SeedsResult(TrainedRuns):
    """The folder that holds a run directory for each seed, and what its seeds.json says.

    A notebook shows the means; `plot()` draws the curves of all seeds, `history` has their epochs.
    """

    path: Path
    summary: dict[str, Any]
    pictures: list[Path] = field(default_factory=list)
    interrupted: Interrupted | None = None

    def mean_table(self) -> tuple[list[str], list[list[str]]]:
        """The columns and rows of the table of means ± standard deviations: a row for each metric."""
        scores = self.summary["scores"]
        splits = [split for split in ("train", "validation", "test") if split in scores]
        metrics = list(scores[splits[0]]) if splits else []
        return ["", *splits], [[name, *(_spread(scores[split].get(name, {})) for split in splits)] for name in metrics]

    def counted(self) -> str:
        """`3 seeds`, or `2 of 3 seeds`."""
        done, asked_for = len(self.summary["seeds_done"]), len(self.summary["seeds_asked_for"])
        return f"{done} seed{'s' if done != 1 else ''}" if done == asked_for else f"{done} of {asked_for} seeds"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.summary['name']}: {self.counted()}; runs: {self.path}>"

    def _runs(self) -> Mapping[Any, Path]:
        return {run["seed"]: self.path / run["folder"] for run in self.summary["runs"]}

    def _name_of_label(self) -> str:
        return "seed"

    def _title(self) -> str:
        return f"{self.summary['name']}: {plural(len(self.summary['runs']), 'seed', 'seeds')}"

    def _repr_html_(self) -> str:
        failures = [f"seed {failure['seed']}: {failure['message']}" for failure in self.summary["failures"]]
        said = notebook.lines([f"{self.counted()}; runs: {self.path}", *failures])
        table = notebook.table(*self.mean_table())
        return notebook.page(self.summary["name"], table, said, notebook.small_pictures(self.pictures))


def _spread(spread: Mapping[str, Any]) -> str:
    mean, deviation = spread.get("mean"), spread.get("standard_deviation")
    if mean is None:
        return "-"
    return with_spread(mean, deviation)
