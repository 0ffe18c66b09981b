"""The temperature: by hand, against SciPy, and where there is none."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from mlpcli.data.dataset import Part
from mlpcli.scoring.calibration import best_temperature, calibrate, scores_without, with_temperature


def test_one_unit_by_hand() -> None:
    """Logit 2 is right for 3 of 4 rows: sigmoid(2 / T) = 3 / 4, so that T = 2 / ln 3; with -2 the same."""
    assert best_temperature(np.full((4, 1), 2.0), np.array([1, 1, 1, 0])) == float(f"{2 / log(3):.4g}")
    assert best_temperature(np.array([[2.0], [-2], [-2], [2]]), np.array([1, 0, 0, 0])) == 1.82


def test_three_classes_by_hand() -> None:
    """Logits (3, 0, 0) are right for half of the rows: e^(3 / T) = 2, so that T = 3 / ln 2."""
    logits = np.tile([3.0, 0, 0], (4, 1))
    assert best_temperature(logits, np.array([0, 0, 1, 2])) == float(f"{3 / log(2):.4g}")


def test_logits_that_are_right_already_have_temperature_1() -> None:
    """ln 3 gives 3 / 4, and three of four rows are of that class."""
    assert best_temperature(np.full((4, 1), log(3)), np.array([1, 1, 1, 0])) == 1


@pytest.mark.parametrize("classes", [2, 3, 20])
@pytest.mark.parametrize("scale", [0.3, 1, 8])
def test_random_logits_against_scipy(classes: int, scale: float) -> None:
    rng = np.random.default_rng(classes)
    logits = rng.normal(0, 2, (400, classes))
    true = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)  # drawn from softmax(logits)
    z = (scale * logits).astype(np.float32)

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(z / np.exp(log_temperature), axis=1)[np.arange(400), true].mean())

    expected = np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9}).x)
    assert best_temperature(z, true) == pytest.approx(expected, rel=2e-4)


def test_members_that_agree_have_the_temperature_of_one() -> None:
    assert best_temperature(np.full((4, 3, 1), 2.0), np.array([1, 1, 1, 0])) == 1.82
    assert best_temperature(np.tile([3.0, 0, 0], (4, 2, 1)), np.array([0, 0, 1, 2])) == float(f"{3 / log(2):.4g}")


@pytest.mark.parametrize("classes", [2, 5])
def test_the_mean_of_members_against_scipy(classes: int) -> None:
    rng = np.random.default_rng(classes)
    logits = rng.normal(0, 2, (400, classes))
    true = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    z = 4 * (logits[:, np.newaxis] + rng.normal(0, 1, (400, 3, classes)))

    def loss(log_temperature: float) -> float:
        mean = softmax(z / np.exp(log_temperature), axis=-1).mean(axis=1)
        return -float(np.log(mean[np.arange(400), true]).mean())

    expected = np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9}).x)
    assert best_temperature(z, true) == pytest.approx(expected, rel=2e-4)
    if classes == 2:
        difference = z[..., 1:] - z[..., :1]
        assert best_temperature(difference, true) == pytest.approx(expected, rel=2e-4)


def test_a_member_that_is_wrong_beyond_all_doubt_counts_for_nothing() -> None:
    """It gives every true class a probability of 0; the other's logits are those of the test by hand."""
    logits = np.array([[-50_000.0, z] for z in (2, 2, 2, -2)])[..., np.newaxis]
    assert best_temperature(logits, np.ones(4, int)) == 1.82


@pytest.mark.parametrize(
    ("logits", "true"),
    [
        ([[1.0], [-1], [3]], [1, 0, 1]),  # all are right: the colder, the better
        ([[1.0], [-1]], [0, 1]),  # all are wrong: the hotter, the better
        ([[0.0], [0]], [0, 1]),  # nothing to divide
        ([[500.0], [500], [-500]], [1, 0, 0]),  # would be 721
        ([[2.0, 1, 0]], [0]),  # two classes have no row
    ],
)
def test_where_no_temperature_is_the_best_there_is_none(logits: list[list[float]], true: list[int]) -> None:
    assert best_temperature(np.array(logits, np.float32), np.array(true)) is None


def test_weights_of_the_output_are_divided_and_others_stay() -> None:
    weights = [np.ones((3, 2), np.float32), np.ones(2, np.float32), np.full((2, 4), 6, np.float32), np.arange(4.0)]
    found = with_temperature(weights, 2, 3.0)
    assert [array is own for array, own in zip(found, weights, strict=True)] == [True, True, False, False]
    assert found[2].tolist() == np.full((2, 4), 2).tolist()
    assert found[2].dtype == np.float32
    np.testing.assert_allclose(found[3] * 3, np.arange(4))


class Linear:
    """Gives its rows out as logits."""

    def logits(self, part: Part) -> Any:
        for start in range(0, len(part), 3):
            rows = part.indices[start : start + 3]
            yield rows, part.x[rows]


def test_scores_before_and_after_by_hand() -> None:
    """sigmoid(2) = 0.8808 for rows of which 3 / 4 are right; at the temperature it is 3 / 4."""
    part = Part(np.full((5, 1), 2.0), np.array([0, 1, 1, 1, 0]), np.array([1, 2, 3, 4]))
    found = calibrate(Linear(), part, "validation", 1)  # type: ignore[arg-type]
    sure = 1 / (1 + np.exp(-2))
    assert (found.temperature, found.rows) == (1.82, 4)
    assert found.before == pytest.approx(
        {"log_loss": -(3 * log(sure) + log(1 - sure)) / 4, "calibration_error": sure - 0.75}
    )
    assert found.after["calibration_error"] == pytest.approx(0, abs=1e-3)
    assert found.after["log_loss"] == pytest.approx(-(3 * log(0.75) + log(0.25)) / 4, rel=1e-5)
    assert "comes from 4 validation rows" in str(found.warning)


def test_of_very_many_logits_it_is_that_of_rows_evenly_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second row: three of four are right, as in the test above; of all rows, three of eight are."""
    monkeypatch.setattr("mlpcli.scoring.calibration.MOST_LOGITS", 4)
    part = Part(np.full((8, 1), 2.0), np.array([1, 0, 1, 0, 1, 0, 0, 0]), np.arange(8))
    found = calibrate(Linear(), part, "validation", 1)  # type: ignore[arg-type]
    assert (found.temperature, found.rows) == (1.82, 4)


def test_a_temperature_can_be_undone() -> None:
    part = Part(np.array([[2 / 1.82], [2 / 1.82]]), np.array([1, 0]), np.arange(2))
    sure = 1 / (1 + np.exp(-2))
    found = scores_without(Linear(), part, 1.82).result()  # type: ignore[arg-type]
    assert found == pytest.approx(
        {"log_loss": -(log(sure) + log(1 - sure)) / 2, "calibration_error": sure - 0.5}, rel=1e-6
    )
