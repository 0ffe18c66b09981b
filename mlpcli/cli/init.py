"""`mlpcli init`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import PATH
from mlpcli.cli.terminal import line, say, table, write_result
from mlpcli.recipes import as_typed

if TYPE_CHECKING:
    from mlpcli.data.catalog import BuiltIn
    from mlpcli.workflows.init import InitResult


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
    from mlpcli.workflows.init import init as run
    from mlpcli.workflows.init import starting_points

    if data is None and generate is None and target is None and output is None:
        report_names(starting_points())
    else:
        report(run(data, target, output, generate))


def report_names(sets: Sequence[BuiltIn]) -> None:
    """One line for each set that needs no path, and how to go on."""
    table("data sets that need no file", ["name", "what it is", "from"], [_row(built_in) for built_in in sets], left=3)
    line("mlpcli init NAME              writes a config for one of them")
    line("mlpcli init --generate NAME   also writes the data of a generated one as a CSV")
    line("mlpcli init FILE_OR_FOLDER    writes a config for your own data")


def _row(built_in: BuiltIn) -> list[str]:
    place = "generated" if built_in.generated else "scikit-learn" if built_in.bundled else "downloaded by Keras"
    return [built_in.name, built_in.line, place]


def report(result: InitResult) -> None:
    """What was written; the config itself where it is for standard output. Notes go to standard error."""
    for note in result.notes:
        say(f"note: {note}")
    if result.data is not None:
        (say if result.config is None else line)(f"data      {result.data}")
    if result.config is None:
        write_result(result.text)
        return
    line(f"found     {result.found}")
    line(f"wrote     {result.config}")
    line(f"next      mlpcli train {as_typed(result.config)}")
