"""The command `mlpcli evaluate`, and its tables of scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command, engine_option, json_option, stock_options, told_of
from mlpcli.cli.terminal import line, print_json, say, table

if TYPE_CHECKING:
    from mlpcli.scoring.predictor import EngineName
    from mlpcli.workflows.evaluate import EvaluationResult


@click.command(cls=Command)
@click.argument("model_or_run", type=RUN_PATH)
@click.option("--data", metavar="SOURCE", help="Score other rows: a path, or a built-in name.")
@click.option(
    "--split", type=click.Choice(["test", "validation", "train"]), help="Which rows of the model's own data to score."
)
@click.option("--output", type=PATH, help="Folder for evaluation.json and its picture.")
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

    Prints loss, metrics, scores per class and the confusion matrix, next to the scores of a trivial baseline. The model
    file records its data; by default its test rows are scored, or its validation rows if it has no test rows.

    \b
    $ mlpcli evaluate runs/digits
    $ mlpcli evaluate runs/digits/model.keras --split train --json
    $ mlpcli evaluate stock.keras --data mnist --divide-by 255
    """
    from mlpcli.workflows.evaluate import evaluate as run

    report(run(model_or_run, data, split, output, engine, told_of(classes, divide_by)), as_json)


def report(result: EvaluationResult, as_json: bool) -> None:
    """Print tables, or with `as_json` the content of evaluation.json."""
    for note in result.notes:
        say(note)
    evaluation = result.evaluation
    if as_json:
        print_json({"model": str(result.model), **evaluation})
        return
    line(result.title)
    table("", *result.score_table())
    tables = (("", result.class_table()), ("confusion matrix", result.matrix_table()), ("", result.target_table()))
    for title, (columns, rows) in tables:
        if rows:
            table(title, columns, rows)
    if result.written is not None:
        line(f"written to {result.written}")
