"""Whatever stands in one place of a config, it loads, or is refused with a line: never another exception."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpcli.config.load_config import load_config
from mlpcli.config.yaml_reader import parse_yaml
from mlpcli.errors import ConfigError, Problem

SHORT = """\
name: x
data: {source: digits, validation: 0.2, features: [a, b], class_weight: {a: 1.0}}
model:
  hidden_units: [64, 32]
  kernel_initializer: {random_normal: {stddev: 0.1}}
  kernel_regularizer: {l1: 0.1, l2: 0.1}
  output: {activation: softmax}
training:
  optimizer: {name: sgd, momentum: 0.9}
  loss: {huber: {delta: 1.0}}
  metrics: [accuracy, {mse: {name: m}}]
  early_stopping: {monitor: val_loss}
  learning_rate_schedule: {cosine_decay: {decay_steps: 10}}
output: {plots: [png]}
"""
LONG = """\
data: {source: digits}
model:
  layers:
    - dense: {units: 3, kernel_constraint: {max_norm: 2.0}, name: a}
    - conv2d: {filters: 3, kernel_size: [3, 3]}
    - dropout: 0.2
    - flatten
training: {learning_rate_schedule: {piecewise_constant_decay: {boundaries: [1], values: [1.0, 2.0]}}}
"""
BASES = [parse_yaml(text, "my.yaml").value for text in (SHORT, LONG)]

WORDS = [
    "",
    "auto",
    "sgd",
    "dense",
    "l2",
    "relu",
    "name",
    "val_loss",
    "x/y",
    "../x",
    "-",
    "1e-3",
    "~root",
    "a\nb",
    "패션",
    "\U0001f600",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(WORDS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
KEYS = st.sampled_from([*(word for word in WORDS if word), "units", "layers", "momentum", "learning_rate"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=5
)


def problems_of(path: Path) -> list[Problem]:
    """What is wrong with a config: nothing, or at least one problem."""
    try:
        load_config(path)
    except ConfigError as error:
        return error.problems or [Problem(0, 0, "", "refused without a reason")]
    return []


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value, inner ones too."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, inner in inside for deeper in leaves(inner, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    config = copy.deepcopy(draw(st.sampled_from(BASES)))
    path = draw(st.sampled_from(leaves(config)[1:]))
    holder = config
    for part in path[:-1]:
        holder = holder[part]
    if isinstance(holder, dict) and draw(st.booleans()):
        holder[draw(KEYS)] = holder.pop(path[-1])
    else:
        holder[path[-1]] = draw(VALUES)
    return config


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=mutated(), flow=st.booleans())
def test_a_mutated_config_loads_or_is_refused_with_its_line(config: Any, flow: bool, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True, default_flow_style=flow), encoding="utf-8")
    for problem in problems_of(path):
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert len(str(problem)) < 600


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, len(SHORT)),
    length=st.integers(0, 10),
    text=st.text(max_size=5) | st.sampled_from("[]{}:,'\"#&*!|>%@`\t-?"),
)
def test_a_mutated_text_loads_or_is_refused_with_its_line(start: int, length: int, text: str, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes((SHORT[:start] + text + SHORT[start + length :]).encode("utf-8", "surrogatepass"))
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems_of(path))
