"""What `mlpcli train` says at the end."""

from __future__ import annotations

from typing import Any

from mlpcli.cli.console import line, number, print_json, table
from mlpcli.cli.streams import say
from mlpcli.workflows.train import TrainResult


def report(result: TrainResult, as_json: bool) -> int:
    """Print the result; returns the exit code."""
    if as_json:
        print_json({"run": str(result.run), "model": str(result.model) if result.model else None, **result.metrics})
    else:
        _print(result)
    if result.failure is not None:
        say(f"error: {result.failure}{_kept(result)}")
        return result.failure.exit_code
    if result.interrupted is not None:
        say(f"{result.interrupted}{_kept(result)}")
        return result.interrupted.exit_code
    return 0


def _kept(result: TrainResult) -> str:
    if result.model is None:
        history = f"; the history is in {result.run}" if result.metrics["epochs"] else ""
        return f"; no epoch came to a good end, so there is no model{history}"
    return f"; the weights of epoch {result.metrics['kept_epoch']} are kept in {result.model}"


def _print(result: TrainResult) -> None:
    metrics = result.metrics
    if metrics["scores"]:
        names = list(next(iter(metrics["scores"].values())))
        order = [name for name in ("train", "validation", "test") if name in metrics["scores"]]
        rows = [
            [name, *(number(metrics["scores"][name][metric]) for metric in names), f"{metrics['rows'][name]:,}"]
            for name in order
        ]
        table(metrics["name"], ["split", *names, "rows"], rows)
        line(_against_baseline(result.evaluation or {}))
        if metrics["test_chose_the_epoch"]:
            line("the test rows also chose the epoch (data.validation: test), so their score is optimistic")
    line(f"{_epochs(metrics)}stopped: {metrics['stopped']}")
    rate = metrics["examples_per_second"]
    speed = f", {rate:,.0f} examples per second" if rate else ""
    line(f"trained, scored and saved in {metrics['seconds']['total']:.1f} s{speed}")
    if result.model is not None:
        line(f"saved  {result.model}  (loaded back: the same scores)")
    line(f"run    {result.run}")


def _epochs(metrics: dict[str, Any]) -> str:
    """Which epoch was best, and which one the model is, where that is another."""
    best, kept = metrics["best_epoch"], metrics["kept_epoch"]
    if best is None:
        return ""
    return f"best epoch {best} of {metrics['epochs']}" + (f", kept epoch {kept}; " if kept != best else "; ")


def _against_baseline(evaluation: dict[str, Any]) -> str:
    baseline = evaluation.get("baseline") or {}
    score = next((name for name in ("accuracy", "mae") if name in baseline), None)
    if score is None:
        return ""
    return (
        f"{evaluation['split']} {score} {number(evaluation[score])}; {baseline['name']} has {number(baseline[score])}"
    )
