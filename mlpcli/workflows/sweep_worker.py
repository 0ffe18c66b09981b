"""A worker of a sweep: takes trials from the queue and trains them, with data that is loaded once.

`python -m mlpcli.workflows.sweep_worker` is one in a process of its own, which reads its job from standard input.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli import backend
from mlpcli.config.load_config import LoadedConfig, check_document, load_config
from mlpcli.config.schema import Config
from mlpcli.config.sweep import SweepConfig
from mlpcli.config.sweep_parameters import with_values
from mlpcli.data.facts import fingerprint
from mlpcli.errors import DataError, MlpcliError, OutputError, RunDirectoryError
from mlpcli.files import unsynced
from mlpcli.process import end_with, own_process
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import TRACKERS, TRIALS, is_held
from mlpcli.text import visible
from mlpcli.training.progress import Interrupted, Pruned, Silence, noted_interruptions
from mlpcli.workflows.prepare import prepare, prepare_again
from mlpcli.workflows.run import Run
from mlpcli.workflows.sweep_queue import ATTEMPT, SLOT, Queue, this_worker
from mlpcli.workflows.sweep_search import pruner, sampler, suggest
from mlpcli.workflows.sweep_storage import import_optuna, open_study, stored

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

    from mlpcli.model.plan import Prepared
    from mlpcli.workflows.train_result import TrainResult

CONFIG = "sweep.yaml"
"""The config of a sweep, in its folder."""
EPOCHS = "epochs"
"""Of a trial's attributes: how many it was trained."""
SECONDS = "seconds"
"""How long that took; the times of a MySQL database are whole seconds."""
WARNING = "warning"
"""What the user is to be told of its training."""
DATA = "data"
"""Of the study's attributes: the fingerprint of its data."""
IDLE_SECONDS = 0.2
LONGEST_REASON = 10_000
"""Letters of why a trial failed; a database has no room for any number."""


@dataclass(frozen=True)
class Job:
    """What a worker does.

    storage: a URL; None for the journal in the folder. rising: whether a higher value of the metric is better. until:
    of `time.time`, when no trial begins any more. parent: the process without which it ends.
    """

    folder: str
    study: str
    storage: str | None
    rising: bool
    until: float | None = None
    parent: int | None = None
    command: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.until is not None and time.time() >= self.until


def work(job: Job, noted: list[Interrupted], after_trial: Callable[[], None], ready: Prepared | None = None) -> None:
    """Train trials until none is left, the time is up, or a signal was noted; the trial of the moment is given back.

    after_trial: called after each. ready: the data of the config, where the caller has loaded it.

    Raises:
        OutputError: the disk is full, or the storage cannot be reached.
    """
    folder = Path(job.folder)
    base = load_config(folder / CONFIG)
    with this_worker() as worker, stored(job.storage, folder) as storage:
        study = open_study(storage, job.study, job.rising)
        queue = Queue(study, storage, worker)
        bench = _Bench(job, base, queue, noted, ready)
        study.pruner = pruner(bench.sweep, base.config.training.epochs)
        bench.load()
        while not job.is_over and not bench.is_interrupted():
            queue.recover()
            trial = queue.take()
            if trial is not None:
                bench.train(trial)
                after_trial()
            elif any(not found.state.is_finished() for found in queue.standing().values()):
                time.sleep(IDLE_SECONDS)  # they are other workers', which may die
            else:
                return


