"""The best threshold: by hand, and against every threshold tried with scikit-learn's scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from mlpcli.config.metrics import AUC, Accuracy, BinaryAccuracy, F1Score, Precision
from mlpcli.config.thresholds import Cost, CostThreshold
from mlpcli.data.dataset import Part
from mlpcli.modelfile.chosen_threshold import _moved
from mlpcli.scoring.thresholds import best_threshold, choose_threshold, described, gained

P = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.9], np.float32)
TRUE = np.array([0, 0, 1, 0, 1, 1], bool)


def _cost(false_positive: float, false_negative: float) -> CostThreshold:
    return CostThreshold(cost=Cost(false_positive=false_positive, false_negative=false_negative))


def test_six_rows_by_hand() -> None:
    """F1 above 0.25: 3 hits, 1 false alarm, 6/7; above 0.5: 2 hits, 1 missed, 4/5. Balanced: 5/6 at both places."""
    assert best_threshold(P, TRUE, "f1") == pytest.approx(0.25)
    assert best_threshold(P, TRUE, "balanced_accuracy") == pytest.approx(0.5), "the wider of two: 0.4 to 0.6"
    # A false alarm costs 5 times as much as a miss: no row that is not of the class may be above it.
    assert best_threshold(P, TRUE, _cost(5, 1)) == pytest.approx(0.5)
    assert best_threshold(P, TRUE, _cost(1, 5)) == pytest.approx(0.25)
    assert best_threshold(P, TRUE, _cost(0.1, 0.5)) == best_threshold(P, TRUE, _cost(1, 5)), "the ratio decides"


def test_it_may_be_best_that_one_class_is_never_predicted() -> None:
    worst = np.array([0.8, 0.6, 0.4], np.float32)
    assert best_threshold(worst, np.array([False, True, True]), _cost(1, 50)) == pytest.approx(0.2), "0 to 0.4"
    assert best_threshold(worst, np.array([False, False, True]), _cost(50, 1)) == pytest.approx(0.9), "0.8 to 1"


def test_equal_probabilities_are_never_parted() -> None:
    same = np.array([0.5, 0.5, 0.5, 0.7], np.float32)
    assert best_threshold(same, np.array([True, False, False, True]), "balanced_accuracy") == pytest.approx(0.6)
    assert best_threshold(np.full(3, 0.3, np.float32), np.array([True, False, True]), "f1") == pytest.approx(0.15)


def test_between_neighbouring_numbers_the_lower_one_parts_them() -> None:
    low = np.float32(0.5)
    high = np.nextafter(low, np.float32(1))
    found = best_threshold(np.array([low, high]), np.array([False, True]), "f1")
    assert (np.array([low, high]) > found).tolist() == [False, True]


def test_probabilities_of_0_and_1() -> None:
    found = best_threshold(np.array([0, 1], np.float32), np.array([False, True]), "f1")
    assert found == 0.5
    wrong = best_threshold(np.array([0, 1], np.float32), np.array([True, False]), "balanced_accuracy")
    assert 0 <= wrong <= 1


GOALS: dict[str, Any] = {
    "f1": lambda true, chosen: metrics.f1_score(true, chosen, zero_division=0),
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "cost": lambda true, chosen: -((chosen & ~true).sum() + 5 * (~chosen & true).sum()),
}


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("seed", range(3))
def test_no_threshold_is_better_for_random_rows(goal: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.random(60) < 0.25
    outputs = np.round(1 / (1 + np.exp(-rng.normal(2.0 * true - 1.5, 1.5))), 1).astype(np.float32)
    found = best_threshold(outputs, true, _cost(1, 5) if goal == "cost" else goal)  # type: ignore[arg-type]
    score = GOALS[goal]
    tried = [score(true, outputs > threshold) for threshold in (-1, *np.unique(outputs))]
    assert score(true, outputs > found) == pytest.approx(max(tried))


class Given:
    """Answers with the inputs, in two batches."""

    def batches(self, part: Part) -> Any:
        for rows in np.array_split(part.indices, 2):
            yield rows, part.x[rows]


def _chosen(goal: Any, true: np.ndarray = TRUE) -> Any:
    part = Part(P.reshape(-1, 1), true.astype(np.int64), np.arange(6))
    return choose_threshold(Given(), part, goal, "validation", "yes", 0.5)  # type: ignore[arg-type]


def test_what_is_said_of_it() -> None:
    found = _chosen("f1")
    assert (found.value, found.at_default) == pytest.approx((6 / 7, 4 / 5))
    assert described(found.as_metadata()) == 'threshold 0.25, best for f1 of "yes" on 6 validation rows'
    assert gained(found.as_json()).endswith(
        ": 0.8571, and 0.8000 without it; predict and evaluate use it with --threshold best"
    )
    cost = _chosen(_cost(1, 5))
    assert (cost.goal, cost.value, cost.at_default) == ("cost", pytest.approx(1 / 6), pytest.approx(5 / 6))


def test_of_very_many_rows_it_is_that_of_rows_evenly_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.scoring.thresholds.MOST_OUTPUTS", 3)
    expected = best_threshold(P[::2], TRUE[::2], "f1")
    assert (_chosen("f1").threshold, _chosen("f1").rows) == (expected, 3)
    assert expected != best_threshold(P, TRUE, "f1")


def test_of_one_class_none_is_best() -> None:
    found = _chosen("f1", np.ones(6, bool))
    assert found.threshold is None
    assert "have one class only" in str(found.warning)


def test_metrics_follow_the_threshold_unless_they_have_one_of_their_own() -> None:
    accuracy = _moved(Accuracy.model_validate("acc"), 0.5, 0.3)
    assert isinstance(accuracy, BinaryAccuracy)
    assert (accuracy.name, accuracy.threshold) == ("acc", 0.3)
    assert _moved(Precision.model_validate("precision"), 0.5, 0.3).thresholds == 0.3
    own = Precision.model_validate({"precision": {"thresholds": 0.7}})
    assert _moved(own, 0.5, 0.3) is own
    f1 = F1Score.model_validate({"f1_score": {"threshold": 0.5}})
    assert _moved(f1, 0.5, 0.3).threshold == 0.3
    auc = AUC.model_validate("auc")
    assert _moved(auc, 0.5, 0.3) is auc
