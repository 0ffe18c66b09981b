"""The command `mlpcli launch`."""

from __future__ import annotations

import click

from mlpcli.cli.options import Command
from mlpcli.cli.terminal import say


@click.command(cls=Command, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--workers", type=click.IntRange(2, 64), required=True, metavar="N", help="How many processes to start (2 to 64)."
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="CONFIG [TRAIN OPTIONS]...")
def launch(workers: int, arguments: tuple[str, ...]) -> int:
    """Train one model with several processes on this machine.

    Each process is an `mlpcli train` with these arguments; together they use the batches, and arrive at the
    weights, of a single process. The first is the chief: it prints, and writes the run directory. If one fails, all
    stop. On a cluster, each machine starts `mlpcli train` itself (docs/clusters.md).

    \b
    $ mlpcli launch --workers 3 configs/digits.yaml
    $ mlpcli launch --workers 2 digits --epochs 5 --run-dir runs/shared
    $ mlpcli launch --workers 3 --resume runs/digits
    """
    from mlpcli.workflows.launch import launch as start

    if not arguments:
        raise click.UsageError("give a config, as to mlpcli train: mlpcli launch --workers 3 configs/digits.yaml")
    return start(workers, arguments, say).exit_code
