"""What `mlpcli evaluate` prints."""

from __future__ import annotations

from typing import Any

from mlpcli.cli.console import line, number, print_json, table
from mlpcli.cli.streams import say
from mlpcli.workflows.evaluate import EvaluationResult

MOST_MATRIX_COLUMNS = 20
"""Wider confusion matrices are a picture's task."""


def report(result: EvaluationResult, as_json: bool) -> None:
    """Tables for people, or the content of evaluation.json."""
    for note in result.notes:
        say(note)
    evaluation = result.evaluation
    if as_json:
        print_json({"model": str(result.model), **evaluation})
        return
    line(f"{result.name}: {evaluation['split']}, {evaluation['rows']:,} rows")
    _print_scores(evaluation)
    if "per_class" in evaluation:
        _print_classes(evaluation)
    if result.written is not None:
        line(f"written to {result.written}")


def _print_scores(evaluation: dict[str, Any]) -> None:
    scores = {"loss": evaluation["loss"], **evaluation["metrics"]}
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "mae", "rmse", "r2"):
        if name in evaluation:
            scores.setdefault(name, evaluation[name])
    baseline = evaluation.get("baseline") or {}
    rows = [[name, number(value), number(baseline[name]) if name in baseline else ""] for name, value in scores.items()]
    table("", ["score", "model", f"baseline: {baseline['name']}" if baseline else ""], rows)


def _print_classes(evaluation: dict[str, Any]) -> None:
    columns = ["precision", "recall", "f1"]
    rows = [
        [row["name"], *(number(row[column]) for column in columns), f"{row['support']:,}"]
        for row in evaluation["per_class"]
    ]
    table("", ["class", *columns, "support"], rows)
    matrix, names = evaluation["confusion_matrix"], evaluation["class_names"]
    if len(names) <= MOST_MATRIX_COLUMNS:
        table(
            "confusion matrix",
            ["true \\ predicted", *names],
            [[name, *map(str, row)] for name, row in zip(names, matrix, strict=True)],
        )
