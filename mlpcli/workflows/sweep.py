"""`mlpcli sweep`: a search for better values of a config's keys, by Optuna, in one process or in many."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.config.metrics import higher_is_better
from mlpcli.config.sweep import MOST_TRIALS, SweepConfig, seconds_of
from mlpcli.errors import UserError
from mlpcli.runs import directory as run_directory
from mlpcli.runs.leftovers import remove_leftovers
from mlpcli.text import plural
from mlpcli.training.progress import Interrupted, noted_interruptions
from mlpcli.workflows.prepare import prepare, read_config, say_findings
from mlpcli.workflows.sweep_folder import (
    SweepFolder,
    check_section,
    find_folder,
    keep_config,
    make_folder,
    read_folder,
    study_name,
)
from mlpcli.workflows.sweep_queue import Queue, this_worker
from mlpcli.workflows.sweep_results import SweepResult, conclude
from mlpcli.workflows.sweep_search import choice_words
from mlpcli.workflows.sweep_storage import absolute, check_url, import_optuna, open_study, stored
from mlpcli.workflows.sweep_team import Watch, run_workers
from mlpcli.workflows.sweep_worker import CONFIG, Job, work
from mlpcli.workflows.train import ONE_AT_A_TIME

if TYPE_CHECKING:
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.model.plan import Prepared
    from mlpcli.training.progress import Progress

MOST_WORKERS = 256


def sweep(
    config: str | Path | None = None,
    overrides: Sequence[str] = (),
    runs_dir: str | Path = "runs",
    resume: str | Path | None = None,
    storage: str | None = None,
    workers: int = 1,
    trials: int | str | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
    resend_signals: bool = True,
) -> SweepResult:
    """Search the parameters in the `sweep` section of a config, and train the best again.

    The same call continues a sweep that was interrupted or killed; on another machine, with the same storage, it joins
    in.

    Args, beside those of `train`:
        runs_dir: where the sweep's own folder is made, named after the config's `name`.
        resume: the folder of an earlier sweep to continue, instead of a config.
        storage: the URL of a database that several machines share; by default a file in the folder.
        workers: how many processes of this machine take trials; 1: this process alone.
        trials: how many in all, instead of the config's; "+20" adds 20.

    Returns:
        All trials, the best one trained again with three seeds, and the pictures. A failed trial is in the record.

    Raises:
        ConfigError, DataError: nothing has been written.
        UserError: Optuna is not installed, or an option does not fit.
        RunDirectoryError: the folder is not of a sweep, or another process sweeps in it.
        OutputError: the disk is full, or the storage cannot be reached.
    """
    from mlpcli.workflows.notebook import default_progress

    import_optuna()
    if not 1 <= workers <= MOST_WORKERS:
        raise UserError(f"workers: must be from 1 to {MOST_WORKERS} (got {workers})")
    if storage is not None:
        check_url(storage, workers)
        storage = absolute(storage)
    listener = progress or default_progress()
    with ONE_AT_A_TIME, noted_interruptions() as noted:
        begun = _begin(config, overrides, Path(runs_dir), resume, storage, listener)
        with run_directory.held_again(begun.folder.path):
            remove_leftovers(begun.folder.path)
            keep_config(begun.folder.path, begun.loaded)
            result = _search(begun, workers, trials, listener, list(command), noted)
    if resend_signals and result.interrupted is not None:
        result.interrupted.send_again()
    return result


@dataclass
class _Begun:
    """A sweep whose folder is there. ready: its data, if it was loaded to check it."""

    folder: SweepFolder
    loaded: LoadedConfig
    settings: SweepConfig
    ready: Prepared | None


def _begin(
    config: str | Path | None,
    overrides: Sequence[str],
    runs_dir: Path,
    resume: str | Path | None,
    storage: str | None,
    listener: Progress,
) -> _Begun:
    """The folder of an earlier sweep; for a new one the data is loaded first, so that nothing is written in vain."""
    ready = None
    if resume is not None:
        folder = read_folder(Path(resume)).with_storage(storage)
        loaded = read_config(folder.path / CONFIG)
    elif config is not None:
        loaded = read_config(Path(config), overrides)
        check_section(loaded)
        found = find_folder(runs_dir, loaded)
        if found is not None:
            folder = found.with_storage(storage)
            listener.note(f"note: continuing the sweep in {folder.path}")
        else:
            ready = prepare(loaded, listener.loading)
            say_findings(ready, listener)
            rising = _is_rising(loaded, ready)
            if storage is not None:  # the folder remembers it: one that does not work is told before there is a folder
                with stored(storage, runs_dir) as opened:
                    open_study(opened, study_name(loaded), rising)
            folder = make_folder(runs_dir, loaded, storage, rising)
    else:
        raise UserError("config: give a config, or the folder of an earlier sweep as resume")
    check_section(loaded)
    assert loaded.config.sweep is not None
    return _Begun(folder, loaded, loaded.config.sweep, ready)


def _is_rising(loaded: LoadedConfig, prepared: Prepared) -> bool:
    """Whether a higher value of the metric is better."""
    assert loaded.config.sweep is not None
    mode, metric = loaded.config.sweep.mode, loaded.config.sweep.metric
    return higher_is_better(metric, prepared.plan.metrics) if mode == "auto" else mode == "max"


def _search(
    begun: _Begun,
    workers: int,
    trials: int | str | None,
    listener: Progress,
    command: list[str],
    noted: list[Interrupted],
) -> SweepResult:
    folder, settings = begun.folder, begun.settings
    timeout = seconds_of(settings.timeout) if settings.timeout is not None else None
    job = Job(
        str(folder.path),
        folder.study,
        folder.storage,
        folder.rising,
        time.time() + timeout if timeout is not None else None,
        command=tuple(command),
    )
    with this_worker() as worker, stored(folder.storage, folder.path, workers) as storage:
        queue = Queue(open_study(storage, folder.study, folder.rising), storage, worker)
        queue.recover()
        slots = _slots(settings, len(queue.standing()), trials)
        if trials is not None and settings.sampler == "grid" and len(slots) == len(queue.standing()):
            listener.note(f"note: the grid has no more than {plural(len(slots), 'combination', 'combinations')}")
        queue.add(slots, folder.home())
        watch = Watch(queue, settings, folder, listener)
        (folder.path / run_directory.TRIALS).mkdir(exist_ok=True)
        if watch.unfinished():
            if workers == 1:
                work(job, noted, watch.look, begun.ready)
            else:
                begun.ready = None  # the workers load it themselves
                run_workers(job, workers, noted, watch)
        return conclude(begun.loaded, folder, watch.record(), queue, listener, command, noted)


def _slots(settings: SweepConfig, known: int, trials: int | str | None) -> list[dict[str, Any]]:
    """The values that each trial is asked for with: all of them in a grid, none otherwise."""
    asked_for = max(_asked_for(settings.trials, known, trials), known)
    if settings.sampler != "grid":
        return [{}] * asked_for
    axes = [choice_words(parameter.values() or []) for parameter in settings.parameters.values()]
    cells = [dict(zip(settings.parameters, values, strict=True)) for values in _first(product(*axes), MOST_TRIALS)]
    return cells[:asked_for]


def _first(values: Any, most: int) -> list[Any]:
    return [value for _, value in zip(range(most), values, strict=False)]


def _asked_for(setting: int, known: int, trials: int | str | None) -> int:
    """How many trials there shall be, in all.

    Raises:
        UserError: fewer than there are, or not a number.
    """
    if trials is None:
        return setting
    found = re.fullmatch(r"(\+?)([0-9]{1,6})", str(trials))
    count = int(found[2]) + (known if found[1] else 0) if found else 0
    if not 1 <= count <= MOST_TRIALS:
        raise UserError(f"--trials: must be a whole number from 1 to {MOST_TRIALS:,}, or +20 for more (got {trials})")
    if count < known:
        raise UserError(f"--trials: {count} are fewer than the {known} of this sweep; leave it out, or give +{count}")
    return count
