"""Decides every `auto` of a config, given what is known of the data."""

from __future__ import annotations

from mlpcli.config.checks import check_monitor, known_columns, monitors
from mlpcli.config.schema import Config
from mlpcli.data.facts import DataFacts
from mlpcli.data.scaling import choose_scaling
from mlpcli.errors import SettingError
from mlpcli.model.objective import choose_objective
from mlpcli.model.plan import Plan
from mlpcli.model.safe_names import safe_name
from mlpcli.model.stack import stack_layers
from mlpcli.model.target_units import OUTPUT_UNITS, check_target_scaling


def make_plan(config: Config, facts: DataFacts) -> Plan:
    """Decide everything.

    Raises:
        SettingError: a setting does not fit the data or another one; its key is named.
    """
    scaling = choose_scaling(facts, config.data.scaling)
    objective = choose_objective(config, facts)
    check_target_scaling(config.data.target_scaling, objective, facts)
    own_units = (OUTPUT_UNITS,) if config.data.target_scaling == "standardize" else ()
    columns = known_columns(config, [metric.name for metric in objective.metrics])
    for key, monitor in monitors(config):
        for found_key, message in check_monitor(key, monitor, columns):
            raise SettingError(found_key, message)
    return Plan(
        name=config.name,
        safe_name=safe_name(config.name, "model"),
        input_shape=facts.input_shape,
        layers=stack_layers(config.model, facts.input_shape, scaling, objective.output, own_units),
        task=objective.task,
        class_names=facts.class_names,
        scaling=scaling,
        target_scaling=config.data.target_scaling,
        loss=objective.loss,
        labels=objective.labels,
        metrics=objective.metrics,
        threshold=objective.threshold,
    )
