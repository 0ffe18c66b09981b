"""`mlpcli train`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from mlpcli.cli.options import PATH, json_option, set_option


def _count(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """In plain words, where click's own are of integer ranges."""
    from mlpcli.workflows.train_seeds import MOST_SEEDS

    if value is None:
        return None
    if not re.fullmatch("[0-9]{1,9}", value) or not 1 <= int(value) <= MOST_SEEDS:
        raise click.BadParameter(f"{value} is no number of seeds; give a whole number from 1 to {MOST_SEEDS}")
    return int(value)


@click.command()
@click.argument("config", type=PATH)
@set_option()
@click.option("--runs-dir", type=PATH, default=Path("runs"), show_default=True, help="Where the run directory is made.")
@click.option("--run-dir", type=PATH, help="The run directory itself; new, or empty.")
@click.option(
    "--seeds", metavar="N", callback=_count,
    help="Train with N seeds (1 to 1000), the config's and those after it; mean and spread at the end.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes; errors and results only.")
@click.option("-v", "--verbose", is_flag=True, help="Also say which engine was chosen, and why.")
@json_option()
def train(
    config: Path,
    overrides: tuple[str, ...],
    runs_dir: Path,
    run_dir: Path | None,
    seeds: int | None,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Train the network that CONFIG describes.

    Writes a run directory: the model with its best weights, the history, scores and pictures. With --seeds, a folder
    with a run directory for each seed, seeds.json and one picture of all.

    \b
    $ mlpcli train configs/digits.yaml
    $ mlpcli train configs/digits.yaml -s training.epochs=5 -s seed=1
    $ mlpcli train configs/digits.yaml -s model.hidden_units=[128,64]
    $ mlpcli train configs/digits.yaml --seeds 3
    """
    from mlpcli.cli.progress import choose_progress

    progress, command = choose_progress(quiet), ["mlpcli", *sys.argv[1:]]
    if seeds is not None:
        from mlpcli.cli.seeds_report import report as report_seeds
        from mlpcli.workflows.train_seeds import train_seeds

        several = train_seeds(config, seeds, overrides, runs_dir, run_dir, progress, command, verbose)
        return report_seeds(several, as_json)
    from mlpcli.cli.train_report import report
    from mlpcli.workflows.train import train as run

    return report(run(config, overrides, runs_dir, run_dir, progress, command, verbose), as_json)
