"""One config's seeds, trained one after another into one folder."""

from __future__ import annotations

import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mlpcli import backend
from mlpcli.artifacts import run_directory
from mlpcli.artifacts.seeds_file import seed_folder, write_seeds
from mlpcli.config.load import LoadedConfig
from mlpcli.errors import MlpcliError, OutputError
from mlpcli.training.interrupts import Interrupted, noted_interruptions
from mlpcli.training.progress import Progress
from mlpcli.workflows.preparation import prepare
from mlpcli.workflows.run import Run, draw_if_possible
from mlpcli.workflows.seed_progress import SeedProgress
from mlpcli.workflows.seed_scores import SeedRun, summarize
from mlpcli.workflows.train import say_findings
from mlpcli.workflows.train_seeds import SeedsResult


class SeedSeries:
    """The seeds that are asked for, and the runs of those that were trained."""

    def __init__(
        self,
        loaded: LoadedConfig,
        count: int,
        place: tuple[Path, Path | None],
        progress: Progress,
        command: list[str],
        verbose: bool,
    ) -> None:
        """place: runs_dir and run_dir, as `train_seeds` has them."""
        self.loaded, self.command, self.verbose = loaded, command, verbose
        self.seeds = range(loaded.config.seed, loaded.config.seed + count)
        self.runs_dir, self.run_dir = place
        self.progress = SeedProgress(progress)
        self.runs: list[SeedRun] = []
        self.summary: dict[str, Any] = {}
        self.disk_is_full = False
        self.started = time.perf_counter()

    def train(self) -> SeedsResult:
        """All seeds, or as many as it takes; see `train_seeds` for what is returned and raised."""
        first = [self._make(self.seeds[0])]
        # From here on a signal ends the seed that is being trained, and what is there is summed up and drawn.
        with noted_interruptions() as noted:
            self.progress.noted = noted
            self._write()  # it tells what the folder is, even while its first seed is being trained
            for number, seed in enumerate(self.seeds, start=1):
                if noted or self.disk_is_full:
                    break
                self.progress.note(f"seed {seed} ({number} of {len(self.seeds)})")
                self._train(seed, first.pop() if first else None)
                backend.forget_models()  # before the next seed has its data and its model
            pictures = self._draw()
        return SeedsResult(self.path, self.summary, pictures, noted[0] if noted else None)

    @cached_property
    def path(self) -> Path:
        """The folder of all seeds, made when it is first asked for: when the first seed is about to be trained."""
        if self.run_dir is None:
            return run_directory.create_run_directory(self.runs_dir, self.loaded.config.name)
        return run_directory.create_exact_directory(self.run_dir)

    def _make(self, seed: int) -> Run:
        """The run of a seed, ready to be trained."""
        config = self.loaded.config.model_copy(update={"seed": seed})
        prepared = prepare(replace(self.loaded, config=config), self.progress.loading)
        say_findings(prepared, self.progress)
        return Run.create(
            config,
            prepared,
            lambda: run_directory.create_exact_directory(self.path / seed_folder(seed)),
            self.command,
        )

    def _train(self, seed: int, run: Run | None = None) -> None:
        """Train one seed. What is wrong with it alone is no reason to do without the others; a full disk is.

        Raises:
            OutputError: only seeds.json could not be written.
        """
        try:
            result = (run or self._make(seed)).train(self.progress, self.verbose, self.progress.noted)
        except Interrupted:
            return  # while its data was loaded
        except MlpcliError as error:
            self._record(SeedRun(seed, {}, str(error)), error)
        else:
            failure = str(result.failure) if result.failure else None
            self._record(SeedRun(seed, result.metrics, failure, result.interrupted is not None), result.failure)

    def _record(self, run: SeedRun, failure: MlpcliError | None) -> None:
        self.runs.append(run)
        self.disk_is_full = isinstance(failure, OutputError)
        # On a full disk the failure is the message, and seeds.json may have to stay as it was.
        with suppress(OutputError) if self.disk_is_full else nullcontext():
            self._write()

    def _write(self) -> None:
        seconds = time.perf_counter() - self.started
        self.summary = summarize(self.loaded.config.name, self.seeds, self.runs, seconds)
        write_seeds(self.path, self.summary)

    def _draw(self) -> list[Path]:
        """All seeds in one picture, as `mlpcli plot` draws them; not where none came as far as the end of an epoch."""
        from mlpcli.plotting.run_plots import draw_seeds

        formats = self.loaded.config.output.plots
        if not formats or not any(run.metrics.get("epochs") for run in self.runs):
            return []
        return draw_if_possible(lambda: draw_seeds(self.path, formats), self.path, self.progress)
