"""`mlpcli evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import PATH, engine_option, json_option, stock_options, told_of

if TYPE_CHECKING:
    from mlpcli.inference import EngineName


@click.command()
@click.argument("model_or_run", type=PATH)
@click.option("--data", metavar="SOURCE", help="Other rows: a path, or a built-in name.")
@click.option("--split", type=click.Choice(["test", "validation", "train"]), help="Rows of the model's own data.")
@click.option("--output", type=PATH, help="A folder for evaluation.json and its picture.")
@engine_option()
@stock_options()
@json_option()
def evaluate(
    model_or_run: Path,
    data: str | None,
    split: str | None,
    output: Path | None,
    engine: EngineName,
    classes: str | None,
    divide_by: float,
    as_json: bool,
) -> None:
    """Score a saved model on data that it was not trained on.

    Prints loss, metrics, a table per class and the confusion matrix, beside what a trivial guess would score.
    The model file knows its data; the rows are its test rows, or its validation rows where it has none.

    \b
    $ mlpcli evaluate runs/digits
    $ mlpcli evaluate runs/digits/model.keras --split train --json
    $ mlpcli evaluate stock.keras --data mnist --divide-by 255
    """
    from mlpcli.cli.evaluation_report import report
    from mlpcli.workflows.evaluate import evaluate as run

    report(run(model_or_run, data, split, output, engine, told_of(classes, divide_by)), as_json)
