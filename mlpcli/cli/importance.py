"""The command `mlpcli importance`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import RUN_PATH, Command, engine_option, json_option, rows_options, stock_options, told_of
from mlpcli.cli.terminal import line, print_json, say, table

if TYPE_CHECKING:
    from mlpcli.scoring.predictor import EngineName


@click.command(cls=Command)
@click.argument("model_or_run", type=RUN_PATH)
@rows_options("use")
@click.option("--metric", help="Classes: accuracy, balanced_accuracy, macro_f1 or log_loss; numbers: r2, rmse or mae.")
@click.option("--repeats", type=int, default=5, show_default=True, help="How many times to shuffle each column.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the shuffling.")
@engine_option()
@stock_options()
@json_option()
def importance(
    model_or_run: Path,
    data: str | None,
    split: str | None,
    metric: str | None,
    repeats: int,
    seed: int,
    engine: EngineName,
    classes: str | None,
    divide_by: float | None,
    input_columns: str | None,
    target: str | None,
    as_json: bool,
) -> None:
    """Say how much each column of a table matters to a model.

    The cells of one column are shuffled, and the score is computed again: what it loses, on average over the
    repeats, is what the column is worth to the model. Columns that carry the same information share their worth.
    For a run directory, the result is saved as importance.json, and `plot` and `report` draw it.

    \b
    $ mlpcli importance runs/titanic
    $ mlpcli importance runs/titanic --metric log_loss --repeats 20
    $ mlpcli importance model.keras --data new.csv --json
    """
    from mlpcli.workflows.importance import importance as run

    told = told_of(classes, divide_by, input_columns, target)
    found = run(model_or_run, data, split, metric, repeats, seed, engine, told)
    for note in found.notes:
        say(note)
    if as_json:
        print_json({"model": str(found.model), **found.as_json()})
        return
    line(found.title)
    table("", *found.table())
    if found.written is not None:
        line(f"written to {found.written}; mlpcli plot draws it: --only importance")
