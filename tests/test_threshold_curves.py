"""ROC and precision-recall curves: by hand, and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

import mlpcli.scoring.threshold_curves as module
from mlpcli.scoring.threshold_curves import MOST_CURVES, MOST_POINTS, WORST, ThresholdCurves, thinned

TWO = ("no", "yes")


def _result(true: Any, outputs: Any, names: tuple[str, ...] = TWO, batch: int = 100) -> tuple[dict[str, Any], Any]:
    y, p = np.array(true), np.array(outputs, np.float32)
    curves = ThresholdCurves(len(y), names, probabilities=True)
    for start in range(0, len(y), batch):
        curves.add(y[start : start + batch], p[start : start + batch])
    return curves.result()


def test_five_rows_by_hand() -> None:
    """By score: yes, no, yes, yes, no. Of the six pairs of a yes and a no, the yes is ahead in 4.

    Precision at the three yes: 1, 2/3, 3/4.
    """
    found, areas = _result([1, 0, 1, 1, 0], [[0.9], [0.8], [0.7], [0.6], [0.1]])
    assert found["roc_auc"] == pytest.approx(4 / 6)
    assert found["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert areas == [{}, {"roc_auc": found["roc_auc"], "average_precision": found["average_precision"]}]
    (roc,), (precise,) = (found["threshold_curves"][key] for key in ("roc", "precision_recall"))
    assert (roc["name"], precise["name"], precise["share"]) == ("yes", "yes", 0.6)
    corners = list(zip(roc["false_positive_rate"], roc["true_positive_rate"], strict=True))
    third = pytest.approx(1 / 3, abs=1e-6)
    assert corners == [(0, 0), (0, third), (0.5, third), (0.5, 1), (1, 1)]
    assert precise["recall"] == pytest.approx([1 / 3, 2 / 3, 1], abs=1e-6)
    assert precise["precision"] == pytest.approx([1, 2 / 3, 3 / 4], abs=1e-6)


def test_ties_count_half() -> None:
    """A yes and a no share a score, and another yes is below: 0.5 of the two pairs. Precision 1/2 there, then 2/3."""
    found, _ = _result([1, 0, 1], [[0.5], [0.5], [0.2]])
    assert found["roc_auc"] == pytest.approx(0.25)
    assert found["average_precision"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found["threshold_curves"]["roc"][0]["false_positive_rate"] == [0, 1, 1]


@pytest.mark.parametrize(("outputs", "area"), [([[0.1], [0.2], [0.8]], 1.0), ([[0.8], [0.9], [0.3]], 0.0)])
def test_all_right_and_all_wrong(outputs: list[list[float]], area: float) -> None:
    assert _result([0, 0, 1], outputs)[0]["roc_auc"] == area


@pytest.mark.parametrize("true", [[0, 0, 0], [1, 1, 1]])
def test_rows_of_one_class_have_no_curve(true: list[int]) -> None:
    assert _result(true, [[0.1], [0.2], [0.3]]) == ({}, [{}, {}])


def test_a_class_without_rows_is_left_out_of_the_mean() -> None:
    found, areas = _result([0, 1, 0], [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]], ("a", "b", "c"))
    assert areas[2] == {}
    assert found["roc_auc"] == pytest.approx((areas[0]["roc_auc"] + areas[1]["roc_auc"]) / 2)
    curves = found["threshold_curves"]
    assert (curves["classes"], [curve["name"] for curve in curves["roc"]]) == (2, [None, "a", "b"])


def test_scores_that_are_no_numbers_have_no_curve() -> None:
    assert _result([0, 1], [[np.nan], [0.3]]) == ({}, [{}, {}])


def _random(classes: int, rows: int, digits: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(classes)
    true = rng.integers(0, classes, rows)
    logits = rng.normal(0, 2, (rows, classes))
    logits[np.arange(rows), true] += 1.5
    outputs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return true, np.round(outputs, digits).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 3, 12])
@pytest.mark.parametrize("digits", [2, 9])
def test_areas_agree_with_scikit_learn(classes: int, digits: int) -> None:
    """Rounded to two digits, many scores are equal."""
    true, outputs = _random(classes, 600, digits)
    names = tuple(f"class {number}" for number in range(classes))
    found, _ = _result(true, outputs, names)
    expected = (true, outputs[:, 1]) if classes == 2 else (np.eye(classes)[true], outputs)
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(*expected))
    assert found["average_precision"] == pytest.approx(metrics.average_precision_score(*expected))


def test_points_agree_with_scikit_learn() -> None:
    """Its points lie on the curve, which has none in the middle of its level and upright parts."""
    true, outputs = _random(2, 150, 2)
    roc = _result(true, outputs)[0]["threshold_curves"]["roc"][0]
    x, y = np.array(roc["false_positive_rate"]), np.array(roc["true_positive_rate"])
    false, right, _ = metrics.roc_curve(true, outputs[:, 1], drop_intermediate=False)
    assert len(x) < len(false)
    assert np.interp(false + right, x + y, x) == pytest.approx(false, abs=1e-5)


def test_one_output_says_as_much_as_two() -> None:
    true, outputs = _random(2, 300, 9)
    assert _result(true, outputs)[0] == _result(true, outputs[:, 1:])[0]


def test_of_two_outputs_that_are_no_probabilities_the_difference_counts() -> None:
    curves = ThresholdCurves(2, TWO, probabilities=False)
    curves.add(np.array([0, 1]), np.array([[7.0, 6.0], [1.0, 2.0]], np.float32))
    assert curves.result()[0]["roc_auc"] == 1


@pytest.mark.parametrize("classes", [2, 4])
def test_of_too_many_scores_the_areas_are_near(classes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    true, outputs = _random(classes, 5000, 9)
    names = tuple(f"class {number}" for number in range(classes))
    exact, _ = _result(true, outputs, names)
    monkeypatch.setattr(module, "MOST_VALUES", 1000)
    near, _ = _result(true, outputs, names, batch=700)
    for area in module.AREAS:
        assert near[area] == pytest.approx(exact[area], abs=1e-3)
        assert near[area] != exact[area], "it was exact"


def test_curves_are_bounded() -> None:
    names = tuple(f"class {number}" for number in range(MOST_CURVES + 1))
    true, outputs = _random(len(names), 3000, 9)
    found, areas = _result(true, outputs, names)
    for key, area in (("roc", "roc_auc"), ("precision_recall", "average_precision")):
        mean, *worst = found["threshold_curves"][key]
        assert mean["name"] is None
        assert [curve["area"] for curve in worst] == sorted(one[area] for one in areas)[:WORST]
        for curve in (mean, *worst):
            lengths = {len(points) for points in curve.values() if isinstance(points, list)}
            assert lengths <= set(range(MOST_POINTS + 2))
    # The trapezoids of the mean curve have nearly the mean of the exact areas.
    roc = found["threshold_curves"]["roc"][0]
    assert metrics.auc(roc["false_positive_rate"], roc["true_positive_rate"]) == pytest.approx(roc["area"], abs=2e-3)


def test_thinned_curves_keep_their_ends_and_their_steps() -> None:
    """A step of one place among 10,000 is kept by way of its height."""
    x = np.linspace(0, 1, 10_000)
    y = np.where(x < 0.33333, 0.0, 1.0)
    few_x, few_y = thinned(x, y)
    assert len(few_x) <= MOST_POINTS
    assert (few_x[0], few_x[-1], few_y[0], few_y[-1]) == (0, 1, 0, 1)
    assert np.diff(few_x).max() < 0.02
    jump = int(np.flatnonzero(np.diff(few_y))[0])
    assert few_x[jump + 1] - few_x[jump] < 0.02
