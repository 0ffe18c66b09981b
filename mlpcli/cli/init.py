"""The command `mlpcli init`, and its list of built-in data sets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import PATH, Command
from mlpcli.cli.terminal import line, say, table, write_result
from mlpcli.data_folder import VARIABLE, find_built_in
from mlpcli.errors import DataError
from mlpcli.recipes import as_typed

if TYPE_CHECKING:
    from mlpcli.data.catalog import BuiltIn
    from mlpcli.workflows.init import InitResult


@click.command(cls=Command)
@click.argument("data", required=False)
@click.option(
    "--target",
    "targets",
    metavar="COLUMN",
    multiple=True,
    help="Tables: the column to predict; A,B for several numbers.",
)
@click.option("--output", type=PATH, help="The config to write; - for standard output.")
@click.option("--generate", metavar="NAME", help="Generate a data set and write it as a CSV next to the config.")
@click.option(
    "--preset",
    metavar="fast|strong|best",
    help="fast: a small network; strong: fewer errors on most tables; best: eight networks in one instead of four."
    " The default is strong for tables of 500 rows or more, else fast.",
)
def init(
    data: str | None, targets: tuple[str, ...], output: Path | None, generate: str | None, preset: str | None
) -> None:
    """Write a commented starting config for DATA.

    It can be trained as it is, and is meant to be edited. DATA is a table (.csv .tsv .parquet), an .npz file, a folder
    of class folders or of IDX files, or a built-in name. Without DATA, lists the names. Nothing is overwritten.

    \b
    $ mlpcli init people.csv --target income
    $ mlpcli init people.csv --preset strong
    $ mlpcli init photos/
    $ mlpcli init --generate animals
    """
    from mlpcli.workflows.init import init as run
    from mlpcli.workflows.init import starting_points

    if data is None and generate is None and not targets and output is None and preset is None:
        report_names(starting_points())
    else:
        report(run(data, targets, output, generate, preset))


def report_names(sets: Sequence[BuiltIn]) -> None:
    """Print a line for each set that needs no path, and the next commands."""
    table("built-in data sets", ["name", "what it is", "from"], [_row(built_in) for built_in in sets], left=3)
    line("mlpcli init NAME              writes a config for one of them")
    line("mlpcli init --generate NAME   also writes a generated set as a CSV")
    line("mlpcli init FILE_OR_FOLDER    writes a config for your own data")


def _row(built_in: BuiltIn) -> list[str]:
    return [built_in.name, built_in.line, _place(built_in)]


def _place(built_in: BuiltIn) -> str:
    if built_in.generated or built_in.bundled:
        return "generated" if built_in.generated else "scikit-learn"
    with suppress(DataError):  # MLPCLI_DATA is wrong, as the first command that needs it will say
        if find_built_in(built_in.name) is not None:
            return VARIABLE
    return "downloaded by Keras"


def report(result: InitResult) -> None:
    """Print what was written, or the config itself for standard output; notes go to standard error."""
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
