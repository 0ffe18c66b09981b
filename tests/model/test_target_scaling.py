"""data.target_scaling: trained on standard scores, answered in the target's own units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlpcli.config.load_config import load_config
from mlpcli.data.dataset import Part
from mlpcli.data.scaling import TargetScaling, fit_target_scaling
from mlpcli.errors import ConfigError, SettingError
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
        ("data: {source: iris, target_scaling: standardize}", "is for numbers, but this is a classification task"),
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


def test_several_targets_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", x=np.arange(20.0).reshape(10, 2), y=np.arange(20.0).reshape(10, 2))
    with pytest.raises(ConfigError, match="is for one target, and there are 2"):
        prepare(load_config(_config(tmp_path, "data: {source: two.npz, target_scaling: standardize}")))


def test_the_plan_ends_in_the_targets_own_units(tmp_path: Path) -> None:
    plan = prepare(load_config(_config(tmp_path, "data: {source: diabetes, target_scaling: standardize}"))).plan
    assert [layer.component.keras_class for layer in plan.layers[-2:]] == ["Dense", "Rescaling"]
    assert plan.output.component.keras_class == "Dense"
    assert plan.as_metadata()["targets"] == 1
