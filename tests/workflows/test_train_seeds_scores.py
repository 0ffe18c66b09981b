"""Mean and spread, worked by hand."""

from __future__ import annotations

import math

import pytest

from mlpcli.workflows.series import spread


def test_mean_and_sample_standard_deviation() -> None:
    found = spread([2, 4, 4, 4, 5, 5, 7, 9])  # mean 5, squared distances 9+1+1+1+0+0+4+16 = 32, and 32 / 7
    assert (found["mean"], found["lowest"], found["highest"]) == (5, 2, 9)
    assert found["standard_deviation"] == pytest.approx(math.sqrt(32 / 7))
    assert found["values"] == [2, 4, 4, 4, 5, 5, 7, 9]


def test_one_value_has_no_deviation() -> None:
    assert spread([0.5]) == {
        "mean": 0.5, "standard_deviation": None, "lowest": 0.5, "highest": 0.5, "values": [0.5],
    }  # fmt: skip


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [1.0, math.inf], [None, 1.0]])
def test_without_every_value_there_is_no_mean(values: list[float | None]) -> None:
    found = spread(values)
    assert {found[key] for key in ("mean", "standard_deviation", "lowest", "highest")} == {None}
