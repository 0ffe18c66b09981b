"""The curve of a model with one input: dots, line, and the equation where it is one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mlpcli.plotting.fitted_curve import equation, fitted_curve_figure


def evaluation(y: list[float], curve: list[float], **more: Any) -> dict[str, Any]:
    x = [float(index) for index in range(len(y))]
    curve_x = [float(index) for index in range(len(curve))]
    found = {"split": "train", "rows": len(y), "r2": 0.5, "mae": 1.0, "rmse": 2.0}
    return found | {"sample": {"input": x, "true": y}, "curve": {"input": curve_x, "predicted": curve}} | more


def test_dots_and_line() -> None:
    figure = fitted_curve_figure(evaluation([1.0, 2.0, 6.0], [1.0, 3.0, 5.0], target_name="무게 $kg$", input_name="키"))
    axes = figure.axes[0]
    assert np.asarray(axes.collections[0].get_offsets()).tolist() == [[0, 1], [1, 2], [2, 6]]
    assert np.asarray(axes.lines[0].get_xydata()).tolist() == [[0, 1], [1, 3], [2, 5]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("키", "무게 $kg$")
    assert axes.lines[0].get_label() == "무게 $kg$ = 2 x 키 + 1"


def test_the_unit_of_the_target() -> None:
    figure = fitted_curve_figure(evaluation([1.0], [1.0, 2.0, 1.0], target_name="weight", target_unit="kg"))
    assert figure.axes[0].get_ylabel() == "weight (kg)"


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([1.0, 3.0, 5.0], "y = 2 x x + 1"),
        ([-1.0, -1.5, -2.0], "y = -0.5 x x - 1"),
        ([7.0, 7.0, 7.0], "y = 0 x x + 7"),
        ([1e6, 2e6, 3e6 + 1], "y = 1e+06 x x + 1e+06"),
        ([1.0, 3.0, 5.1], None),
        ([0.0, 1.0, 0.0], None),
        ([1.0], None),
    ],
)
def test_a_straight_curve_is_said(y: list[float], said: str | None) -> None:
    assert equation(np.arange(len(y), dtype=float), np.array(y), "x", "y") == said


def test_equal_inputs_have_no_line() -> None:
    assert equation(np.ones(3), np.array([1.0, 2.0, 3.0]), "x", "y") is None


def test_a_bent_curve_is_the_model_and_what_cannot_be_drawn_is_left_out() -> None:
    axes = fitted_curve_figure(evaluation([1.0, math.nan], [1.0, math.inf, 2.0, 0.0])).axes[0]
    assert axes.lines[0].get_label() == "model"
    assert len(np.asarray(axes.collections[0].get_offsets())) == 1
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")


def test_as_many_predicted_as_inputs() -> None:
    broken = evaluation([1.0], [1.0]) | {"curve": {"input": [1.0, 2.0], "predicted": [1.0]}}
    with pytest.raises(ValueError, match="has 2 values of input and 1 of predicted"):
        fitted_curve_figure(broken)
