"""What `mlpcli validate` prints: the data found, the layers, and what stands for each `auto`."""

from __future__ import annotations

from mlpcli.cli.console import line, print_json
from mlpcli.cli.data_report import print_look
from mlpcli.cli.layer_report import print_layers, print_totals
from mlpcli.config.schedules import PiecewiseConstantDecay
from mlpcli.config.training import EarlyStopping, TrainingConfig
from mlpcli.data.facts import DataFacts
from mlpcli.workflows.summary import LayerRow
from mlpcli.workflows.validate import ValidationResult


def report(result: ValidationResult, as_json: bool) -> None:
    """Print what was seen of the data, and the plan."""
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
        f"training  {training.optimizer.tag}, {_rate(training)}, batches of {training.batch_size},"
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


def _rate(training: TrainingConfig) -> str:
    """The learning rate, and what becomes of it."""
    schedule = training.learning_rate_schedule
    if isinstance(schedule, PiecewiseConstantDecay):  # which holds all its rates itself
        return f"learning rate {schedule.values[0]:g}, then {schedule.tag}"
    return f"learning rate {training.optimizer.learning_rate:g}" + (f" with {schedule.tag}" if schedule else "")


def _stopping(result: ValidationResult) -> str:
    stopping = result.config.training.early_stopping
    if not isinstance(stopping, EarlyStopping):
        return ", no early stopping"
    return f", stops when {stopping.monitor} has not improved for {stopping.patience} epochs"


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
