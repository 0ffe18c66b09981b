"""`mlpcli init`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH


@click.command()
@click.argument("data", required=False)
@click.option("--target", metavar="COLUMN", help="Tables: the column to predict.")
@click.option("--output", type=PATH, help="The config to write; - for standard output.")
@click.option("--generate", metavar="NAME", help="Make a data set and write it as a CSV beside the config.")
def init(data: str | None, target: str | None, output: Path | None, generate: str | None) -> None:
    """Write a first config for DATA, with comments.

    It trains at once, and is a start to be changed. DATA is a table (.csv .tsv .parquet), an .npz file, a folder of
    class folders or of IDX files, or a built-in name. Without DATA the names are listed. Nothing is overwritten.

    \b
    $ mlpcli init people.csv --target income
    $ mlpcli init photos/
    $ mlpcli init --generate animals
    """
    from mlpcli.cli.init_report import report, report_names
    from mlpcli.workflows.init import init as run
    from mlpcli.workflows.init import starting_points

    if data is None and generate is None and target is None and output is None:
        report_names(starting_points())
    else:
        report(run(data, target, output, generate))
