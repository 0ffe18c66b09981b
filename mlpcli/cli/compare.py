"""The command `mlpcli compare`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command, json_option, language_option
from mlpcli.cli.terminal import line, print_json, say, table, write_result

if TYPE_CHECKING:
    from mlpcli.workflows.compare import Comparison


@click.command(cls=Command)
@click.argument("run_dirs", type=RUN_PATH, nargs=-1, required=True, metavar="RUN_DIR...")
@click.option(
    "--output", type=PATH, help="Also draw the learning curves in one picture; its extension sets the format."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
@json_option()
@language_option()
def compare(
    run_dirs: tuple[Path, ...],
    output: Path | None,
    as_csv: bool,
    markdown: bool,
    as_json: bool,
    language: str | None,
) -> None:
    """Compare runs: the settings that differ, and the scores.

    In a folder, such as runs, all runs are compared; in a sweep, its trials. The best comes first; *
    marks the best of each score. Runs that were scored on different rows are not ranked.

    \b
    $ mlpcli compare runs/digits runs/digits-2
    $ mlpcli compare runs --markdown
    """
    from mlpcli.workflows.compare import compare as run

    if sum((as_csv, markdown, as_json)) > 1:
        raise click.UsageError("--csv, --markdown and --json cannot be combined; choose one")
    found = run(run_dirs)
    if as_json:
        print_json(found.as_json())
    elif as_csv:
        write_result(_csv(found))
    else:
        print_comparison(found, markdown)
    if as_json or as_csv:
        for note in found.notes:
            say(note)
    if output is not None:
        from mlpcli.workflows.plot import plot

        drawn = plot([run.path for run in found.runs if run.epochs], output, language=language)
        for told in (*(f"plot  {path}" for path in drawn.paths), *drawn.notes):
            say(told)


def print_comparison(found: Comparison, markdown: bool = False) -> None:
    """The table, and beneath it what is to be said of the best run."""
    from mlpcli.workflows.compare import cells

    columns, rows = cells(found)
    if markdown:
        write_result(_markdown(columns, rows))
    else:
        title = f"scores on the {found.part} rows" if found.part else ""
        table(title, columns, rows, left=1 + len(found.settings), may_turn=True)
    for note in found.notes:
        line(note) if not markdown else write_result(f"\n{note}\n")


def _csv(found: Comparison) -> str:
    """One row for each run; scores as numbers, beside them the standard deviation over seeds or folds, if any."""
    spread = [metric for metric, scores in found.scores.items() if any(s and s.deviation is not None for s in scores)]
    header = ["run", "state", *found.settings]
    for metric in found.scores:
        header += [f"{found.part} {metric}", *([f"{found.part} {metric} deviation"] if metric in spread else [])]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, "best epoch", "epochs", "seconds", "seeds", "folds"])
    for place, run in enumerate(found.runs):
        row: list[object] = [str(run.path), run.state, *(values[place] for values in found.settings.values())]
        for metric, scores in found.scores.items():
            score = scores[place]
            row += [score and score.mean, *([score and score.deviation] if metric in spread else [])]
        writer.writerow([*row, run.best_epoch, run.epochs, run.seconds, run.seeds, run.folds])
    return text.getvalue()


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines)
