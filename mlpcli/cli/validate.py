"""The command `mlpcli validate`, and what it prints: the data, the plan, the layers and the findings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from mlpcli.cli.options import CONFIG_PATH, Command, json_option, set_option, training_options
from mlpcli.cli.summary import print_layers, print_totals
from mlpcli.cli.terminal import line, print_json, table
from mlpcli.text import percent, shown

if TYPE_CHECKING:
    from mlpcli.config.base import Component
    from mlpcli.config.sections import TrainingConfig
    from mlpcli.data.dataset import DataFacts
    from mlpcli.data.look.findings import Facts, Look
    from mlpcli.model.plan import Plan
    from mlpcli.workflows.validate import ValidationResult


@click.command(cls=Command)
@click.argument("config", type=CONFIG_PATH)
@set_option()
@training_options()
@json_option()
def validate(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check CONFIG and print what it would build.

    Every mistake is reported at once, with line and column. Nothing is trained or written.

    \b
    $ mlpcli validate configs/digits.yaml
    """
    from mlpcli.cli.progress_bars import LoadingBar
    from mlpcli.workflows.validate import validate as run

    report(run(config, overrides, LoadingBar()), as_json)


def report(result: ValidationResult, as_json: bool) -> None:
    """Print the data, the findings about it, and the plan."""
    from mlpcli.workflows.summary import LayerRow

    if as_json:
        print_json(_as_json(result))
        return
    for note in result.notes:
        line(f"note: {note}")
    if result.look is not None:
        print_look(result.look, result.columns)
    plan, training = result.plan, result.config.training
    line(f"data      {_data(result.facts)}")
    line(f"rows      {_rows(result.facts)}")
    line(f"task      {plan.task}{_classes(result.facts)}")
    line(f"scaling   {plan.scaling}")
    line(f"loss      {plan.loss.tag}; metrics {', '.join(plan.metric_names) or 'none'}")
    line(
        f"training  {training.optimizer.tag}, {_rate(training, plan)}, batches of {plan.batch_size},"
        f" at most {training.epochs} epochs{_stopping(result)}"
    )
    rows = [LayerRow(layer.name, layer.component.keras_class, layer.size) for layer in plan.layers]
    print_layers(plan.name, plan.input_shape, rows)
    print_totals(plan.trainable, plan.non_trainable)


def _data(facts: DataFacts) -> str:
    return f"{facts.name}: {facts.kind} of shape {facts.input_shape}, {facts.found}"


def _rows(facts: DataFacts) -> str:
    parts = {"training": facts.train_rows, "validation": facts.validation_rows, "test": facts.test_rows}
    return ", ".join(f"{count:,} {name}" for name, count in parts.items() if count is not None)


def _classes(facts: DataFacts) -> str:
    names = facts.class_names or ()
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f", {len(names)} classes: {shown}" if names else ""


def _rate(training: TrainingConfig, plan: Plan) -> str:
    """The learning rate and its schedule, such as `learning rate 0.01 with cosine_decay (decay_steps 450)`."""
    from mlpcli.config.schedules import PiecewiseConstantDecay

    schedule = plan.schedule
    steps = _steps(training, schedule)
    if isinstance(schedule, PiecewiseConstantDecay):  # which holds all its rates itself
        return f"learning rate {schedule.values[0]:g}, then {schedule.tag}{steps}"
    with_schedule = f" with {schedule.tag}{steps}" if schedule else ""
    return f"learning rate {training.optimizer.learning_rate:g}{with_schedule}"


def _steps(training: TrainingConfig, schedule: Component | None) -> str:
    """The steps that were worked out from the length of the run, such as ` (decay_steps 450)`; "" if none were."""
    from mlpcli.config.schedules import STEP_KEYS, depends_on_run

    if not depends_on_run(training.learning_rate_schedule):
        return ""
    given = {key: getattr(schedule, key, None) for key in STEP_KEYS}
    return f" ({', '.join(f'{key} {value}' for key, value in given.items() if value)})"


def _stopping(result: ValidationResult) -> str:
    from mlpcli.config.sections import EarlyStopping

    stopping = result.config.training.early_stopping
    if not isinstance(stopping, EarlyStopping):
        return ", no early stopping"
    least = result.config.training.min_epochs
    not_before = f", not before epoch {least}" if least else ""
    return f", stops when {stopping.monitor} has not improved for {stopping.patience} epochs{not_before}"


def _as_json(result: ValidationResult) -> dict[str, object]:
    plan, facts = result.plan, result.facts
    return {
        "config": result.config.model_dump(mode="json"),
        "data": {"name": facts.name, "kind": facts.kind, "input_shape": list(facts.input_shape), "found": facts.found},
        "rows": {"train": facts.train_rows, "validation": facts.validation_rows, "test": facts.test_rows},
        "plan": plan.as_metadata(),
        "parameters": {"trainable": plan.trainable, "non_trainable": plan.non_trainable},
        "columns": [vars(column) for column in result.columns],
        "notes": list(result.notes),
        "look": result.look.as_json() if result.look is not None else None,
    }


MOST_COLUMNS = 40
MOST_CLASSES = 12


class ColumnRow(Protocol):
    """A column of a table file: its kind, how many values are missing and distinct, an example."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def missing(self) -> int: ...
    @property
    def distinct(self) -> int | str: ...
    @property
    def example(self) -> str: ...


def print_look(look: Look, columns: Sequence[ColumnRow] = ()) -> None:
    """Print a table of the columns (if any), the class counts of each part, and all findings."""
    if columns:
        _print_columns(columns)
    for text in class_lines(look.facts):
        line(text)
    for finding in look.findings:
        line(f"{finding.level}: {finding}")


def class_lines(facts: Facts) -> list[str]:
    """`classes   training: cat 40 (80 %), dog 10 (20 %)`; for many classes, only the smallest and the largest."""
    if facts.class_names is None or facts.class_counts is None:
        return []
    names = [shown(name) for name in facts.class_names]
    return [
        f"{'' if index else 'classes':<10}{part}: {_balance(names, counts)}"
        for index, (part, counts) in enumerate(facts.class_counts.items())
    ]


def _print_columns(columns: Sequence[ColumnRow]) -> None:
    rows = [
        [shown(column.name), column.kind, shown(str(column.example)), _count(column.missing), _count(column.distinct)]
        for column in columns[:MOST_COLUMNS]
    ]
    table(f"{len(columns):,} columns", ["column", "kind", "example", "missing", "distinct"], rows, left=3)
    if len(columns) > MOST_COLUMNS:
        line(f"... and {len(columns) - MOST_COLUMNS:,} more")


def _count(value: int | str) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _balance(names: Sequence[str], counts: Sequence[int]) -> str:
    total = max(1, sum(counts))
    if len(counts) > 2 and len(set(counts)) == 1:
        return f"{len(counts):,} classes with {counts[0]:,} rows each"
    each = [f"{name} {count:,} ({percent(count, total)})" for name, count in zip(names, counts, strict=True)]
    if len(each) <= MOST_CLASSES:
        return ", ".join(each)
    smallest, largest = counts.index(min(counts)), counts.index(max(counts))
    return f"{len(each):,} classes, from {each[smallest]} to {each[largest]}"
