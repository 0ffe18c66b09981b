"""Numbers that 32-bit arithmetic cannot hold are refused where they stand, in whatever setting."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from mlpcli.config import base, initializers, layers, losses, metrics, optimizers, regularizers, schedules, sections
from mlpcli.config.base import FLOAT32_MAX, FLOAT32_TINY, ROUNDED_TO_1, Section

START = "data: {source: moons}\n"
MOST = "must be at most 3.4028e+38, because networks compute with 32-bit numbers"
LEAST = "must be at least -3.4028e+38, because networks compute with 32-bit numbers"
TINY = "must be at least 1.1755e-38; 32-bit numbers round less to 0"
ZERO = "must be 0, or at least 1.1755e-38; 32-bit numbers round less to 0"
ONE = "must be at most 0.99999994; 32-bit numbers round more to 1"


def test_the_limits_are_those_of_float32() -> None:
    assert np.float32(ROUNDED_TO_1) == 1 > np.float32(np.nextafter(ROUNDED_TO_1, 0))
    assert np.finfo(np.float32).max == FLOAT32_MAX
    assert np.finfo(np.float32).tiny == FLOAT32_TINY


@pytest.mark.parametrize(
    ("setting", "key", "demand", "got"),
    [
        ("training.optimizer.learning_rate=1e39", "training.optimizer.learning_rate", MOST, "1e+39"),
        ("training.optimizer.learning_rate=1e-60", "training.optimizer.learning_rate", TINY, "1e-60"),
        ("training.optimizer.epsilon=1e-60", "training.optimizer.epsilon", TINY, "1e-60"),
        ("training.optimizer.clipnorm=1e308", "training.optimizer.clipnorm", MOST, "1e+308"),
        ("model.kernel_initializer={constant: -1e39}", "model.kernel_initializer.constant", LEAST, "-1e+39"),
        ("model.kernel_regularizer={l2: 1e39}", "model.kernel_regularizer.l2", MOST, "1e+39"),
        ("model.layers=[{relu: {max_value: 1e39}}]", "model.layers[0].relu.max_value", MOST, "1e+39"),
        ("model.layers=[{leaky_relu: 1e39}]", "model.layers[0].leaky_relu", MOST, "1e+39"),
        ("model.layers=[{gaussian_noise: 1.5}]", "model.layers[0].gaussian_noise", "must be at most 1", "1.5"),
        ("model.layers=[{rescaling: -1e39}]", "model.layers[0].rescaling", LEAST, "-1e+39"),
        ("data.class_weight={lower: 1e-60}", "data.class_weight.lower", ZERO, "1e-60"),
        ("model.kernel_regularizer={l2: 1e-60}", "model.kernel_regularizer.l2", ZERO, "1e-60"),
        ("training.optimizer.beta_1=0.99999999", "training.optimizer.beta_1", ONE, "0.99999999"),
        ("model.dropout=0.99999999", "model.dropout", ONE, "0.99999999"),
        ("data.class_weight={lower: 1e39}", "data.class_weight.lower", MOST, "1e+39"),
        ("data.generate.noise=1e39", "data.generate.noise", MOST, "1e+39"),
    ],
)
def test_the_message_names_key_limit_and_value(
    refusals: Callable[..., list[str]], setting: str, key: str, demand: str, got: str
) -> None:
    assert refusals(START, setting) == [f"-s {setting}: {key}: {demand} (got {got})"]


def test_what_float32_holds_is_taken(read: Callable[..., Any]) -> None:
    config = read(START, f"training.optimizer.learning_rate={FLOAT32_MAX!r}", f"training.optimizer.epsilon={2e-38}")
    assert config.training.optimizer.learning_rate == FLOAT32_MAX
    config = read(START, "data.class_weight={lower: 0.0, upper: 2e-38}", "model.dropout=0.99999994")
    assert config.data.class_weight == {"lower": 0.0, "upper": 2e-38}


def test_a_uniform_interval_is_not_upside_down(refusals: Callable[..., list[str]]) -> None:
    setting = "model.kernel_initializer={random_uniform: {minval: 1, maxval: -1}}"
    (message,) = refusals(START, setting)
    assert message.endswith("model.kernel_initializer.random_uniform: minval must not be greater than maxval")


def _sections() -> list[type[Section]]:
    rooms = (base, initializers, layers, losses, metrics, optimizers, regularizers, schedules, sections)
    found = {value for room in rooms for value in vars(room).values() if isinstance(value, type)}
    return sorted((cls for cls in found if issubclass(cls, Section)), key=lambda cls: cls.__qualname__)


def _takes_a_float(annotation: Any) -> bool:
    return annotation is float or any(_takes_a_float(inner) for inner in typing.get_args(annotation))


FIELDS = [
    (cls, name)
    for cls in _sections()
    for name, field in cls.model_fields.items()
    if _takes_a_float(field.annotation) and not name.startswith("_")
]


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("value", [1e39, -1e39])
def test_no_setting_takes_what_float32_cannot_hold(cls: type[BaseModel], name: str, value: float) -> None:
    form = str(cls.model_fields[name].annotation)
    given = {"a": value} if "dict" in form else [value] if "list" in form else value
    with pytest.raises(ValidationError) as caught:
        cls.model_validate({name: given})
    assert any(error["loc"][:1] == (name,) for error in caught.value.errors())
