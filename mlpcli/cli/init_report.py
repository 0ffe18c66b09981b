"""What `mlpcli init` prints: the built-in names, or what it wrote and the command that comes next."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.cli.console import line, table
from mlpcli.cli.streams import say, write_result
from mlpcli.data.catalog import BuiltIn
from mlpcli.recipes.copying import as_typed
from mlpcli.workflows.init import InitResult


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
