"""The section `sweep`: each parameter is checked where the config itself would have its values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlpcli.config.overrides import apply_override
from mlpcli.config.schema import Config
from mlpcli.config.sweep import Parameter
from mlpcli.config.sweep_parameters import with_values
from mlpcli.config.yaml_reader import parse_yaml
from mlpcli.config.yaml_writer import config_text

Refusals = Callable[..., list[str]]
BASE = """data: {source: iris}
training: {optimizer: sgd}
sweep:
  parameters:
    training.optimizer.learning_rate: {log_uniform: [0.001, 0.1]}
"""


def with_parameter(line: str) -> str:
    return f"{BASE}    {line}\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "training.optimizer.learning_rat: {uniform: [0.1, 0.2]}",
            'my.yaml:6:5: sweep.parameters.training.optimizer.learning_rat: unknown key; did you mean "learning_rate"?',
        ),
        (
            "model.dropout: {uniform: [0, 1.5]}",
            "my.yaml:6:5: sweep.parameters.model.dropout: must be less than 1 (got 1.5)",
        ),
        (
            "model.hidden_units: {choices: [[64], [64, x]]}",
            'my.yaml:6:5: sweep.parameters.model.hidden_units: with [64, "x"]: model.hidden_units[1]: must be a whole'
            ' number (got the text "x")',
        ),
        (
            "training.epochs: {uniform: [1, 5]}",
            "my.yaml:6:5: sweep.parameters.training.epochs: must be a whole number (got 1.0)",
        ),
        (
            "model.dropout: {uniform: [0.5, 0]}",
            "my.yaml:6:21: sweep.parameters.model.dropout.uniform: must be [lowest, highest], the lowest below the"
            " highest",
        ),
        (
            "model.dropout: {uniform: [0, 0.5], choices: [0, 0.1]}",
            "my.yaml:6:5: sweep.parameters.model.dropout: must have one of log_uniform, uniform, choices and int, such"
            " as {uniform: [0, 0.5]} (got uniform and choices)",
        ),
        (
            "model.dropout: {low: 0, high: 0.5, log: true}",
            "my.yaml:6:5: sweep.parameters.model.dropout: must be {uniform: [lowest, highest]}, {log_uniform: [lowest,"
            " highest]}, {int: [lowest, highest]} or {choices: [one, another]} (got low and high)",
        ),
        (
            "model.dropout: [0, 0.5]",
            "my.yaml:6:5: sweep.parameters.model.dropout: must be a mapping, such as {choices: [1, 2]} (got a list)",
        ),
        (
            "training.batch_size: {int: [0, 64], log: true}",
            "my.yaml:6:5: sweep.parameters.training.batch_size: a logarithmic range must start above 0",
        ),
        (
            "seed: {int: [1, 5]}",
            "my.yaml:6:5: sweep.parameters.seed: cannot be searched: the best of many seeds is luck; what a seed"
            " changes is measured after the search",
        ),
        (
            "data.validation: {uniform: [0.1, 0.3]}",
            "my.yaml:6:5: sweep.parameters.data.validation: cannot be searched: the trials would be scored on different"
            " rows, and could not be compared",
        ),
    ],
)
def test_a_parameter_is_refused_at_its_line(refusals: Refusals, line: str, message: str) -> None:
    assert refusals(with_parameter(line)) == [message]


def test_all_mistakes_are_told_at_once(refusals: Refusals) -> None:
    text = with_parameter("model.dropout: {uniform: [0, 2]}").replace("optimizer: sgd", "optimizer: sgd, epochs: 0")
    assert refusals(f"{text}  trials: 0\n  timeout: soon\n") == [
        "my.yaml:2:28: training.epochs: must be greater than 0 (got 0)",
        "my.yaml:6:5: sweep.parameters.model.dropout: must be less than 1 (got 2.0)",
        "my.yaml:7:3: sweep.trials: must be at least 1 (got 0)",
        'my.yaml:8:3: sweep.timeout: must be a time above 0 such as 90s, 30m, 2h or 1d (got the text "soon")',
    ]


def test_a_key_below_a_searched_one_is_checked_with_each_choice(refusals: Refusals) -> None:
    text = with_parameter("training.optimizer: {choices: [sgd, adam]}")
    assert refusals(f"{text}    training.optimizer.momentum: {{uniform: [0, 0.9]}}\n") == [
        "my.yaml:7:5: sweep.parameters.training.optimizer.momentum: with 0.0 and training.optimizer: adam: unknown key;"
        ' did you mean "ema_momentum"?'
    ]


def test_metric_sampler_and_rows(refusals: Refusals) -> None:
    assert refusals(BASE + "  metric: val_los\n") == [
        'my.yaml:6:3: sweep.metric: unknown metric "val_los"; did you mean "val_loss"?'
    ]
    assert refusals(BASE + "  sampler: grid\n") == [
        "my.yaml:3:1: sweep: sampler: grid tries every combination, but training.optimizer.learning_rate has no"
        " finite list of values; give it choices, or int without log"
    ]
    assert refusals(BASE.replace("iris}", "iris, test: 0.2, validation: test}")) == [
        "my.yaml:3:1: sweep: would choose the best trial by its test rows; set data.validation to a fraction, such"
        " as 0.2"
    ]


def test_the_section_is_not_part_of_a_run(read: Callable[..., Config]) -> None:
    config = read(BASE)
    assert config.sweep is not None
    assert "sweep" not in config_text(config)


def test_a_parameter_can_be_set_on_the_command_line(read: Callable[..., Config]) -> None:
    config = read(BASE, "sweep.parameters.model.dropout={uniform: [0, 0.5]}", "sweep.trials=7")
    assert config.sweep is not None
    assert config.sweep.trials == 7
    assert config.sweep.parameters["model.dropout"].uniform == [0, 0.5]
    changed = read(BASE, "sweep.parameters.training.optimizer.learning_rate.log_uniform=[0.01, 0.02]")
    assert changed.sweep is not None
    assert changed.sweep.parameters["training.optimizer.learning_rate"].log_uniform == [0.01, 0.02]


def test_values_are_put_into_the_config_from_the_top_down() -> None:
    document = parse_yaml(BASE, "my.yaml")
    apply_override(document, "model.dropout=0.1")
    found = with_values(
        document, {"training.optimizer.learning_rate": 0.05, "model.hidden_units": [8], "training.optimizer": "adam"}
    )
    assert found.value == {
        "data": {"source": "iris"},
        "training": {"optimizer": {"name": "adam", "learning_rate": 0.05}},
        "model": {"dropout": 0.1, "hidden_units": [8]},
    }
    assert "sweep" in document.value


def test_the_values_of_a_grid() -> None:
    assert Parameter(int=[2, 8], step=3).values() == [2, 5, 8]
    assert Parameter(choices=["relu", [8, 4]]).values() == ["relu", [8, 4]]
    assert Parameter(int=[1, 8], log=True).values() is None
    assert Parameter(uniform=[0, 1]).values() is None
