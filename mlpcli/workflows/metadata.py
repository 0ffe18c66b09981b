"""What a run says of itself: in metrics.json, and inside its model file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mlpcli import __version__
from mlpcli.config.schema import Config
from mlpcli.training.engine_choice import EngineChoice
from mlpcli.training.fit import Outcome
from mlpcli.workflows.preparation import Prepared
from mlpcli.workflows.stored_layout import layout_metadata


def run_metrics(
    config: Config, prepared: Prepared, outcome: Outcome, result: dict[str, Any], seconds: float, engine: EngineChoice
) -> dict[str, Any]:
    """The content of metrics.json; `seconds` is the time since the data was loaded."""
    epochs, rows = len(outcome.history.get("epoch", [])), len(prepared.splits.train)
    fit_seconds = sum(outcome.history.get("seconds", []))
    evaluation = result["evaluation"] or {}
    return {
        "name": config.name,
        "epochs": epochs,
        "best_epoch": outcome.best_epoch,
        "kept_epoch": outcome.kept_epoch,
        "stopped": outcome.stopped,
        "scores": result["scores"],
        "baseline": evaluation.get("baseline"),
        "test_chose_the_epoch": test_chose_the_epoch(config, prepared),
        "rows": {name: len(part) if part is not None else 0 for name, part in parts(prepared).items()},
        "parameters": {"trainable": prepared.plan.trainable, "non_trainable": prepared.plan.non_trainable},
        "seconds": {"total": seconds, "epochs": fit_seconds},
        "examples_per_second": epochs * rows / fit_seconds if fit_seconds > 0 else None,
        "engine": asdict(engine),
        "chosen": chosen(prepared),
    }


def model_metadata(
    config: Config,
    prepared: Prepared,
    outcome: Outcome,
    scores: dict[str, Any],
    fingerprint: str,
    environment: dict[str, Any],
) -> dict[str, Any]:
    """What travels inside the model file."""
    return {
        "version": __version__,
        "name": config.name,
        "config": config.model_dump(mode="json"),
        "plan": prepared.plan.as_metadata(),
        "layer_names": [layer.name for layer in prepared.plan.layers],
        "data": {
            "fingerprint": fingerprint,
            **layout_metadata(prepared.source),
            "rows": {name: len(part) if part is not None else 0 for name, part in parts(prepared).items()},
        },
        "scores": scores,
        "kept_epoch": outcome.kept_epoch,
        "versions": environment["versions"],
    }


def test_chose_the_epoch(config: Config, prepared: Prepared) -> bool:
    """Whether the test rows decided when to stop: their score then is no estimate for new data."""
    same = prepared.splits.test is not None and prepared.splits.validation is prepared.splits.test
    return same and bool(config.training.early_stopping or config.training.stop_when_equal)


def parts(prepared: Prepared) -> dict[str, Any]:
    """The parts of the data by name."""
    return {"train": prepared.splits.train, "validation": prepared.splits.validation, "test": prepared.splits.test}


def chosen(prepared: Prepared) -> dict[str, Any]:
    """What stands for each `auto` of the config."""
    plan = prepared.plan
    output = plan.output
    return {
        "task": plan.task,
        "scaling": plan.scaling,
        "target_scaling": plan.target_scaling,
        "loss": plan.loss.tag,
        "metrics": plan.metric_names,
        "output": {"units": output.size.output_shape[-1], "activation": getattr(output.component, "activation", None)},
    }
