"""The command `mlpcli predict`, and its predictions: lines, JSON or an overview, printed batch by batch."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from mlpcli.cli.options import (
    PATH,
    RUN_PATH,
    Command,
    engine_option,
    json_option,
    stock_options,
    threshold_option,
    told_of,
)
from mlpcli.cli.terminal import ResultStream, line, printed_json, say, table, write_result
from mlpcli.text import number, one_line

if TYPE_CHECKING:
    from mlpcli.arrays import Moments
    from mlpcli.modelfile.chosen_threshold import Threshold
    from mlpcli.scoring.predictor import EngineName
    from mlpcli.workflows.predict import PreparedPrediction
    from mlpcli.workflows.predict_output import Answers


@click.command(cls=Command)
@click.argument("model_or_run", type=RUN_PATH)
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("--top", type=int, default=1, metavar="K", help="Print the K most likely classes of each row.")
@threshold_option()
@json_option()
@click.option("--output", type=PATH, help="A .csv or .parquet file for the rows with their predictions.")
@click.option("--columns", metavar="NAMES", help="The columns of --output, such as id,predicted.")
@click.option("--probabilities", is_flag=True, help="Add a column for each class to --output, with its probability.")
@click.option(
    "--spread", is_flag=True,
    help="Also show how much the members of an ensemble (mlpcli combine, model.members) disagree: the standard"
    " deviation of their answers, and the share that agrees on the class.",
)  # fmt: skip
@click.option("--no-bom", is_flag=True, help="No byte order mark in --output (Excel needs it, some graders reject it).")
@click.option("--strict", is_flag=True, help="Stop at an input that cannot be read instead of leaving it unanswered.")
@click.option(
    "--invert/--no-invert", default=None,
    help="Swap light and dark, or never do; by default, where the training pictures had the opposite background.",
)  # fmt: skip
@click.option(
    "--crop/--no-crop", default=None,
    help="Cut the subject out of a picture and remove the background, or keep the whole picture; by default, where it"
    " is a photo of one object on a plain page, and the training pictures show such objects.",
)  # fmt: skip
@click.option(
    "--save-input",
    type=PATH,
    metavar="DIR",
    help="A new folder for the inputs as the network sees them.",
)
@engine_option()
@stock_options()
def predict(
    model_or_run: Path,
    inputs: tuple[str, ...],
    top: int,
    threshold: Threshold | None,
    as_json: bool,
    output: Path | None,
    columns: str | None,
    probabilities: bool,
    spread: bool,
    no_bom: bool,
    strict: bool,
    invert: bool | None,
    crop: bool | None,
    save_input: Path | None,
    engine: EngineName,
    classes: str | None,
    divide_by: float | None,
    input_columns: str | None,
    target: str | None,
) -> None:
    """Label pictures, table rows or arrays with a saved model.

    INPUT is a picture or a folder of pictures (any size and colour), a table (.csv, .tsv, .parquet; the target
    column is not needed), an .npy or .npz file, or - for CSV on standard input.
    In a pipe, each row is one line: input, row number (from 0; not for pictures), label and probability.

    \b
    $ mlpcli predict runs/digits photo.png --top 3
    $ mlpcli predict runs/penguins new.csv --output answers.csv
    $ mlpcli predict runs/penguins new.csv --output out.csv --columns id,predicted
    $ mlpcli predict runs/churn new.csv --threshold best
    $ mlpcli predict best.keras new.csv --spread
    $ mlpcli predict stock.keras rows.csv --inputs age,height
    $ cat new.csv | mlpcli predict runs/penguins - --json
    """
    from mlpcli.cli.terminal import say
    from mlpcli.text import clean_text
    from mlpcli.workflows.predict import prepare_prediction
    from mlpcli.workflows.predict_output import AnswerColumns

    if "-" in inputs and sys.stdin is not None and sys.stdin.isatty():
        say("reading CSV from standard input; Ctrl-D ends it")
    stdin = getattr(sys.stdin, "buffer", None)
    told = told_of(classes, divide_by, input_columns, target)
    names = None if columns is None else tuple(clean_text(name) for name in columns.split(","))
    wanted = AnswerColumns(names, probabilities, not no_bom)
    ready = prepare_prediction(
        model_or_run, inputs, top, invert, output, save_input, say, stdin, engine, told, wanted, strict, crop,
        threshold, spread,
    )  # fmt: skip
    report(ready, as_json)


MOST_ROWS = 20
"""Rows shown on a terminal; the others are counted."""


class Printer(Protocol):
    """Prints the predictions batch by batch."""

    def add(self, found: Answers) -> None:
        """Take the next batch, and print as much as possible."""

    def finish(self) -> None:
        """Print the rest."""


def report(ready: PreparedPrediction, as_json: bool) -> None:
    """Run a prediction and print the results."""
    from mlpcli.cli.progress_bars import LoadingBar

    on_terminal = ResultStream().isatty()
    printer: Printer = Lines(ready, "  " if on_terminal else "\t")
    if as_json:
        printer = Json(ready)
    elif (on_terminal or ready.output is not None) and ready.inputs.kind != "picture":
        printer = Overview(ready)
    # A bar on the same terminal would be drawn between the printed lines.
    ready.run(printer.add, None if on_terminal and isinstance(printer, Lines) else LoadingBar())
    printer.finish()
    if ready.output is not None:
        say(f"written to {ready.output.resolve()}")
    if ready.folder is not None:
        say(f"inputs as the network saw them: {ready.folder.resolve()}")


class Lines:
    """One line per example, in columns: for pictures, and for every pipe."""

    def __init__(self, ready: PreparedPrediction, separator: str) -> None:
        self.ready, self.separator = ready, separator

    def add(self, found: Answers) -> None:
        rows = (
            self.separator.join([entry["input"], *_row(entry), *_cells(entry, self.ready)])
            for entry in _safe(found, self.ready)
        )
        write_result("".join(f"{row}\n" for row in rows))

    def finish(self) -> None:
        pass


class Json:
    """One JSON object, with a line for each example."""

    def __init__(self, ready: PreparedPrediction) -> None:
        self.ready = ready
        self.begun = False

    def add(self, found: Answers) -> None:
        from mlpcli.workflows.predict_output import entries

        head = "," if self.begun else self._head()
        self.begun = True
        write_result(f"{head}\n" + ",\n".join(printed_json(entry) for entry in entries(found, self.ready.meaning)))

    def finish(self) -> None:
        write_result("\n]}\n")

    def _head(self) -> str:
        targets = self.ready.meaning.targets
        known: dict[str, Any] = {
            "model": str(self.ready.model.resolve()),
            "task": self.ready.meaning.task,
            "target": targets[0] if len(targets) == 1 else list(targets) or None,
        }
        if self.ready.meaning.chosen is not None:
            known["threshold"] = self.ready.meaning.chosen
        units = [form.unit or None if form is not None else None for form in self.ready.target_formats]
        if any(units):
            known["unit"] = units[0] if len(units) == 1 else units
        return printed_json(known)[:-1] + ', "predictions": ['


class Overview:
    """For a terminal: a table of the first rows and, if there are more, the count of each predicted class."""

    def __init__(self, ready: PreparedPrediction) -> None:
        self.ready = ready
        self.rows: list[list[str]] = []
        self.counts: Counter[str] = Counter()
        self.moments: Moments | None = None

    def add(self, found: Answers) -> None:
        import numpy as np

        from mlpcli.arrays import Moments
        from mlpcli.data.images.class_folders import name_shown

        if len(self.rows) < MOST_ROWS:
            several = len(self.ready.inputs.columns) > 1
            for entry in islice(_safe(found, self.ready), MOST_ROWS - len(self.rows)):
                self.rows.append([*([entry["input"]] if several else []), *_row(entry), *_cells(entry, self.ready)])
        names = self.ready.meaning.class_names
        if names is not None and found.classes is not None:
            which, counts = np.unique(found.classes[found.batch.good, 0], return_counts=True)
            self.counts.update({name_shown(names[i]): int(n) for i, n in zip(which, counts, strict=True)})
        else:
            values = found.outputs[found.batch.good].astype(np.float64)
            if len(values):
                moments = Moments.of(values)
                self.moments = moments if self.moments is None else self.moments.merged(moments)

    def finish(self) -> None:
        answers = _headings(self.ready)
        names = ["input", "row"][-(len(self.rows[0]) - len(answers)) :]
        table("", [*names, *answers], self.rows, left=len(names) + (1 if self.ready.meaning.class_names else 0))
        rows = self.ready.inputs.rows
        if rows <= MOST_ROWS:
            return
        line(f"... and {rows - MOST_ROWS:,} more rows")
        self._print_summary(rows)
        if self.ready.output is None:
            line("--output answers.csv writes all of them, next to the columns of the input")

    def _print_summary(self, rows: int) -> None:
        if self.moments is not None:
            outputs = self.ready.meaning.outputs
            names = _headings(self.ready)[:outputs] if outputs > 1 else [""]
            columns = zip(self.moments.low, self.moments.high, self.moments.mean, strict=True)
            for name, (low, high, mean) in zip(names, columns, strict=True):
                head = f"{one_line(name)}: " if name else ""
                line(f"{head}from {number(float(low))} to {number(float(high))}, {number(float(mean))} on average")
            return
        counted = [[name, f"{count:,}", f"{100 * count / rows:.1f} %"] for name, count in self.counts.most_common()]
        table("", ["predicted", "rows", "share"], counted)


def _safe(found: Answers, ready: PreparedPrediction) -> Iterator[dict[str, Any]]:
    """The entries, with names and labels escaped so that each stays on one line and in one column."""
    from mlpcli.data.images.class_folders import name_shown
    from mlpcli.workflows.predict_output import entries

    for entry in entries(found, ready.meaning):
        top = [{**one, "label": name_shown(one["label"])} for one in entry.get("top", [])]
        label = {"label": name_shown(entry["label"])} if "label" in entry else {}
        yield {**entry, **label, "input": name_shown(entry["input"]), **({"top": top} if top else {})}


def _row(entry: dict[str, Any]) -> list[str]:
    return [str(entry["row"])] if "row" in entry else []


def _cells(entry: dict[str, Any], ready: PreparedPrediction) -> list[str]:
    """The cells of one row: label and probability of each class asked for, or the predicted numbers."""
    if "error" in entry:
        return ["error", *[""] * (len(_headings(ready)) - 1)]
    if "label" not in entry:
        texts = [f"{value:.6g}" for value in entry.get("values", [entry.get("value")])]
        forms = zip(texts, ready.target_formats, strict=True)
        cells = [text if form is None else form.write(text) for text, form in forms]
        deviations = entry.get("spreads", [entry["spread"]] if ready.spread else [])
        return [*cells, *(f"{value:.6g}" for value in deviations)]
    score = ready.meaning.score
    cells = [cell for one in entry.get("top", [entry]) for cell in (one["label"], f"{one[score]:.4f}")]
    return [*cells, f"{entry['spread']:.4f}", f"{entry['agree']:.0%}"] if ready.spread else cells


def _headings(ready: PreparedPrediction) -> list[str]:
    meaning = ready.meaning
    if meaning.class_names is None:
        numbered = tuple(str(index + 1) for index in range(meaning.outputs)) if meaning.outputs > 1 else ("",)
        words = ("predicted", "spread") if ready.spread else ("predicted",)
        return [f"{word} {target}".strip() for word in words for target in meaning.targets or numbered]
    ranks = [f" {rank + 1}" if rank else "" for rank in range(ready.top)]
    named = [f"{word}{rank}" for rank in ranks for word in ("predicted", meaning.score)]
    return [*named, "spread", "agree"] if ready.spread else named
