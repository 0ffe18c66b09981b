"""Scores: an example by hand, and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from mlpcli.scoring.probabilities import predicted_classes
from mlpcli.scoring.scores import SAMPLE_POINTS, ClassScores, RegressionScores, fitted_curve

NAMES = ("cat", "dog", "풀")


def _class_scores(true: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    scores = ClassScores(NAMES)
    scores.add(true, predicted)
    return scores.result()


def _regression_scores(true: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    scores = RegressionScores(len(true))
    scores.add(true, predicted)
    return scores.result()


def test_three_classes_by_hand() -> None:
    # true:      cat cat cat dog dog 풀
    # predicted: cat cat dog dog 풀  풀
    scores = _class_scores(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 2]))
    assert scores["confusion_matrix"] == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert scores["accuracy"] == pytest.approx(4 / 6)
    assert scores["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert scores["macro_f1"] == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)
    assert scores["per_class"][0] == pytest.approx(
        {"name": "cat", "precision": 1, "recall": 2 / 3, "f1": 0.8, "support": 3}
    )
    assert scores["per_class"][2] == pytest.approx(
        {"name": "풀", "precision": 0.5, "recall": 1, "f1": 2 / 3, "support": 1}
    )


@pytest.mark.parametrize(
    ("true", "predicted"),
    [
        ([0, 1, 2, 2, 1, 0, 0], [0, 2, 1, 2, 1, 1, 0]),
        ([0, 1, 0, 1], [0, 0, 0, 1]),  # the third class neither occurs nor is predicted
        ([0, 1, 2, 2], [0, 0, 0, 0]),  # two classes are never predicted
        ([2], [2]),
    ],
)
def test_classes_agree_with_scikit_learn(true: list[int], predicted: list[int]) -> None:
    scores = _class_scores(np.array(true), np.array(predicted))
    labels = [0, 1, 2]
    assert scores["confusion_matrix"] == metrics.confusion_matrix(true, predicted, labels=labels).tolist()
    expected = metrics.precision_recall_fscore_support(true, predicted, labels=labels, zero_division=0)
    for row, *numbers in zip(scores["per_class"], *expected, strict=True):
        assert [row["precision"], row["recall"], row["f1"], row["support"]] == pytest.approx(numbers)
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(true, predicted))
    # Over the classes that occur or are predicted, as scikit-learn does where it is given no labels.
    assert scores["macro_f1"] == pytest.approx(metrics.f1_score(true, predicted, average="macro", zero_division=0))


def test_balanced_accuracy_agrees_with_scikit_learn() -> None:
    true, predicted = [0, 1, 1, 1, 1, 0], [0, 1, 1, 0, 1, 1]
    scores = _class_scores(np.array(true), np.array(predicted))
    assert scores["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, predicted))


@pytest.mark.parametrize(
    ("outputs", "threshold", "classes"),
    [
        ([[0.2, 0.5, 0.3], [0.9, 0.0, 0.1]], 0.5, [1, 0]),
        ([[0.4], [0.5], [0.6]], 0.5, [0, 0, 1]),
        ([[-0.1], [0.1]], 0.0, [0, 1]),
    ],
)
def test_the_class_of_an_output(outputs: list[list[float]], threshold: float, classes: list[int]) -> None:
    assert predicted_classes(np.array(outputs), threshold).tolist() == classes


def test_regression_by_hand() -> None:
    scores = _regression_scores(np.array([[1.0], [2.0], [6.0]]), np.array([[2.0], [2.0], [4.0]]))
    assert scores["mae"] == pytest.approx(1.0)
    assert scores["rmse"] == pytest.approx((5 / 3) ** 0.5)
    assert scores["r2"] == pytest.approx(1 - 5 / 14)
    assert scores["sample"] == {"true": [1.0, 2.0, 6.0], "predicted": [2.0, 2.0, 4.0]}


@pytest.mark.parametrize(
    ("true", "predicted"),
    [
        ([[1, 10], [2, 30], [4, 20]], [[1.5, 12], [1, 28], [4, 26]]),  # two targets
        ([[3], [3], [3]], [[3], [3], [3]]),  # no spread, no error
        ([[3], [3], [3]], [[3], [4], [2]]),  # no spread, and errors
        ([[1], [2]], [[9], [-9]]),
    ],
)
def test_regression_agrees_with_scikit_learn(true: list[list[float]], predicted: list[list[float]]) -> None:
    scores = _regression_scores(np.array(true, np.float32), np.array(predicted, np.float32))
    assert scores["mae"] == pytest.approx(metrics.mean_absolute_error(true, predicted))
    assert scores["r2"] == pytest.approx(metrics.r2_score(true, predicted))
    assert scores["rmse"] == pytest.approx(metrics.mean_squared_error(true, predicted) ** 0.5)


def test_a_large_regression_keeps_a_sample() -> None:
    true = np.arange(10_000.0).reshape(-1, 1)
    sample = _regression_scores(true, true)["sample"]
    assert len(sample["true"]) == len(sample["predicted"]) == SAMPLE_POINTS
    assert (sample["true"][0], sample["true"][-1]) == (0, 9999)


def test_the_largest_errors_are_kept_whatever_the_batches() -> None:
    """Errors 1 to 7 in no order, in batches of two rows; the first of two equal ones comes first."""
    true = np.array([[10.0], [20.0], [30.0], [40.0], [50.0], [60.0], [70.0]])
    scores = RegressionScores(len(true))
    predicted = true + np.array([[3.0], [-7.0], [1.0], [5.0], [4.0], [2.0], [-5.0]])
    for start in range(0, len(true), 2):
        scores.add(true[start : start + 2], predicted[start : start + 2])
    assert scores.result()["largest_errors"] == {"true": [20, 40, 70, 50, 10], "predicted": [13, 45, 65, 54, 13]}


def test_the_largest_errors_of_each_target() -> None:
    scores = RegressionScores(2)
    scores.add(np.array([[1.0, 5.0], [2.0, 6.0]]), np.array([[1.5, 9.0], [2.75, 6.0]]))
    assert scores.result()["largest_errors"] == {
        "true": [[2.0, 5.0], [1.0, 6.0]], "predicted": [[2.75, 9.0], [1.5, 6.0]],
    }  # fmt: skip


def test_of_one_input_the_sample_keeps_the_inputs() -> None:
    """Two batches of three rows in all."""
    scores = RegressionScores(3)
    scores.add(np.array([[1.0], [2.0]]), np.array([[1.0], [2.5]]), np.array([[10], [20]]))
    scores.add(np.array([[3.0]]), np.array([[3.0]]), np.array([[30]]))
    assert scores.result()["sample"] == {"true": [1, 2, 3], "predicted": [1, 2.5, 3], "input": [10, 20, 30]}


def test_units_of_the_targets_where_they_are_known() -> None:
    one, two = RegressionScores(1), RegressionScores(1)
    one.add(np.array([[1.0]]), np.array([[1.0]]))
    two.add(np.array([[1.0, 2.0]]), np.array([[1.0, 2.0]]))
    assert one.result(("mileage",), ("kmpl",))["target_unit"] == "kmpl"
    assert "target_unit" not in one.result(("mileage",), ("",))
    assert [target.get("unit") for target in two.result(("a", "b"), ("", "kg"))["targets"]] == [None, "kg"]


def test_the_curve_goes_from_the_lowest_input_to_the_highest() -> None:
    class Doubles:
        def predict(self, part: Any) -> np.ndarray:
            return 2 * part.x[part.indices]

    curve = fitted_curve(Doubles(), [3.0, 1.0, 2.0])  # type: ignore[arg-type]
    assert len(curve["input"]) == len(curve["predicted"]) == 201
    assert (curve["input"][0], curve["input"][-1], curve["predicted"][-1]) == (1, 3, 6)
