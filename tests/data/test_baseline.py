"""The trivial guess and its scores."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from mlpcli.scoring.scores import baseline


def test_the_most_frequent_class_of_training_is_scored_elsewhere() -> None:
    result = baseline("classification", np.array([2, 2, 1]), np.array([2, 1, 1, 1]), ("0", "1", "세 번째"))
    assert result == {"name": 'always "세 번째"', "accuracy": 0.25}
    assert baseline("binary", np.array([1, 0]), np.array([0, 0]), ("a", "b")) == {"name": 'always "a"', "accuracy": 1.0}


def test_the_mean_by_hand() -> None:
    # mean 2; errors -1, 1, 4
    result = baseline("regression", np.array([1, 3], np.float32), np.array([1, 3, 6], np.float32), None)
    assert result == {
        "name": "always the mean (2)",
        "mae": 2.0,
        "rmse": pytest.approx(6**0.5),
        "r2": pytest.approx(r2_score([1, 3, 6], [2, 2, 2])),
    }


def test_the_mean_is_told_in_four_digits() -> None:
    y = np.array([152.0, 152.26], np.float32)
    assert baseline("regression", y, y, None)["name"] == "always the mean (152.1)"


def test_several_targets() -> None:
    train, held = (np.array([[0, 10], [2, 30]], np.float32), np.array([[1, 10], [3, 60]], np.float32))
    result = baseline("regression", train, held, None)
    assert result["name"] == "always the mean of each target"
    assert result["mae"] == pytest.approx((0 + 2 + 10 + 40) / 4)
    assert result["r2"] == pytest.approx(r2_score(held, np.tile([1, 20], (2, 1))))


@pytest.mark.parametrize(("held", "expected"), [([2, 2], 1.0), ([3, 3], 0.0)])
def test_r2_of_targets_that_do_not_vary(held: list[float], expected: float) -> None:
    result = baseline("regression", np.array([1.0, 3.0]), np.array(held), None)
    assert result["r2"] == expected
    assert result["r2"] == r2_score(held, [2, 2])
