"""`mlpcli train`: from a config to a run directory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from mlpcli.errors import SettingError, UserError
from mlpcli.plotting.drawing_process import other_process_draws
from mlpcli.workflows.folds import FoldSeries, FoldsResult, check_folds, fold_members, with_folds
from mlpcli.workflows.prepare import say_findings
from mlpcli.workflows.run import Run
from mlpcli.workflows.seeds import SeedSeries, SeedsResult, check_count, check_last_seed, seed_members
from mlpcli.workflows.series import Result, Series
from mlpcli.workflows.train_result import TrainResult
from mlpcli.workflows.workers import check_workers, gather

if TYPE_CHECKING:
    from mlpcli.cluster import Cluster
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.training.progress import Progress

ONE_AT_A_TIME = threading.RLock()
"""Seeds, the graph and the import of Keras belong to the process; threads would change each other's weights."""


@overload
def train(
    config: str | Path,
    overrides: Sequence[str] = ...,
    runs_dir: str | Path = ...,
    run_dir: str | Path | None = ...,
    progress: Progress | None = ...,
    command: Sequence[str] = ...,
    verbose: bool = ...,
    resend_signals: bool = ...,
    callbacks: Sequence[Any] = ...,
    baseline: bool = ...,
    folds: None = ...,
    cluster: Cluster | None = ...,
) -> TrainResult: ...


@overload
def train(
    config: str | Path,
    overrides: Sequence[str] = ...,
    runs_dir: str | Path = ...,
    run_dir: str | Path | None = ...,
    progress: Progress | None = ...,
    command: Sequence[str] = ...,
    verbose: bool = ...,
    resend_signals: bool = ...,
    *,
    folds: int,
) -> FoldsResult: ...


def train(
    config: str | Path,
    overrides: Sequence[str] = (),
    runs_dir: str | Path = "runs",
    run_dir: str | Path | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
    verbose: bool = False,
    resend_signals: bool = True,
    callbacks: Sequence[Any] = (),
    baseline: bool = False,
    folds: int | None = None,
    cluster: Cluster | None = None,
) -> TrainResult | FoldsResult:
    """Train the network that a config describes.

    Args:
        config: path of the YAML file.
        overrides: "training.epochs=5" and the like.
        runs_dir: where the run directory is made, named after the config's `name`.
        run_dir: or exactly this directory, new or empty.
        progress: called as training proceeds; by default a bar in a notebook, and nothing elsewhere.
        command: the command line, for environment.json.
        verbose: also note which engine was chosen, and why.
        resend_signals: send a signal that ended the training (Ctrl-C, SIGTERM, SIGHUP) again when the run is saved, to
            whoever handled it before: Ctrl-C then raises KeyboardInterrupt. Otherwise it is only in the result.
        callbacks: objects of `keras.callbacks.Callback`, called as by `model.fit`; one that sets
            `self.model.stop_training` ends the training. Only `training.engine: keras` calls them after every batch;
            otherwise an epoch is one call of many steps.
        baseline: afterwards train scikit-learn's linear model and MLP on the same rows, too; their scores are in the
            evaluation, under `scikit_learn`.
        folds: cross-validate instead, as `train_folds`, with this many folds; neither callbacks nor baseline then.
        cluster: the workers that train the network together, of which this process is the chief; the others call
            `mlpcli.workflows.follow.follow`.

    Returns:
        The run. A loss that is not finite is in the result rather than raised, because the run directory then still
        holds the best epoch before it; so is an interruption without `resend_signals`.

    Trainings in several threads wait for each other: Keras has one random generator for all.

    Raises:
        ConfigError, DataError: nothing has been written.
        UserError: callbacks for `training.engine: numpy`, something that is no callback, or folds out of range or
            beside callbacks or a baseline.
        RunDirectoryError: the run directory cannot be made.
        OutputError: the disk is full.
    """
    from mlpcli.workflows.notebook import default_progress
    from mlpcli.workflows.prepare import prepare, read_config

    if folds is not None:
        if callbacks or baseline:
            raise UserError(f"folds: leave out {'callbacks' if callbacks else 'baseline'}, which is for one run")
        return train_folds(config, folds, overrides, runs_dir, run_dir, progress, command, verbose, resend_signals)

    with ONE_AT_A_TIME, ExitStack() as drawing:
        listener = progress or default_progress()
        _check_directory(run_dir)
        loaded = read_config(Path(config), overrides)
        check_callbacks(loaded, callbacks)
        if cluster is not None:
            check_workers(loaded, callbacks)
        drawing.enter_context(other_process_draws(loaded.config.output.plots if cluster is None else ()))
        prepared = prepare(loaded, listener.loading)
        say_findings(prepared, listener)
        if baseline:
            from mlpcli.scoring.baselines import check_in_memory

            check_in_memory(prepared.splits.train)
        team = None if cluster is None else gather(cluster, loaded, prepared, listener=listener)
        with loaded.located():
            made = not (run_dir and Path(run_dir).exists())
            make = partial(make_directory, runs_dir, run_dir, loaded.config.name)
            run = Run.create(loaded.config, prepared, make, list(command), callbacks, made, team=team)
        result = run.train(listener, verbose)
        if baseline and result.evaluation is not None and result.interrupted is None:
            listener.note("training scikit-learn's models on the same rows")
            _add_baselines(run, result.evaluation)
    if resend_signals and result.interrupted is not None:
        result.interrupted.send_again()
    return result


