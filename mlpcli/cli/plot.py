"""The command `mlpcli plot`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command
from mlpcli.cli.terminal import say, write_result


@click.command(cls=Command)
@click.argument("run_dirs", type=RUN_PATH, nargs=-1, required=True, metavar="RUN_DIR...")
@click.option("--output", type=PATH, help="The picture to write; its extension sets the format.")
@click.option("--metric", help="Draw only this metric, such as loss or accuracy.")
@click.option("--format", "file_format", type=click.Choice(["png", "svg", "pdf"]), default="png", show_default=True)
def plot(run_dirs: tuple[Path, ...], output: Path | None, metric: str | None, file_format: str) -> None:
    """Draw the learning curves and the confusion matrix of a run.

    Several runs share one picture, and so do the seeds in a folder of train --seeds. Reads only the files of the run,
    so it also works while the run is still training.

    \b
    $ mlpcli plot runs/digits
    $ mlpcli plot runs/digits runs/digits-2 --output both.png
    """
    from mlpcli.workflows.plot import plot as run

    result = run(list(run_dirs), output, metric, file_format)
    for path in result.paths:
        write_result(f"{path.resolve()}\n")
    for note in result.notes:
        say(note)
