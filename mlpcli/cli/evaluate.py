"""`mlpcli evaluate`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH, json_option


@click.command()
@click.argument("model_or_run", type=PATH)
@click.option("--data", metavar="SOURCE", help="Other rows: a path, or a built-in name.")
@click.option("--split", type=click.Choice(["test", "validation", "train"]), help="Rows of the model's own data.")
@click.option("--output", type=PATH, help="A folder for evaluation.json and its picture.")
@json_option()
def evaluate(model_or_run: Path, data: str | None, split: str | None, output: Path | None, as_json: bool) -> None:
    """Score a saved model on data that it was not trained on.

    Prints loss, metrics, a table per class and the confusion matrix, beside what a trivial guess would score.
    The model file knows its data; the rows are its test rows, or its validation rows where it has none.

    \b
    $ mlpcli evaluate runs/digits
    $ mlpcli evaluate runs/digits/model.keras --split train --json
    """
    from mlpcli.cli.evaluation_report import report
    from mlpcli.workflows.evaluate import evaluate as run

    report(run(model_or_run, data, split, output), as_json)
