"""The command `mlpcli train`: its options, and what they ask for."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mlpcli.cli.options import (
    CONFIG_PATH,
    PATH,
    RUN_PATH,
    Command,
    baseline_option,
    json_option,
    set_option,
    training_options,
)
from mlpcli.cli.train_results import report, report_followed, report_grid, report_series
from mlpcli.cluster import Cluster, find_cluster
from mlpcli.runs.directory import CONFIG, GRID, holds_series
from mlpcli.runs.run_file import LARGEST_CONFIG

if TYPE_CHECKING:
    from mlpcli.training.progress import Progress


def _count(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """The number of seeds or folds from the text of the option.

    Raises:
        click.BadParameter: it is not a whole number in the range.
    """
    if value is None:  # the imports take a while
        return None
    from mlpcli.config.sections import MOST_FOLDS
    from mlpcli.workflows.seeds import MOST_SEEDS

    least, most = (2, MOST_FOLDS) if option.name == "folds" else (1, MOST_SEEDS)
    if not re.fullmatch("[0-9]{1,9}", value) or not least <= int(value) <= most:
        what = f"{value} is not a valid number of {option.name}"
        raise click.BadParameter(f"{what}; give a whole number from {least} to {most}")
    return int(value)


class _UnlessResumed(click.Argument):
    """An argument that may be missing beside --resume only, which is eager so that it is known here."""

    def get_error_hint(self, ctx: click.Context | None) -> str:
        return "'CONFIG'"

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        resumed = isinstance(ctx.params.get("resume"), Path)
        if self.value_is_missing(value) and not resumed and not ctx.resilient_parsing:
            raise click.MissingParameter(ctx=ctx, param=self)
        return super().process_value(ctx, value)


@click.command(cls=Command)
@click.argument("config", cls=_UnlessResumed, type=CONFIG_PATH, required=False)
@set_option()
@training_options()
@click.option(
    "--runs-dir",
    type=PATH,
    default=Path("runs"),
    show_default=True,
    help="Folder in which the run directory is created.",
)
@click.option("--run-dir", type=PATH, help="The run directory itself, new or empty.")
@click.option(
    "--resume", type=RUN_PATH, metavar="RUN_DIR", is_eager=True,
    help="Continue this run, or folder of several seeds or folds, where it stopped; with -s training.epochs=80, train"
    " it longer.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="With --resume: continue although the data has changed.")
@click.option(
    "--seeds", metavar="N", callback=_count,
    help="Train with N seeds (1 to 1000), counting up from the config's, and print mean and spread. With --resume:"
    " add seeds until there are N.",
)  # fmt: skip
@click.option(
    "--folds", metavar="K", callback=_count,
    help="Cross-validate: train K runs (2 to 1000), each with another fold of the rows as its test rows, and print mean"
    " and spread. data.folds: by group, or in order of time. With --seeds, K runs for each seed.",
)  # fmt: skip
@click.option(
    "--vary", multiple=True, metavar="KEY=A,B,...",
    help="Train with each of these values, and compare; several --vary options make a grid of all combinations.",
)  # fmt: skip
@baseline_option()
@click.option("-q", "--quiet", is_flag=True, help="Print errors and results only.")
@click.option("-v", "--verbose", is_flag=True, help="Also print which engine was chosen, and why.")
@json_option()
def train(
    config: Path | None,
    overrides: tuple[str, ...],
    runs_dir: Path,
    run_dir: Path | None,
    resume: Path | None,
    force: bool,
    seeds: int | None,
    folds: int | None,
    vary: tuple[str, ...],
    baseline: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Train the network that CONFIG describes.

    CONFIG is a file or the name of a recipe. Writes a run directory: the model with the weights of its best epoch (of
    its last, with output.keep: last), the history, scores and plots. With --seeds, writes a folder with a run directory
    for each seed, seeds.json and one plot of all seeds. With --folds, writes a folder with a run directory for each
    fold, folds.json, one plot, and out_of_fold.csv: each row with its prediction by the run that held it out. With
    --vary, writes a folder with a run for each combination, and ends with their comparison. With --resume and such a
    folder, what is finished stays as it is; what was interrupted, failed or never began is trained.

    \b
    $ mlpcli train configs/digits.yaml
    $ mlpcli train digits
    $ mlpcli train configs/digits.yaml --epochs 5 -s seed=1
    $ mlpcli train configs/digits.yaml -s model.hidden_units=[128,64]
    $ mlpcli train configs/digits.yaml --seeds 3
    $ mlpcli train iris --folds 5
    $ mlpcli train configs/digits.yaml --vary training.optimizer=sgd,adam
    $ mlpcli train --resume runs/digits
    """
    from mlpcli.cli.progress_bars import choose_progress
    from mlpcli.plotting.drawing_process import start_drawing_process

    progress, command, cluster = choose_progress(quiet), ["mlpcli", *sys.argv[1:]], find_cluster()
    if cluster is not None:
        _check_together(cluster, seeds, folds, vary, resume)
    elif may_draw(config or resume, overrides):
        start_drawing_process()
    if resume is not None:
        several_seeds = not (resume / CONFIG).is_file() and not (resume / GRID).is_file()
        _check_alone(config, run_dir, None if several_seeds else seeds, folds, baseline, vary)
        return _resume(resume, overrides, progress, command, verbose, force, seeds, cluster, as_json)
    if force:
        raise click.UsageError("--force works only with --resume; leave it out")
    assert config is not None  # see _UnlessResumed
    _check_options(seeds, folds, baseline, vary)
    settings = overrides, runs_dir, run_dir, progress, command, verbose, False
    if vary:
        from mlpcli.workflows.grid import train_grid

        return report_grid(train_grid(config, vary, *settings, seeds), as_json)
    from mlpcli.workflows import train as workflow

    if folds is not None:
        return report_series(workflow.train_folds(config, folds, *settings, seeds or 1), as_json)
    if seeds is not None:
        return report_series(workflow.train_seeds(config, seeds, *settings), as_json)
    if cluster is not None and not cluster.is_chief:
        from mlpcli.workflows.follow import follow

        return report_followed(follow(cluster, config, overrides))
    return report(workflow.train(config, *settings, baseline=baseline, cluster=cluster), as_json)


