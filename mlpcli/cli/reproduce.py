"""The command `mlpcli reproduce`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command, json_option
from mlpcli.cli.terminal import line, print_json, say


@click.command(cls=Command)
@click.argument("run_dir", type=RUN_PATH)
@click.option("--keep", type=PATH, metavar="DIR", help="Keep the second run in this folder, new or empty.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors and results only.")
@json_option()
def reproduce(run_dir: Path, keep: Path | None, quiet: bool, as_json: bool) -> int:
    """Train a run again and say whether it comes out the same.

    The second training starts from the run's config.yaml, in a fresh process. History and weights are compared:
    they are identical, equal to 1e-6, or different from some epoch on; differences between the two environments are
    listed. The exit code is 1 if they are different.

    \b
    $ mlpcli reproduce runs/digits
    """
    from mlpcli.workflows.reproduce import reproduce as run

    result = run(run_dir, keep, quiet)
    for difference in result.differences:
        say(f"note: {difference}")
    if as_json:
        found = asdict(result)
        print_json({**found, "run": str(result.run), "again": str(result.again) if result.again else None})
    else:
        line(result.sentence)
        if result.again is not None:
            line(f"run    {result.again}")
    return 1 if result.verdict == "different" else 0
