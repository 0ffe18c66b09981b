"""`mlpcli train --resume`: an earlier run goes on from its last checkpoint, and ends as if it had never stopped."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import UserError
from mlpcli.plotting.drawing_process import other_process_draws
from mlpcli.runs import directory as run_directory
from mlpcli.runs.leftovers import remove_leftovers
from mlpcli.workflows.earlier_series import check_same_data, read_earlier
from mlpcli.workflows.folds import FoldSeries
from mlpcli.workflows.prepare import read_config
from mlpcli.workflows.reopen import reopen
from mlpcli.workflows.seeds import SeedSeries
from mlpcli.workflows.series import SeriesResult
from mlpcli.workflows.train import ONE_AT_A_TIME, check_callbacks
from mlpcli.workflows.train_result import TrainResult
from mlpcli.workflows.workers import check_workers

if TYPE_CHECKING:
    from mlpcli.cluster import Cluster
    from mlpcli.training.progress import Progress


def resume(
    run_dir: str | Path,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    command: Sequence[str] = (),
    verbose: bool = False,
    resend_signals: bool = True,
    callbacks: Sequence[Any] = (),
    force: bool = False,
    seeds: int | None = None,
    cluster: Cluster | None = None,
) -> TrainResult | SeriesResult:
    """Continue a run, or several seeds or folds, that were interrupted or killed, or train them longer.

    On the same machine and with the same versions it ends with the weights, the history and the scores of a run that
    was never interrupted. Where no checkpoint was written yet, it begins again with the first epoch.

    In the folder of `train_seeds` or `train_folds`, finished runs stay as they are, and the others go on or begin; so
    do those that failed. Their config is the config.yaml of the first run. With overrides, every run goes on.

    Args, beside those of `train`:
        run_dir: the run directory, or the folder of several seeds or folds.
        overrides: of CAN_CHANGE only, such as "training.epochs=80"; anything, where there is no checkpoint.
        callbacks: again those of `train`; what they remember themselves is not restored. For one run only.
        force: continue although the data has changed.
        seeds: for several seeds, how many there should be in all; those beyond the earlier ones are added.
        cluster: as of `train`, for one run; the others call `mlpcli.workflows.follow.follow_resumed`. There may be
            more workers or fewer than before.

    Returns:
        The run, as `train`; of several, all of them, as `train_seeds` or `train_folds`.

    Raises:
        RunDirectoryError: it is no run directory, another process trains in it, or its files are damaged.
        ConfigError: an override changes what cannot change.
        DataError: the data is gone, or another than before.
        UserError: fewer seeds than before, seeds for one run or for folds, or callbacks for several runs.
        OutputError: the disk is full.
    """
    from mlpcli.workflows.notebook import default_progress

    path, listener = Path(run_dir), progress or default_progress()
    result: TrainResult | SeriesResult
    if run_directory.holds_series(path):
        if callbacks:
            several = "folds" if run_directory.holds_folds(path) else "seeds"
            raise UserError(f"callbacks: are for one run, not for several {several}; leave them out")
        result = _resume_series(path.resolve(), overrides, listener, list(command), verbose, force, seeds)
    else:
        if run_directory.holds_sweep(path):
            raise UserError(f"{path}: is a sweep; continue it with mlpcli sweep --resume {shlex.quote(str(path))}")
        run_directory.find_file(path, run_directory.CONFIG)
        if seeds is not None:
            raise UserError(f"seeds: {path} is one run, not a folder of several seeds; leave it out")
        result = _resume_run(path.resolve(), overrides, listener, list(command), verbose, callbacks, force, cluster)
    if resend_signals and result.interrupted is not None:
        result.interrupted.send_again()
    return result


def _resume_run(
    path: Path,
    overrides: Sequence[str],
    listener: Progress,
    command: list[str],
    verbose: bool,
    callbacks: Sequence[Any],
    force: bool,
    cluster: Cluster | None,
) -> TrainResult:
    with ONE_AT_A_TIME, ExitStack() as holding:
        holding.enter_context(run_directory.held_again(path))
        remove_leftovers(path)
        loaded = read_config(path / run_directory.CONFIG, overrides)
        check_callbacks(loaded, callbacks)
        if cluster is not None:
            check_workers(loaded, callbacks)
        with other_process_draws(loaded.config.output.plots if cluster is None else ()):
            run = reopen(path, loaded, listener, command, callbacks, force, cluster)
            run.holding = holding.pop_all()
            return run.train(listener, verbose)


def _resume_series(
    path: Path,
    overrides: Sequence[str],
    listener: Progress,
    command: list[str],
    verbose: bool,
    force: bool,
    seeds: int | None,
) -> SeriesResult:
    with ONE_AT_A_TIME, run_directory.held_again(path):
        earlier = read_earlier(path, overrides, seeds, listener)
        if note := earlier.note():
            listener.note(note)
        if earlier.source in earlier.finished and len(earlier.finished) < len(earlier.members):
            check_same_data(earlier, listener, force)
        kind = FoldSeries if run_directory.holds_folds(path) else SeedSeries
        series = kind(earlier.loaded, earlier.members, listener, command, verbose, force)
        return series.go_on(path, earlier.runs, earlier.seconds, earlier.source)
