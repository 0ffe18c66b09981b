"""`mlpcli train`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mlpcli.cli.options import PATH, json_option, set_option


@click.command()
@click.argument("config", type=PATH)
@set_option()
@click.option("--runs-dir", type=PATH, default=Path("runs"), show_default=True, help="Where the run directory is made.")
@click.option("--run-dir", type=PATH, help="The run directory itself; new, or empty.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes; errors and results only.")
@click.option("-v", "--verbose", is_flag=True, help="Also say which engine was chosen, and why.")
@json_option()
def train(
    config: Path,
    overrides: tuple[str, ...],
    runs_dir: Path,
    run_dir: Path | None,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Train the network that CONFIG describes.

    Writes a run directory: the model with its best weights, the history, scores and pictures.

    \b
    $ mlpcli train configs/digits.yaml
    $ mlpcli train configs/digits.yaml -s training.epochs=5 -s seed=1
    $ mlpcli train configs/digits.yaml -s model.hidden_units=[128,64]
    """
    from mlpcli.cli.progress import choose_progress
    from mlpcli.cli.train_report import report
    from mlpcli.workflows.train import train as run

    result = run(config, overrides, runs_dir, run_dir, choose_progress(quiet), ["mlpcli", *sys.argv[1:]], verbose)
    return report(result, as_json)