class _Bench:
    """What a worker has at hand: the config, and the data of its last trial."""

    def __init__(
        self, job: Job, base: LoadedConfig, queue: Queue, noted: list[Interrupted], ready: Prepared | None
    ) -> None:
        assert base.config.sweep is not None
        self.job, self.base, self.queue, self.noted = job, base, queue, noted
        self.sweep: SweepConfig = base.config.sweep
        self.folder = Path(job.folder)
        self.data: tuple[Config, Prepared] | None = None if ready is None else (base.config, ready)
        self.known: dict[str, Any] | None = None
        self.silent_trackers: set[str] = set()

    def load(self) -> None:
        """Load the data before the first trial, unless every trial may have other data, and Keras where it is needed.

        A fault in the data is each trial's.

        Raises:
            DataError: the data is not that of the trials before.
        """
        if self.base.config.training.engine != "numpy":
            backend.keras()
        if "data" in self._searched_sections():
            return
        if self.data is None:
            with suppress(MlpcliError):
                self.data = self.base.config, prepare(self.base)
        if self.data is not None:
            self._check_data(self.data[1])

    def _check_data(self, prepared: Prepared) -> None:
        """Refuse other data than that of the first worker, whose trials could not be compared with those to come."""
        study, found = self.queue.study, fingerprint(prepared.source, prepared.splits)
        if study.user_attrs.get(DATA, found) != found:
            raise DataError(
                f"{self.base.config.data.source}: its rows have changed since the first trials, so new trials could not"
                " be compared with them; restore it, or begin another sweep: -s name=another"
            )
        study.set_user_attr(DATA, found)

    def is_interrupted(self) -> bool:
        """Whether a signal came, or the process that started this one has gone."""
        if not self.noted and self.job.parent not in (None, os.getppid()):
            self.noted.append(Interrupted(signal.SIGTERM))
        return bool(self.noted)

    def train(self, trial: Trial) -> None:
        """Train one trial and record what came of it; a failure is the trial's own.

        Raises:
            OutputError: the disk is full; the trial is given back.
        """
        slot = trial.user_attrs[SLOT]
        try:
            with self.queue.beating(trial), unsynced():
                self.queue.study.sampler = sampler(self.sweep, self.base.config.seed, slot)
                listener = _Listener(trial, self.sweep, self.is_interrupted)
                result = self._run(trial, suggest(trial, self.sweep.parameters), listener)
        except (Interrupted, OutputError, RunDirectoryError, KeyboardInterrupt) as error:
            self.queue.give_back(trial)
            if not isinstance(error, Interrupted):
                raise
        except import_optuna().exceptions.StorageInternalError:
            raise  # of the database, not of the trial, which is run again when this worker has ended
        except MlpcliError as error:
            self.queue.fail(trial, str(error)[:LONGEST_REASON])
        except Exception as error:  # a fault of mlpcli or of a library with these values; others may do
            self.queue.fail(trial, f"{type(error).__name__}: {error}"[:LONGEST_REASON])
        else:
            self._record(trial, result, listener)
        finally:
            if self.base.config.training.engine != "numpy":
                backend.forget_models()

    def _run(self, trial: Trial, values: Mapping[str, Any], listener: _Listener) -> TrainResult:
        loaded = self._config(values)
        prepared = self._prepared(loaded)
        folder = self._folder(trial)
        trackers = _cleared(folder)
        with loaded.located():
            run = Run.create(
                loaded.config,
                prepared,
                lambda: run_directory.create_exact_directory(folder),
                list(self.job.command),
                known=self.known,
            )
        if trackers is not None:
            (folder / TRACKERS).write_bytes(trackers)
        if "data" not in self._searched_sections():
            self.known = run.environment

        def keeps(epoch: int) -> bool:
            return self._is_among_the_best(listener.values[epoch])

        return run.try_out(listener, self.noted, keeps, self.silent_trackers)

    def _config(self, values: Mapping[str, Any]) -> LoadedConfig:
        """The config of a trial (raises ConfigError where the values contradict each other)."""
        document = with_values(self.base.document, values)
        return check_document(document, self.folder, self.base.config.name)

    def _searched_sections(self) -> set[str]:
        return {key.partition(".")[0] for key in self.sweep.parameters}

    def _prepared(self, loaded: LoadedConfig) -> Prepared:
        """The data as the config has it: that of the trial before, where its section `data` is the same."""
        if self.data is not None and self.data[0].data == loaded.config.data:
            return prepare_again(loaded, self.data[1])
        self.data = None  # before the next is loaded, so that both are never in memory
        self.data = loaded.config, prepare(loaded)
        return self.data[1]

    def _folder(self, trial: Trial) -> Path:
        """The run directory of a trial."""
        folder = self.folder / TRIALS / str(trial.user_attrs[SLOT])
        if folder.is_dir() and is_held(folder):  # by a worker that was thought to be dead
            folder = folder.with_name(f"{folder.name}-{trial.user_attrs[ATTEMPT]}")
        return folder

    def _record(self, trial: Trial, result: TrainResult, listener: _Listener) -> None:
        kept = result.metrics["kept_epoch"]
        trial.set_user_attr(EPOCHS, result.metrics["epochs"])
        trial.set_user_attr(SECONDS, result.metrics["seconds"]["total"])
        if isinstance(result.interrupted, Pruned):
            self.queue.finish(trial, None)
        elif result.interrupted is not None:
            self.queue.give_back(trial)
        elif result.failure is not None or kept is None:
            if isinstance(result.failure, OutputError):
                self.queue.give_back(trial)
                raise result.failure
            self.queue.fail(trial, str(result.failure or "no epoch finished"))
        elif not math.isfinite(value := listener.values[kept]):
            self.queue.fail(trial, f"its {self.sweep.metric} is {value} at epoch {kept}, which is kept")
        elif not self.queue.finish(trial, value):
            return
        ranked = best_trials(self.queue.standing(), self.job.rising)
        drop_models(self.folder, [trial.user_attrs[SLOT] for trial in ranked], self.base.config)

    def _is_among_the_best(self, value: float) -> bool:
        best = best_trials(self.queue.standing(), self.job.rising)[: self.sweep.keep]
        worst = best[-1].value if len(best) == self.sweep.keep and best else None
        return bool(self.sweep.keep) and (worst is None or (value > worst if self.job.rising else value < worst))


