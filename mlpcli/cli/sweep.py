"""The command `mlpcli sweep`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import CONFIG_PATH, PATH, RUN_PATH, Command, json_option, set_option
from mlpcli.cli.terminal import line, print_json, result_width, say, table

if TYPE_CHECKING:
    from mlpcli.workflows.sweep_results import SweepResult

MOST_FAILURES = 5
"""Failed trials that are listed; sweep.json has all of them."""
GAP = 3
"""Between two columns of a table."""


@click.command(cls=Command)
@click.argument("config", type=CONFIG_PATH, required=False)
@set_option()
@click.option(
    "--runs-dir",
    type=PATH,
    default=Path("runs"),
    show_default=True,
    help="Folder in which the sweep's own folder is created.",
)
@click.option("--resume", type=RUN_PATH, metavar="SWEEP_DIR", help="Continue the sweep in this folder; give no CONFIG.")
@click.option(
    "--storage", metavar="URL",
    help="Keep the trials in a database that several machines share: postgresql://... or mysql://...  [default: a file"
    " in the folder]",
)  # fmt: skip
@click.option("--workers", type=int, default=1, show_default=True, metavar="N", help="Processes that train trials.")
@click.option("--trials", metavar="N|+N", help="Trials in all, instead of the config's; +20 adds 20.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors and results only.")
@json_option()
def sweep(
    config: Path | None,
    overrides: tuple[str, ...],
    runs_dir: Path,
    resume: Path | None,
    storage: str | None,
    workers: int,
    trials: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Search for better values of a config's keys.

    The section `sweep` of CONFIG says which keys. Each trial is trained into a run directory of its own; those that
    fall behind end early. The best is then trained again with three seeds and scored on the test rows, once. The
    same command continues a sweep that was interrupted or killed; with the same --storage, other machines join it.
    docs/sweeps.md has an example.

    \b
    $ mlpcli sweep people.yaml
    $ mlpcli sweep people.yaml --workers 4 -s sweep.trials=200
    $ mlpcli sweep people.yaml --trials +20
    $ mlpcli sweep people.yaml --storage postgresql://me:secret@host/sweeps
    $ mlpcli sweep --resume runs/people
    """
    from mlpcli.cli.progress_bars import choose_progress
    from mlpcli.workflows.sweep import sweep as run

    if (config is None) == (resume is None):
        raise click.UsageError("give either a CONFIG or --resume with the folder of a sweep")
    if resume is not None and overrides:
        raise click.UsageError("--resume uses the sweep's own config; leave out -s")
    command = ["mlpcli", *_without_secrets(sys.argv[1:])]
    progress = choose_progress(quiet)
    result = run(config, overrides, runs_dir, resume, storage, workers, trials, progress, command, False)
    return _report(result, storage, trials, as_json)


def _without_secrets(arguments: list[str]) -> list[str]:
    """The command as it may be kept: without the password of a database."""
    from mlpcli.workflows.sweep_storage import without_password

    return [without_password(argument) if "://" in argument else argument for argument in arguments]


def _report(result: SweepResult, storage: str | None, trials: str | None, as_json: bool) -> int:
    """Print the result; returns the exit code."""
    if as_json:
        print_json(result.as_json())
    else:
        _print(result)
    for trial, why in [*result.failures.items()][:MOST_FAILURES]:
        say(f"trial {trial} failed: {why}")
    if len(result.failures) > MOST_FAILURES:
        say(f"and {len(result.failures) - MOST_FAILURES} more trials failed; {result.path / 'sweep.json'} has them all")
    open_trials = result.record.count("running", "waiting")
    if result.interrupted is not None or open_trials:
        why = str(result.interrupted or "stopped by sweep.timeout")
        say(f"{why}; {result.record.finished} of {len(result.record.trials)} trials have ended")
        url = f" --storage {shlex.quote(_without_secrets([storage])[0])}" if storage else ""
        count = f" --trials {len(result.record.trials)}" if trials is not None else ""
        say(f"continue with: mlpcli sweep --resume {shlex.quote(str(result.path))}{url}{count}")
    if result.interrupted is not None:
        return result.interrupted.exit_code
    if result.best is None:
        say("error: no trial was trained to the end")
    failed = result.final is not None and bool(result.final.summary["failures"])
    return 1 if result.best is None or failed else 0


def _print(result: SweepResult) -> None:
    line(f"{result.record.name}: {result.counted()}", "bold")
    if result.record.ranked:
        table("", *_fitting(*result.trial_table()))
    if result.final is not None:
        columns, rows = result.final.mean_table()
        line(f"the best, trained with {result.final.counted()}, mean ± standard deviation", "bold")
        table("", columns, rows)
    for note in result.notes:
        line(note)
    if result.best is not None:
        line(f"best   {result.best}")
    for picture in result.pictures:
        line(f"plot   {picture}")
    line(f"runs   {result.path}")


def _fitting(columns: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Without the last columns, seconds and epochs, where a terminal is too narrow: numbers would be cut in two."""
    widths = [max(map(len, cells)) + GAP for cells in zip(columns, *rows, strict=True)]
    kept = len(columns)
    while sum(widths[:kept]) > result_width() and kept > len(columns) - 2:
        kept -= 1
    return columns[:kept], [row[:kept] for row in rows]