def _resume(
    run: Path,
    overrides: tuple[str, ...],
    progress: Progress,
    command: list[str],
    verbose: bool,
    force: bool,
    seeds: int | None,
    cluster: Cluster | None,
    as_json: bool,
) -> int:
    """Continue a run, a series or a grid, and print what comes of it; returns the exit code."""
    if (run / GRID).is_file():
        if overrides:
            raise click.UsageError("-s is for one run; leave it out, or resume a single run of the folder")
        from mlpcli.workflows.grid import resume_grid

        return report_grid(resume_grid(run, progress, command, verbose, False, force), as_json)
    if cluster is not None and not cluster.is_chief:
        from mlpcli.workflows.follow import follow_resumed

        return report_followed(follow_resumed(cluster, run, overrides, force))
    from mlpcli.workflows.resume import resume
    from mlpcli.workflows.series import SeriesResult

    found = resume(run, overrides, progress, command, verbose, False, force=force, seeds=seeds, cluster=cluster)
    return report_series(found, as_json) if isinstance(found, SeriesResult) else report(found, as_json)


def may_draw(path: Path | None, overrides: Sequence[str]) -> bool:
    """Whether a run may draw pictures, as far as a glance at its config, or at that of its directory, tells.

    The process that draws starts before the config is read; where the answer is wrong, it starts later, or in vain.
    """
    if any(text.startswith("output.plots") for text in overrides):
        return False
    text = b""
    with suppress(OSError):  # which is said when it is read
        config = path / CONFIG if path and path.is_dir() else path
        if config and config.is_file() and config.stat().st_size <= LARGEST_CONFIG:
            text = config.read_bytes()
    return re.search(NO_PLOTS, text) is None


NO_PLOTS = rb"(?m)^[^#\n]*\bplots:\s*\[\s*\]"


def _check_options(seeds: int | None, folds: int | None, baseline: bool, vary: tuple[str, ...]) -> None:
    """Refuse what does not go together."""
    several = [option for option, given in (("--vary", vary), ("--folds", folds), ("--seeds", seeds)) if given]
    if baseline and several:
        raise click.UsageError(f"--baseline is for one run; leave out {several[0]}")
    if vary and folds is not None:
        raise click.UsageError("--folds is for one config; leave out --vary, and compare the folders: mlpcli compare")


def _check_together(
    cluster: Cluster, seeds: int | None, folds: int | None, vary: tuple[str, ...], resume: Path | None
) -> None:
    """Refuse what trains several models, where several workers train one."""
    several = "--seeds" if seeds is not None else "--folds" if folds is not None else "--vary" if vary else None
    if several is None and resume is not None and (holds_series(resume) or (resume / GRID).is_file()):
        several = f"--resume {resume}"
    if several is not None:
        raise click.UsageError(
            f"{several} trains several models, but {cluster.count} workers train one together here (see TF_CONFIG or"
            " Slurm); start a single process, or leave out that option"
        )


def _check_alone(
    config: Path | None,
    run_dir: Path | None,
    seeds: int | None,
    folds: int | None,
    baseline: bool,
    vary: tuple[str, ...],
) -> None:
    """Refuse beside --resume what the run has already."""
    typed = click.get_current_context().get_parameter_source("runs_dir") is ParameterSource.COMMANDLINE
    given = {
        "CONFIG": config,
        "--run-dir": run_dir,
        "--runs-dir": typed or None,
        "--seeds": seeds,
        "--folds": folds,
        "--vary": vary or None,
        "--baseline": baseline or None,
    }
    for name, value in given.items():
        if value is not None:
            raise click.UsageError(f"--resume continues a run with its own config; leave out {name}")
