"""The command `mlpcli runs`: what lies in a folder of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlpcli.cli.options import PATH, Command, json_option
from mlpcli.cli.terminal import line, print_json, table

if TYPE_CHECKING:
    from mlpcli.runs.run_summary import RunSummary

COLUMNS = ("run", "data", "what is special", "state", "best epoch", "score", "seconds")
LONGEST_SPECIAL = 60


@click.command(cls=Command)
@click.argument("folder", type=PATH, default="runs", metavar="[DIR]")
@json_option()
def runs(folder: Path, as_json: bool) -> None:
    """List the runs in DIR (runs by default): data, scores, state.

    Reads only the files of the runs. A run is done, running, interrupted, failed or killed; the last three can be
    resumed. A sweep is one row, with the scores of its best.

    \b
    $ mlpcli runs
    $ mlpcli runs experiments --json
    """
    from mlpcli.errors import UserError
    from mlpcli.runs.run_summary import summaries

    if not folder.is_dir():
        wrong = "is a file" if folder.exists() else "does not exist"
        raise UserError(f"{folder}: {wrong}; mlpcli train makes runs, and mlpcli runs DIR lists those in DIR")
    found = summaries(folder)
    if as_json:
        print_json([_as_json(run) for run in found])
        return
    if not found:
        line(f"no runs in {folder}; mlpcli train makes one")
        return
    special = _special(found)
    labels = [run.path.relative_to(folder).as_posix() for run in found]
    table("", COLUMNS, [_row(*cells) for cells in zip(labels, found, special, strict=True)], left=4)
    for run in found:
        if run.damaged:
            line(f"{run.path.name}: {run.damaged}")


def _row(label: str, run: RunSummary, special: str) -> list[str]:
    seconds = "" if run.seconds is None else f"{run.seconds:,.1f}"
    state = "damaged" if run.damaged else run.state
    return [label, _source(run), special, state, run.best, _score(run), seconds]


def _source(run: RunSummary) -> str:
    """What the config calls the data: a built-in name, or the file's name."""
    data = run.config.get("data")
    source = str(data.get("source", "")) if isinstance(data, dict) else ""
    return Path(source).name


def _score(run: RunSummary) -> str:
    """The first metric of the part that the run is judged by; the loss where there is no other."""
    if run.part is None:
        return ""
    scores = run.scores[run.part]
    name = next((name for name in scores if name != "loss"), "loss")
    return f"{run.part} {name} {scores[name]}" if name in scores else ""


def _special(found: Sequence[RunSummary]) -> list[str]:
    """What tells the runs of each name apart."""
    from mlpcli.runs.run_labels import differing_settings
    from mlpcli.text import one_line

    words = [_counted(run) for run in found]
    for name in {run.name for run in found}:
        places = [place for place, run in enumerate(found) if run.name == name and not run.damaged]
        seed = ("seed",) if any(_counted(found[place]) for place in places) else ()
        settings = differing_settings([found[place].config for place in places], ("data.source", *seed))
        for number, place in enumerate(places):
            told = [f"{key}={values[number]}" for key, values in settings.items() if values[number]]
            words[place] = one_line(", ".join([*([words[place]] if words[place] else []), *told]), LONGEST_SPECIAL)
    return words


def _counted(run: RunSummary) -> str:
    """`5 folds x 3 seeds`, `50 trials`; "" of a single run."""
    counts = ((run.trials, "trials"),) if run.trials else ((run.folds, "folds"), (run.seeds, "seeds"))
    return " x ".join(f"{count} {word}" for count, word in counts if count > 1)


def _as_json(run: RunSummary) -> dict[str, Any]:
    scores = {part: {name: score.as_json() for name, score in found.items()} for part, found in run.scores.items()}
    return {**run.as_json(), "data": _source(run), "damaged": run.damaged or None, "scores": scores}