def _add_baselines(run: Run, evaluation: dict[str, Any]) -> None:
    """Into the evaluation, and into its file."""
    from mlpcli.files import write_json
    from mlpcli.runs.directory import EVALUATION
    from mlpcli.workflows.evaluate import baselines_of

    plan, splits = run.prepared.plan, run.prepared.splits
    part = {"test": splits.test, "validation": splits.validation}.get(evaluation["split"]) or splits.train
    evaluation["scikit_learn"] = baselines_of(plan.task, plan.class_names, splits.train, part, run.config.seed)
    write_json(run.path / EVALUATION, evaluation)


def check_callbacks(loaded: LoadedConfig, callbacks: Sequence[Any]) -> None:
    """What can be told of callbacks without Keras."""
    if not isinstance(callbacks, (list, tuple)):
        raise UserError(f"callbacks: {type(callbacks).__name__} is not a list; give one, such as [MyCallback()]")
    if callbacks and loaded.config.training.engine == "numpy":
        with loaded.located():
            raise SettingError("training.engine", "numpy calls no callbacks, which are Keras's; use auto or keras")


def train_seeds(
    config: str | Path,
    seeds: int,
    overrides: Sequence[str] = (),
    runs_dir: str | Path = "runs",
    run_dir: str | Path | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
    verbose: bool = False,
    resend_signals: bool = True,
) -> SeedsResult:
    """Train the network of a config with its seed, and the seeds after it, each as `train` would.

    Args, beside those of `train`:
        seeds: how many, 1 to 1000; the override "seed=5" moves the first.
        runs_dir: where the folder of all of them is made; run_dir: or exactly this folder, new or empty.
        progress: listens to the trainings; what is said of every seed alike is said once.

    Returns:
        The runs. A failed seed is listed in `summary`, and the others are trained all the same, except after an
        interruption or on a full disk.

    Raises:
        UserError: the number of seeds is out of range.
        ConfigError, DataError: of the first seed; nothing has been written.
        RunDirectoryError: the folder cannot be made.
        OutputError: seeds.json cannot be written.
    """
    from mlpcli.workflows.notebook import default_progress
    from mlpcli.workflows.prepare import read_config

    check_count(seeds)
    _check_directory(run_dir)
    loaded = read_config(Path(config), overrides)
    check_last_seed(loaded, seeds)
    members = seed_members(loaded.config.seed, seeds)
    series = SeedSeries(loaded, members, progress or default_progress(), list(command), verbose)
    return _trained(series, runs_dir, run_dir, resend_signals)


def train_folds(
    config: str | Path,
    folds: int,
    overrides: Sequence[str] = (),
    runs_dir: str | Path = "runs",
    run_dir: str | Path | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
    verbose: bool = False,
    resend_signals: bool = True,
    seeds: int = 1,
) -> FoldsResult:
    """Train the network of a config once for each of several folds of its rows, each as `train` would.

    The fold that a run holds out is its test rows; its validation rows are drawn from the others, and what is learnt of
    columns and scales comes from its training rows alone. `data.folds` says how the folds are drawn.

    Args, beside those of `train_seeds`:
        folds: how many, 2 to 1000.
        seeds: with how many seeds each fold is trained, counting up from the config's; shuffled folds are drawn anew
            with each.

    Returns:
        The runs. A failed one is listed in `summary`, and the others are trained all the same, except after an
        interruption or on a full disk.

    Raises:
        UserError: the number of folds or seeds is out of range.
        ConfigError, DataError: of the first run, such as too few rows for so many folds; nothing has been written.
        RunDirectoryError: the folder cannot be made.
        OutputError: folds.json or out_of_fold.csv cannot be written.
    """
    from mlpcli.workflows.notebook import default_progress
    from mlpcli.workflows.prepare import read_config

    check_folds(folds)
    check_count(seeds)
    _check_directory(run_dir)
    loaded = with_folds(read_config(Path(config), overrides), folds)
    check_last_seed(loaded, seeds)
    members = fold_members(loaded.config.seed, seeds, folds)
    series = FoldSeries(loaded, members, progress or default_progress(), list(command), verbose)
    return _trained(series, runs_dir, run_dir, resend_signals)


def make_directory(runs_dir: str | Path, run_dir: str | Path | None, name: str) -> Path:
    """Make exactly `run_dir`, or else a new folder in `runs_dir` that is called `name` (raises RunDirectoryError)."""
    from mlpcli.runs import directory as run_directory
    from mlpcli.runs.leftovers import remove_abandoned

    if run_dir:
        return run_directory.create_exact_directory(Path(run_dir))
    remove_abandoned(Path(runs_dir))
    return run_directory.create_run_directory(Path(runs_dir), name)


def _check_directory(run_dir: str | Path | None) -> None:
    from mlpcli.runs.directory import check_exact_directory

    if run_dir:
        check_exact_directory(Path(run_dir))


def _trained(series: Series[Result], runs_dir: str | Path, run_dir: str | Path | None, resend_signals: bool) -> Result:
    """All runs of a new series, in a new folder."""
    make = partial(make_directory, runs_dir, run_dir, series.loaded.config.name)
    with ONE_AT_A_TIME:
        result = series.begin(make, made=not (run_dir and Path(run_dir).exists()))
    if resend_signals and result.interrupted is not None:
        result.interrupted.send_again()
    return result
