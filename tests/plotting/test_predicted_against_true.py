from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mlpcli.plotting.predicted_against_true import predicted_against_true_figure, title_of

SCORES = {"split": "test", "rows": 3, "r2": 0.47721, "mae": 41.93, "rmse": 53.5}


def evaluation(true: list[float], predicted: list[float], **more: Any) -> dict[str, Any]:
    return SCORES | {"sample": {"true": true, "predicted": predicted}} | more


def test_dots_and_diagonal() -> None:
    figure = predicted_against_true_figure(evaluation([0.0, 10.0, 4.0], [1.0, 9.0, 5.0], target_name="무게 $kg$"))
    axes = figure.axes[0]
    assert np.asarray(axes.collections[0].get_offsets()).tolist() == [[0, 1], [10, 9], [4, 5]]
    assert axes.get_xlim() == axes.get_ylim() == (-0.5, 10.5)
    assert np.asarray(axes.lines[0].get_xydata()).tolist() == [[-0.5, -0.5], [10.5, 10.5]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("true 무게 $kg$", "predicted 무게 $kg$")
    assert not axes.xaxis.label.get_parse_math()


def test_the_unit_of_the_target() -> None:
    axes = predicted_against_true_figure(evaluation([1.0], [2.0], target_name="mileage", target_unit="kmpl")).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("true mileage (kmpl)", "predicted mileage (kmpl)")


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({}, "test: R² 0.4772, MAE 41.93, RMSE 53.5 on 3 rows"),
        ({"rows": 5000}, "test: R² 0.4772, MAE 41.93, RMSE 53.5 on 5,000 rows (3 shown)"),
        ({"r2": None}, "test: MAE 41.93, RMSE 53.5 on 3 rows"),
    ],
)
def test_title(more: dict[str, Any], title: str) -> None:
    assert title_of(SCORES | more, shown=3) == title


@pytest.mark.parametrize(
    ("true", "predicted", "dots"),
    [([1.0], [1.0], 1), ([], [], 0), ([1.0, math.nan, 3.0], [1.0, 2.0, math.inf], 1), ([0.0, 0.0], [0.0, 0.0], 2)],
)
def test_few_or_odd_values(true: list[float], predicted: list[float], dots: int) -> None:
    axes = predicted_against_true_figure(evaluation(true, predicted, target_name=None)).axes[0]
    assert len(np.asarray(axes.collections[0].get_offsets())) == dots
    low, high = axes.get_xlim()
    assert low < high
    assert axes.get_xlabel() == "true value"


def test_as_many_predicted_as_true() -> None:
    with pytest.raises(ValueError, match="2 true and 1 predicted"):
        predicted_against_true_figure(evaluation([1.0, 2.0], [1.0]))


def test_a_panel_for_each_of_several_targets() -> None:
    true, predicted = [[0.0, 5.0], [10.0, 7.0]], [[1.0, 5.0], [9.0, 6.0]]
    each = [{"name": "키", "mae": 1.0, "rmse": 1.0, "r2": 0.96}, {"name": "weight", "mae": 0.5, "rmse": 0.7, "r2": 0.5}]
    figure = predicted_against_true_figure(SCORES | {"sample": {"true": true, "predicted": predicted}, "targets": each})
    assert [axes.get_xlabel() for axes in figure.axes] == ["true 키", "true weight"]
    assert [np.asarray(axes.collections[0].get_offsets()).tolist() for axes in figure.axes] == [
        [[0, 1], [10, 9]], [[5, 5], [7, 6]]
    ]  # fmt: skip
    assert figure.axes[1].get_title() == "R² 0.5, MAE 0.5, RMSE 0.7"
    assert figure.get_suptitle().endswith("on 3 rows (2 shown), mean of 2 targets")


def test_the_first_twelve_of_many_targets_without_names() -> None:
    values = np.arange(26.0).reshape(2, 13).tolist()
    each = [{"name": None, "mae": 0.0, "rmse": 0.0, "r2": 1.0}] * 13
    axes = predicted_against_true_figure({"sample": {"true": values, "predicted": values}, "targets": each}).axes
    assert [one.get_ylabel() for one in axes] == [f"predicted value {index + 1}" for index in range(12)]
