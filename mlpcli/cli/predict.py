"""`mlpcli predict`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import PATH, engine_option, json_option, stock_options, told_of

if TYPE_CHECKING:
    from mlpcli.inference import EngineName


@click.command()
@click.argument("model_or_run", type=PATH)
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("--top", type=int, default=1, metavar="K", help="Name the K best classes of each row.")
@json_option()
@click.option("--output", type=PATH, help="A .csv or .parquet file: the rows with their answers.")
@click.option("--no-invert", is_flag=True, help="Keep a light background where training had a dark one.")
@click.option("--save-input", type=PATH, metavar="DIR", help="A new folder for what the network saw.")
@engine_option()
@stock_options()
def predict(
    model_or_run: Path,
    inputs: tuple[str, ...],
    top: int,
    as_json: bool,
    output: Path | None,
    no_invert: bool,
    save_input: Path | None,
    engine: EngineName,
    classes: str | None,
    divide_by: float,
) -> None:
    """Label pictures, table rows or arrays with a saved model.

    INPUT is a picture or a folder of them (any size and colour), a table (.csv, .tsv, .parquet; the target
    column is not needed), an .npy or .npz file, or - for CSV on standard input.
    In a pipe every row is one line: the input, the row (from 0; not for pictures), the label, its probability.

    \b
    $ mlpcli predict runs/digits photo.png --top 3
    $ mlpcli predict runs/penguins new.csv --output answers.csv
    $ cat new.csv | mlpcli predict runs/penguins - --json
    """
    from mlpcli.cli.prediction_report import report
    from mlpcli.cli.streams import say
    from mlpcli.workflows.predict import prepare_prediction

    if "-" in inputs and sys.stdin is not None and sys.stdin.isatty():
        say("reading CSV from standard input; Ctrl-D ends it")
    stdin = getattr(sys.stdin, "buffer", None)
    told = told_of(classes, divide_by)
    ready = prepare_prediction(model_or_run, inputs, top, not no_invert, output, save_input, say, stdin, engine, told)
    report(ready, as_json)
