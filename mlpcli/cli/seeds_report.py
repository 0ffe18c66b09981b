"""What `mlpcli train --seeds N` says at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlpcli.artifacts.seeds_file import SEEDS
from mlpcli.cli.console import line, number, print_json, table
from mlpcli.cli.streams import say
from mlpcli.workflows.seed_scores import FINISHED
from mlpcli.workflows.train_seeds import SeedsResult

MOST_FAILURES = 5
"""That are said one by one; seeds.json has them all."""


def report(result: SeedsResult, as_json: bool) -> int:
    """Print the result; returns the exit code."""
    summary = result.summary
    if as_json:
        print_json({"path": str(result.path), **summary})
    else:
        _print(result)
    failures = summary["failures"]
    for failure in failures[:MOST_FAILURES]:
        say(f"error: seed {failure['seed']}: {failure['message']}")
    if len(failures) > MOST_FAILURES:
        say(f"error: and {len(failures) - MOST_FAILURES} seeds more; {result.path / SEEDS} has them all")
    if result.interrupted is not None:
        say(f"{result.interrupted}; {_counted(summary)} came to an end, and what there is lies in {result.path}")
        return result.interrupted.exit_code
    return 1 if failures else 0


def _print(result: SeedsResult) -> None:
    summary = result.summary
    if summary["scores"]:
        _print_means(summary)
    else:
        line(f"{summary['name']}: no seed came to an end, so there is no mean")
    if summary["runs"]:
        _print_runs(summary["runs"])
    if summary["test_chose_the_epoch"]:
        line("the test rows also chose the epoch (data.validation: test), so their score is optimistic")
    line(f"trained, scored and saved in {summary['total_seconds']:.1f} s")
    line(f"seeds  {result.path / SEEDS}")
    for picture in result.pictures:
        line(f"plot   {picture}")
    line(f"runs   {result.path}")


def _print_means(summary: Mapping[str, Any]) -> None:
    """A row for each metric and a column for each split: three columns fit a terminal, ten metrics would not."""
    splits = [split for split in ("train", "validation", "test") if split in summary["scores"]]
    metrics = list(summary["scores"][splits[0]])
    rows = [[metric, *(_spread(summary["scores"][split].get(metric, {})) for split in splits)] for metric in metrics]
    what = "mean ± standard deviation" if len(summary["seeds_done"]) > 1 else "one seed has no spread"
    line(f"{summary['name']}: {_counted(summary)}, {what}", "bold")  # a title would be as narrow as its table
    table("", ["", *splits], rows)


def _print_runs(runs: Sequence[Mapping[str, Any]]) -> None:
    """Each seed by itself, with its scores on the split that stands for new data."""
    scored: Mapping[str, Any] = next((run["scores"] for run in runs if run["scores"]), {})
    split = next((name for name in ("test", "validation", "train") if name in scored), None)
    metrics = list(scored[split]) if split else []
    rows = []
    for run in runs:
        kept, scores = run["kept_epoch"], run["scores"].get(split, {})
        shown = [number(scores[metric]) if metric in scores else "-" for metric in metrics]
        mark = [] if run["outcome"] == FINISHED else [f"{run['outcome']}, not counted"]
        rows.append([str(run["seed"]), f"{'none' if kept is None else kept} of {run['epochs']}", *shown, *mark])
    marks = [""] if any(run["outcome"] != FINISHED for run in runs) else []
    line(f"each seed, scores on the {split} rows" if split else "each seed", "bold")
    table("", ["seed", "kept epoch", *metrics, *marks], rows)


def _spread(spread: Mapping[str, Any]) -> str:
    mean, deviation = spread.get("mean"), spread.get("standard_deviation")
    if mean is None:
        return "-"
    return number(mean) if deviation is None else f"{number(mean)} ± {number(deviation)}"


def _counted(summary: Mapping[str, Any]) -> str:
    done, asked_for = len(summary["seeds_done"]), len(summary["seeds_asked_for"])
    return f"{done} seed{'s' if done != 1 else ''}" if done == asked_for else f"{done} of {asked_for} seeds"
