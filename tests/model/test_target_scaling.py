"""data.target_scaling: trained on standard scores, answered in the target's own units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.load_config import load_config
from mlpcli.data.dataset import Part
from mlpcli.data.scaling import TargetScaling, fit_target_scaling
from mlpcli.errors import ConfigError, SettingError
from mlpcli.model.plan import planned_layers
from mlpcli.workflows.prepare import prepare


def _part(y: list[float]) -> Part:
    targets = np.array(y, np.float32)
    return Part(targets.reshape(-1, 1), targets, np.arange(len(y)))


def _config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_mean_and_deviation_of_the_training_rows() -> None:
    rows = Part(np.zeros((4, 1)), np.array([2.0, 4.0, 6.0, 1000.0], np.float32), np.array([0, 1, 2]))
    assert fit_target_scaling("standardize", rows) == TargetScaling(4.0, pytest.approx((8 / 3) ** 0.5))
    assert fit_target_scaling("none", rows) == TargetScaling(0.0, 1.0)


def test_a_constant_target_is_refused() -> None:
    with pytest.raises(SettingError, match="every training row has the target 7"):
        fit_target_scaling("standardize", _part([7, 7, 7]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: {source: iris, target_scaling: standardize}", "is for regression, but this is a classification task"),
        (
            "data: {source: diabetes, target_scaling: standardize}\ntraining: {loss: huber}",
            "does not fit the loss huber; use mean_squared_error or mean_absolute_error",
        ),
        (
            "data: {source: diabetes, target_scaling: standardize}\nmodel: {output: {activation: softplus}}",
            "needs a linear output, and model.output has softplus",
        ),
    ],
)
def test_what_it_does_not_fit(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        prepare(load_config(_config(tmp_path, text)))


def test_each_of_several_targets_has_its_own_numbers() -> None:
    y = np.array([[2, 100], [4, 100], [6, 400], [9, 0]], np.float32)
    found = fit_target_scaling("standardize", Part(np.zeros((4, 1)), y, np.array([0, 1, 2])))
    assert found.mean == (4.0, 200.0)
    assert found.deviation == (pytest.approx((8 / 3) ** 0.5), pytest.approx(20000**0.5))
    with pytest.raises(SettingError, match="every training row has in target 2 of 2 the value 100"):
        fit_target_scaling("standardize", Part(np.zeros((4, 1)), y, np.array([0, 1])))


def test_two_targets_are_given_back_in_their_units(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", x=np.arange(20.0).reshape(10, 2), y=np.arange(20.0).reshape(10, 2))
    text = "data: {source: two.npz, target_scaling: standardize, validation: null}"
    prepared = prepare(load_config(_config(tmp_path, text)))
    layers = planned_layers(prepared.plan, prepared.scaling, prepared.target_scaling)
    last: Any = layers[-1].component
    assert (last.offset, last.scale) == ([9.0, 10.0], [pytest.approx(33**0.5)] * 2)
    assert prepared.plan.as_metadata()["targets"] == 2


def test_the_plan_ends_in_the_targets_own_units(tmp_path: Path) -> None:
    plan = prepare(load_config(_config(tmp_path, "data: {source: diabetes, target_scaling: standardize}"))).plan
    assert [layer.component.keras_class for layer in plan.layers[-2:]] == ["Dense", "Rescaling"]
    assert plan.output.component.keras_class == "Dense"
    assert plan.as_metadata()["targets"] == 1
