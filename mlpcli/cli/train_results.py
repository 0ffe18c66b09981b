"""What `mlpcli train` prints at the end: of one run, of several seeds or folds, of a grid, of a worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlpcli.cli.evaluate import print_baselines
from mlpcli.cli.terminal import line, print_json, say, say_how_to_resume, table
from mlpcli.text import number

if TYPE_CHECKING:
    from mlpcli.workflows.follow import Followed
    from mlpcli.workflows.grid import GridResult
    from mlpcli.workflows.series import SeriesResult
    from mlpcli.workflows.train_result import TrainResult

MOST_DIAGNOSES = 3
MOST_FAILURES = 5
"""Failed runs that are listed; the file of the series has all of them."""


def report(result: TrainResult, as_json: bool) -> int:
    """Print the result; returns the exit code."""
    if as_json:
        evaluation = result.evaluation or {}
        found = {"scikit_learn": evaluation["scikit_learn"]} if "scikit_learn" in evaluation else {}
        model = str(result.model) if result.model else None
        print_json({"run": str(result.run), "model": model, **result.metrics, **found})
    else:
        _print_run(result)
    if result.failure is not None:
        say(f"error: {result.failure}{_kept(result)}")
        say_how_to_resume(result.run)
        return result.failure.exit_code
    if result.interrupted is not None:
        say(f"{result.interrupted}{_kept(result)}")
        say_how_to_resume(result.run)
        return result.interrupted.exit_code
    return 0


def _kept(result: TrainResult) -> str:
    if result.model is None:
        if not result.metrics["epochs"]:
            return "; no epoch finished; no model was saved"
        return f"; no epoch finished with finite numbers; no model was saved; the history is in {result.run}"
    return f"; the weights of epoch {result.metrics['kept_epoch']} are kept in {result.model}"


def _print_run(result: TrainResult) -> None:
    columns, rows = result.score_table()
    if rows:
        table(result.metrics["name"], columns, rows)
        print_baselines(result.evaluation or {})
    for sentence in result.sentences():
        line(sentence)
    for diagnosis in result.diagnoses()[:MOST_DIAGNOSES]:
        line(f"note: {diagnosis}")
    if result.model is not None:
        line(f"saved  {result.model}  (reloaded: same scores)")
    line(f"run    {result.run}")


def report_series(result: SeriesResult, as_json: bool) -> int:
    """Print the result; returns the exit code."""
    summary = result.summary
    if as_json:
        print_json({"path": str(result.path), **summary})
    else:
        _print_series(result)
    failures = summary["failures"]
    for failure in failures[:MOST_FAILURES]:
        say(f"error: {result.told(failure)}: {failure['message']}")
    if len(failures) > MOST_FAILURES:
        more = f"{len(failures) - MOST_FAILURES} more {result.WORD}s"
        say(f"error: and {more}; {result.path / result.FILE} lists all of them")
    if result.interrupted is not None:
        say(f"{result.interrupted}; {result.counted()} finished; results are in {result.path}")
    if failures or result.interrupted is not None:
        say_how_to_resume(result.path)
    if result.interrupted is not None:
        return result.interrupted.exit_code
    return 1 if failures else 0


def _print_series(result: SeriesResult) -> None:
    from mlpcli.workflows.train_result import OPTIMISTIC

    summary, word = result.summary, result.WORD
    columns, rows = result.mean_table()
    if rows:
        what = "mean ± standard deviation" if result.done > 1 else f"one {word} has no spread"
        line(f"{summary['name']}: {result.counted()}, {what}", "bold")  # a title would wrap at the table's width
        table("", columns, rows)
    else:
        line(f"{summary['name']}: no {word} finished, so there are no means")
    if summary["runs"]:
        _print_runs(result)
    if summary["test_chose_the_epoch"]:
        line(OPTIMISTIC)
    line(f"trained, scored and saved in {summary['total_seconds']:.1f} s")
    line(f"{word}s  {result.path / result.FILE}")
    for name, path in result.more_files():
        line(f"{name.ljust(5)}  {path}")
    for picture in result.pictures:
        line(f"plot   {picture}")
    line(f"runs   {result.path}")


def _print_runs(result: SeriesResult) -> None:
    """A row for each run, with its scores on the test split, or else validation or training."""
    from mlpcli.workflows.series import FINISHED

    runs, word = result.summary["runs"], result.WORD
    scored: Mapping[str, Any] = next((run["scores"] for run in runs if run["scores"]), {})
    split = next((name for name in ("test", "validation", "train") if name in scored), None)
    metrics = list(scored[split]) if split else []
    rows = []
    for run in runs:
        kept, scores = run["kept_epoch"], run["scores"].get(split, {})
        shown = [number(scores[metric]) if metric in scores else "-" for metric in metrics]
        mark = [] if run["outcome"] == FINISHED else [f"{run['outcome']}, not counted"]
        epochs = f"{'none' if kept is None else kept} of {run['epochs']}"
        rows.append([str(result.label(run)), epochs, *shown, *mark])
    marks = [""] if any(run["outcome"] != FINISHED for run in runs) else []
    line(f"each {word}, scores on the {split} rows" if split else f"each {word}", "bold")
    table("", [word, "kept epoch", *metrics, *marks], rows)


def report_grid(result: GridResult, as_json: bool) -> int:
    """Print the comparison; returns the exit code."""
    from mlpcli.cli.compare import print_comparison

    found = result.comparison
    if as_json:
        compared = found.as_json() if found is not None else {}
        print_json({"path": str(result.path), **compared, "failures": result.failures})
    elif found is not None:
        print_comparison(found)
        line(f"runs   {result.path}")
    for folder, message in [*result.failures.items()][:MOST_FAILURES]:
        say(f"error: {folder}: {message}")
    if result.interrupted is not None:
        say(f"{result.interrupted}; results are in {result.path}")
    if result.failures or result.interrupted is not None:
        say_how_to_resume(result.path)
    return result.interrupted.exit_code if result.interrupted is not None else 1 if result.failures else 0


def report_followed(result: Followed) -> int:
    """Say how a worker ended that is not the chief, whose results they are; returns the exit code."""
    ended = result.failure or result.interrupted
    if ended is None:
        return 0
    say(f"{'error: ' if result.failure is not None else ''}{result.cluster}: {ended}")
    return ended.exit_code
