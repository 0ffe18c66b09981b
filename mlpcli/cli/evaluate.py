"""The command `mlpcli evaluate`, and its tables of scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlpcli.cli.options import (
    PATH,
    RUN_PATH,
    Command,
    baseline_option,
    engine_option,
    json_option,
    rows_options,
    stock_options,
    threshold_option,
    told_of,
)
from mlpcli.cli.terminal import line, print_json, result_width, say, table
from mlpcli.text import display_width

if TYPE_CHECKING:
    from mlpcli.modelfile.chosen_threshold import Threshold
    from mlpcli.scoring.predictor import EngineName
    from mlpcli.workflows.evaluate import EvaluationResult


@click.command(cls=Command)
@click.argument("model_or_run", type=RUN_PATH)
@rows_options("score")
@click.option("--output", type=PATH, help="Folder for evaluation.json and its pictures.")
@threshold_option()
@engine_option()
@baseline_option()
@stock_options()
@json_option()
def evaluate(
    model_or_run: Path,
    data: str | None,
    split: str | None,
    output: Path | None,
    threshold: Threshold | None,
    engine: EngineName,
    baseline: bool,
    classes: str | None,
    divide_by: float | None,
    input_columns: str | None,
    target: str | None,
    as_json: bool,
) -> None:
    """Score a saved model on data that it was not trained on.

    Prints loss, metrics, scores per class and the confusion matrix, next to the scores of a trivial baseline. The model
    file records its data; by default its test rows are scored, or its validation rows if it has no test rows.

    \b
    $ mlpcli evaluate runs/digits
    $ mlpcli evaluate runs/digits/model.keras --split train --json
    $ mlpcli evaluate runs/digits --baseline
    $ mlpcli evaluate runs/churn --threshold best
    $ mlpcli evaluate stock.keras --data mnist --divide-by 255
    $ mlpcli evaluate stock.keras --data rows.csv --inputs a,b --target y
    """
    from mlpcli.workflows.evaluate import evaluate as run

    told = told_of(classes, divide_by, input_columns, target)
    report(run(model_or_run, data, split, output, engine, told, baseline, threshold), as_json)


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
    if result.calibrated is not None:
        line(result.calibrated)
    print_baselines(evaluation)
    matrix = _narrow(*result.matrix_table())
    tables = (("", result.class_table()), ("confusion matrix", matrix), ("", result.target_table()))
    for title, (columns, rows) in tables:
        if rows:
            table(title, columns, rows)
    if result.written is not None:
        line(f"written to {result.written}")


def _narrow(columns: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The confusion matrix; where its columns are too wide for the terminal, with numbers that the rows explain."""
    if not rows:
        return columns, rows
    widths = [max(display_width(cells[place]) for cells in (columns, *rows)) for place in range(len(columns))]
    if sum(widths) + BETWEEN_COLUMNS * len(columns) <= result_width():
        return columns, rows
    numbers = [str(number) for number in range(len(rows))]
    named = [[f"{number}: {row[0]}", *row[1:]] for number, row in zip(numbers, rows, strict=True)]
    return [columns[0], *numbers], named


BETWEEN_COLUMNS = 2


def print_baselines(evaluation: dict[str, Any]) -> None:
    """The scores of scikit-learn's models beside the network's; nothing where they were not asked for."""
    from mlpcli.scoring.baselines import baseline_table

    columns, rows, notes = baseline_table(evaluation)
    if rows:
        table(f"{evaluation['split']} rows", columns, rows)
    for note in notes:
        line(note)
