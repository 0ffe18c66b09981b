from __future__ import annotations

import math

import pytest

from mlpcli.plotting.axis_limits import choose_scale, epoch_ticks

NAN, INF = math.nan, math.inf


def test_linear_with_a_twentieth_of_air() -> None:
    scale = choose_scale("loss", [[2.0, 1.0], [1.5, 1.2]])
    assert scale is not None and not scale.log and scale.remark == ""
    assert (scale.low, scale.high) == pytest.approx((0.95, 2.05))


def test_accuracy_hardly_passes_its_bounds() -> None:
    scale = choose_scale("val_accuracy", [[0.0, 1.0]])
    assert scale is not None
    assert (scale.low, scale.high) == pytest.approx((-0.01, 1.01))


@pytest.mark.parametrize(
    ("metric", "values", "log"),
    [
        ("loss", [2.0, 0.5, 0.019], True),  # 105 times
        ("loss", [2.0, 0.5, 0.021], False),  # 95 times, and the first 4 times the second
        ("loss", [2.6, 0.5, 0.4], True),  # first 5.2 times all the rest
        ("loss", [2.4, 0.5, 0.4], False),  # 4.8 times
        ("loss", [1e30, 2.0, 1.0], True),
        ("loss", [30.0, 2.0], False),  # one value is no rest to flatten
        ("accuracy", [0.001, 0.5, 1.0], False),
        ("loss", [2.0, 1.0, 0.0], False),
    ],
)
def test_log_scale(metric: str, values: list[float], log: bool) -> None:
    scale = choose_scale(metric, [values])
    assert scale is not None
    assert scale.log is log
    assert scale.remark == ("log scale" if scale.log else "")
    assert scale.low < min(values) and max(values) < scale.high


@pytest.mark.parametrize(
    ("metric", "curves", "limits", "said"),
    [
        ("r2", [[-50.0, 0.2, 0.6, 0.7], [-20.0, 0.1, 0.5, 0.6]], (0.07, 0.73), "epoch 1 is off the chart: -50"),
        ("accuracy", [[0.1, 0.96, 0.97, 0.98]], (0.959, 0.981), "epoch 1 is off the chart: 0.1"),
        ("accuracy", [[0.1, 0.96, 0.97, 0.98], [0.94] * 4], (0.938, 0.982), "epoch 1 is off the chart: 0.1"),
        ("loss", [[2.5, 0.5, 0.48, 0.46]], (0.458, 0.502), "epoch 1 is off the chart: 2.5"),  # flat on a log scale, too
        ("loss", [[-90.0, -80.0] + [-1.0, 1.0] * 19], (-1.1, 1.1), "of epochs 1 to 2, some are off the chart: -90"),
        ("loss", [[3e9, 3.0] + [-1.0, 1.0] * 19], (-1.2, 3.2), "epoch 1 is off the chart: 3e+09"),  # 3 is near
    ],
)
def test_a_wild_start_leaves_the_chart(
    metric: str, curves: list[list[float]], limits: tuple[float, float], said: str
) -> None:
    scale = choose_scale(metric, curves)
    assert scale is not None and not scale.log
    assert (scale.low, scale.high) == pytest.approx(limits)
    assert scale.off_chart == said


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([0.1, 0.86, 0.9, 0.96], []),  # the rest has a ninth of the height
        ([0.1, 0.97, 0.98], []),  # two epochs do not tell what is usual
        ([0.1, 1.0, 1.0, 1.0], []),  # nothing is flattened
        ([0.1, 0.96, 0.97, 0.98], [0.1]),  # the best epoch stays
    ],
)
def test_a_start_that_stays_on_the_chart(values: list[float], kept: list[float]) -> None:
    scale = choose_scale("accuracy", [values], kept)
    assert scale is not None and scale.off_chart == ""
    assert scale.low < min(values) and max(values) < scale.high


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5, 0.5], [0.0], [-3.0]])
def test_one_value_gets_a_range(values: list[float]) -> None:
    scale = choose_scale("loss", [values])
    assert scale is not None and scale.low < values[0] < scale.high


def test_gaps_do_not_count() -> None:
    scale = choose_scale("loss", [[NAN, 1.0, INF], [2.0, -INF, NAN], [1e308, -1e308]])
    assert scale is not None
    assert (scale.low, scale.high) == pytest.approx((0.95, 2.05))


@pytest.mark.parametrize("curves", [[], [[]], [[NAN, INF]]])
def test_nothing_finite(curves: list[list[float]]) -> None:
    assert choose_scale("loss", curves) is None


@pytest.mark.parametrize(
    ("first", "last", "most", "ticks"),
    [
        (1, 1, 10, [1]),
        (1, 2, 10, [1, 2]),
        (1, 9, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (1, 10, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (1, 12, 10, [1, 5, 10]),
        (1, 30, 10, [1, 5, 10, 15, 20, 25, 30]),
        (1, 60, 10, [1, 10, 20, 30, 40, 50, 60]),
        (1, 100, 10, [1, 20, 40, 60, 80, 100]),
        (1, 500, 10, [1, 100, 200, 300, 400, 500]),
        (1, 10**9, 5, [1, 500_000_000, 10**9]),
        (1, 4, 3, [1, 4]),
        (4, 30, 10, [4, 10, 15, 20, 25, 30]),
        (101, 104, 10, [101, 104]),
    ],
)
def test_epochs_are_counted_from_the_first_in_round_steps(first: int, last: int, most: int, ticks: list[int]) -> None:
    assert epoch_ticks(first, last, most) == ticks
