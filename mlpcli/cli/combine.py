"""The command `mlpcli combine`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command, json_option
from mlpcli.cli.terminal import line, print_json, say


@click.command(cls=Command)
@click.argument("runs", metavar="RUN_OR_MODEL...", type=RUN_PATH, nargs=-1, required=True)
@click.option("-o", "--output", type=PATH, required=True, help="The new model file to write (.keras or .h5).")
@json_option()
def combine(runs: tuple[Path, ...], output: Path, as_json: bool) -> None:
    """Average the outputs of several runs in one model file.

    A folder of several seeds stands for all of them. The runs must have the same data, target, classes and
    preprocessing. The file opens in stock Keras, and predict, evaluate and summary take it like any other model;
    predict --spread says how much its members differ.

    \b
    $ mlpcli train people.yaml --seeds 5
    $ mlpcli combine runs/people -o best.keras
    $ mlpcli combine runs/penguins runs/penguins-2 runs/wide -o best.keras
    """
    from mlpcli.workflows.combine import combine as run

    result = run(runs, output)
    for note in result.notes:
        say(note)
    if as_json:
        named = {"model": str(result.model), "name": result.name}
        print_json({**named, "runs": [str(path) for path in result.runs], "parameters": result.parameters})
        return
    line(result.sentence)
    line(f"written to {result.model}")
