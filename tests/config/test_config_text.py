"""A config written out reads back as the same config, by mlpcli and, value for value, by any YAML 1.1 reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mlpcli.config.base import FLOAT32_MAX, FLOAT32_TINY, Component
from mlpcli.config.initializers import INITIALIZERS
from mlpcli.config.layers import LAYERS
from mlpcli.config.load_config import load_config
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import METRICS
from mlpcli.config.optimizers import OPTIMIZERS
from mlpcli.config.regularizers import CONSTRAINTS, REGULARIZERS
from mlpcli.config.schedules import SCHEDULES, ReduceLROnPlateau
from mlpcli.config.schema import Config
from mlpcli.config.yaml_reader import parse_yaml
from mlpcli.config.yaml_writer import config_text
from mlpcli.runs.read_run import FAST_LOADER

Write = Callable[..., Path]
DIGITS = "data: {source: digits}\n"

REQUIRED: dict[str, Any] = {
    "units": 3, "filters": 4, "kernel_size": [3, 5], "rate": 0.25, "stddev": 0.5, "target_shape": [2, -1],
    "dims": [2, 1],
    "scale": 1e-9, "cropping": [1, 2], "activation": "tanh", "decay_steps": 10, "first_decay_steps": 10,
    "decay_rate": 1e16,
    "boundaries": [1, 2], "values": [0.3, 0.2, 1e-7], "recall": 0.5, "precision": 0.5, "specificity": 0.5,
    "sensitivity": 0.5,
}  # fmt: skip


def same_after_writing(path: Path, *overrides: str) -> Config:
    """Read, write, read: the same config, and for libyaml the same values; returns it."""
    config = load_config(path, overrides).config
    text = config_text(config)
    path.write_text(text, encoding="utf-8")
    assert load_config(path).config == config
    assert yaml.load(text, FAST_LOADER) == config.model_dump(mode="json")
    return config


FULL = """\
name: 패션 MNIST 모델
seed: 5
data: {source: data/꽃.npz, validation: 1e-3, test: 0.5, exclude: [a, '1e3'], class_weight: {0: 1e-9, 세토사: 2}}
model:
  hidden_units: [128, 64]
  kernel_initializer: {random_normal: {stddev: 1e-5}}
  batch_normalization: true
  kernel_regularizer: {l1: 0.1, l2: 1e-7}
  output: {activation: linear, units: 3, kernel_constraint: non_neg}
training:
  optimizer: {learning_rate: 1e-5}
  loss: {huber: 2}
  metrics: [acc, {mse: {name: m}}]
  early_stopping: {monitor: val_m, min_delta: 1e-4}
  stop_when_equal: {tolerance: 0.5}
  learning_rate_schedule: {reduce_on_plateau: {factor: 0.5}}
output: {model: model.h5, plots: [], tensorboard: true}
"""
LONG = """\
data: {source: digits, validation: null}
model:
  layers: [{dense: {units: 5, name: '012', kernel_initializer: {name: constant, value: 2}}}, flatten, {dropout: 0.5}]
training: {early_stopping: false}
"""


@pytest.mark.parametrize("text", [DIGITS, FULL, LONG], ids=["short", "full", "long"])
def test_a_config_survives_writing(text: str, write_config: Write) -> None:
    same_after_writing(write_config(text))


def test_overrides_are_written_out(write_config: Write) -> None:
    config = same_after_writing(write_config(DIGITS), "training.epochs=5", "model.hidden_units=[8]", "data.limit=100")
    assert (config.training.epochs, config.model.hidden_units, config.data.limit) == (5, [8], 100)


def test_nothing_is_left_unsaid(write_config: Write) -> None:
    text = config_text(load_config(write_config(DIGITS)).config)
    assert "  learning_rate: 0.001\n" in text
    assert "  hidden_units: [64, 32]\n" in text
    assert "layers:" not in text
    assert "name: my\n" in text


def arguments_of(cls: type[Component]) -> dict[str, Any]:
    return {name: REQUIRED[name] for name, field in cls.model_fields.items() if field.is_required()}


PLACES = {
    "optimizer": ("training: {{optimizer: {}}}", OPTIMIZERS),
    "loss": ("training: {{loss: {}}}", LOSSES),
    "metric": ("training: {{metrics: [{}]}}", METRICS),
    "schedule": ("training: {{learning_rate_schedule: {}}}", (*SCHEDULES, ReduceLROnPlateau)),
    "initializer": ("model: {{kernel_initializer: {}}}", INITIALIZERS),
    "regularizer": ("model: {{kernel_regularizer: {}}}", REGULARIZERS),
    "constraint": ("model: {{output: {{kernel_constraint: {}}}}}", CONSTRAINTS),
    "layer": ("model: {{layers: [{}]}}", LAYERS),
}
CASES = [(place, cls) for place, (_, classes) in PLACES.items() for cls in classes]


@pytest.mark.parametrize(("place", "cls"), CASES, ids=[f"{place}-{cls.tag}" for place, cls in CASES])
def test_every_component_survives_writing(place: str, cls: type[Component], write_config: Write) -> None:
    config = same_after_writing(write_config(DIGITS + PLACES[place][0].format({cls.tag: arguments_of(cls)})))
    assert cls.tag in config_text(config)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
@example("1e-3")
@example("0o12")
@example("1:30")
@example("null")
@example("on")
@example("=")
@example("2024-01-02")
@example("a: b # c")
@example(" x ")
@example("\u2028")
@example("\ufeff")
@example("<<")
def test_any_text_survives_writing(text: str) -> None:
    values = {
        "name": "x",
        "data": {"source": "digits", "target": text, "features": [text], "class_weight": {text: 1.0}},
    }
    config = Config.model_validate(values)
    written = config_text(config)
    document = parse_yaml(written, "my.yaml")
    assert document.problems == []
    assert document.value == config.model_dump(mode="json")
    assert yaml.safe_load(written) == document.value


@given(st.floats(min_value=FLOAT32_TINY, max_value=FLOAT32_MAX))
def test_any_rate_survives_writing(rate: float) -> None:
    config = Config.model_validate(
        {"name": "x", "data": {"source": "digits"}, "training": {"optimizer": {"learning_rate": rate}}}
    )
    written = config_text(config)
    assert parse_yaml(written, "my.yaml").value["training"]["optimizer"]["learning_rate"] == rate
    assert yaml.safe_load(written)["training"]["optimizer"]["learning_rate"] == rate