def _cleared(folder: Path) -> bytes | None:
    """Remove what a dead worker has left of a trial; returns its trackers.json, to go on with the same runs of them."""
    found = None
    if folder.is_dir():
        with suppress(OSError):
            found = (folder / TRACKERS).read_bytes()
        shutil.rmtree(folder)
    return found


class _Listener(Silence):
    """Listens to the training of a trial, and ends it where the pruner says so. values: the metric by epoch."""

    def __init__(self, trial: Trial, sweep: SweepConfig, is_interrupted: Callable[[], bool]) -> None:
        self.trial, self.sweep, self.is_interrupted = trial, sweep, is_interrupted
        self.values: dict[int, float] = {}

    def note(self, text: str) -> None:
        if text.startswith("warning: "):  # whoever watches the sweep passes it on
            self.trial.set_user_attr(WARNING, text)

    def epoch(self, row: Mapping[str, float]) -> None:
        epoch, value = int(row["epoch"]), row[self.sweep.metric]
        self.values[epoch] = value
        self.is_interrupted()  # a signal is then noted
        if self.sweep.pruner != "none" and value == value and abs(value) != float("inf"):
            self.trial.report(value, epoch)
            if self.trial.should_prune():
                raise Pruned(epoch)


def best_trials(standing: Mapping[int, FrozenTrial], rising: bool) -> list[FrozenTrial]:
    """Those that were trained to the end, the best first; of equal ones the first asked for."""
    done = [(trial.value, slot, trial) for slot, trial in standing.items() if trial.state.name == "COMPLETE"]
    ranked = sorted((-value if rising else value, slot, trial) for value, slot, trial in done if value is not None)
    return [trial for _, _, trial in ranked]


def drop_models(folder: Path, ranked: Sequence[int], config: Config) -> None:
    """Remove the models of trials that are no longer among the best. ranked: their slots, the best first."""
    assert config.sweep is not None
    for slot in ranked[config.sweep.keep :]:
        (folder / TRIALS / str(slot) / config.output.model).unlink(missing_ok=True)


def main() -> None:
    """Do the job on standard input; an error is said in one line, and the exit code is 1."""
    with noted_interruptions() as noted:
        job = json.load(sys.stdin)
        try:
            work(Job(**{**job, "command": tuple(job["command"])}), noted, lambda: None)
        except MlpcliError as error:
            sys.exit(visible(str(error)))


if __name__ == "__main__":
    own_process()
    main()
    end_with(0)
