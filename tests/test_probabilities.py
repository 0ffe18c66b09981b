"""Log loss and expected calibration error: by hand, and by scikit-learn."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from sklearn import metrics

from mlpcli.scoring.probabilities import (
    BINS,
    ProbabilityScores,
    class_probabilities,
    gives_probabilities,
    weights_note,
)


def _scores(true: list[int], outputs: object, batch: int = 100) -> dict[str, float]:
    scores, y, p = ProbabilityScores(), np.array(true), np.array(outputs, np.float32)
    for start in range(0, len(y), batch):
        scores.add(y[start : start + batch], p[start : start + batch])
    return scores.result()


def test_four_rows_of_two_classes_by_hand() -> None:
    """0.9, 0.9 and 0.88 lie in the bin (13/15, 14/15], where 2 of 3 are right; 0.6 alone in (8/15, 9/15] is right.

    Probabilities given there: 0.9 + 0.9 + 0.88 = 2.68 for 2 hits, and 0.6 for 1: (0.68 + 0.4) / 4.
    """
    found = _scores([1, 0, 1, 0], [[0.9], [0.1], [0.12], [0.4]])
    assert found["calibration_error"] == pytest.approx(0.27, abs=1e-6)
    assert found["log_loss"] == pytest.approx(-(log(0.9) + log(0.9) + log(0.12) + log(0.6)) / 4, rel=1e-6)


def test_bins_of_the_reliability_diagram_by_hand() -> None:
    """The rows of the test above, in the bins 14 of 15 and 9 of 15."""
    scores = ProbabilityScores()
    scores.add(np.array([1, 0, 1, 0]), np.array([[0.9], [0.1], [0.12], [0.4]], np.float32))
    bins = scores.bins()
    assert [number for number, rows in enumerate(bins["rows"]) if rows] == [8, 13]
    assert (bins["rows"][13], bins["rows"][8]) == (3, 1)
    assert (bins["confidence"][13], bins["accuracy"][13]) == (pytest.approx(2.68 / 3), pytest.approx(2 / 3))
    assert (bins["confidence"][8], bins["accuracy"][8]) == (pytest.approx(0.6), 1)
    assert (bins["confidence"][0], bins["accuracy"][0]) == (None, None)


def test_three_classes_by_hand() -> None:
    """0.7 is right and 0.5 wrong, in different bins: (0.3 + 0.5) / 2."""
    found = _scores([0, 2], [[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]])
    assert found["calibration_error"] == pytest.approx(0.4, abs=1e-6)
    assert found["log_loss"] == pytest.approx(-(log(0.7) + log(0.25)) / 2, rel=1e-6)


def test_in_one_bin_errors_of_both_signs_cancel() -> None:
    """Four rows of 75 %, three of which are right: calibrated."""
    assert _scores([1, 1, 1, 0], [[0.75]] * 4)["calibration_error"] == pytest.approx(0)


@pytest.mark.parametrize("outputs", [[[1.0], [0.0]], [[0.0, 1.0], [1.0, 0.0]]])
def test_certainty_has_a_finite_loss(outputs: list[list[float]]) -> None:
    right, wrong = _scores([1, 0], outputs), _scores([0, 1], outputs)
    assert (right["calibration_error"], wrong["calibration_error"]) == (0, 1)
    assert right["log_loss"] == pytest.approx(2**-23)
    assert wrong["log_loss"] == pytest.approx(23 * log(2))


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_random_outputs_against_scikit_learn_and_a_loop(classes: int) -> None:
    rng = np.random.default_rng(classes)
    logits = rng.normal(0, 3, (500, classes))
    outputs = 1 / (1 + np.exp(-logits)) if classes == 1 else np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    outputs = outputs.astype(np.float32)
    true = rng.integers(0, max(classes, 2), 500)
    found = _scores(true.tolist(), outputs, batch=64)
    whole = outputs[:, 0] if classes == 1 else outputs
    if classes > 1:
        # scikit-learn asks for rows that sum up to 1 in their own precision.
        whole = outputs / outputs.sum(axis=1, keepdims=True)
    expected = metrics.log_loss(true, whole, labels=list(range(max(classes, 2))))
    assert found["log_loss"] == pytest.approx(expected, rel=1e-5)
    assert found["calibration_error"] == pytest.approx(_by_loop(true, class_probabilities(outputs)))


def _by_loop(true: np.ndarray, p: np.ndarray) -> float:
    confidence, hits = p.max(axis=1), p.argmax(axis=1) == true
    error = 0.0
    for number in range(BINS):
        inside = (confidence > number / BINS) & (confidence <= (number + 1) / BINS)
        if inside.any():
            error += inside.mean() * abs(hits[inside].mean() - confidence[inside].mean())
    return error


def test_outputs_that_are_not_numbers_have_no_score() -> None:
    found = _scores([0, 1], [[np.nan], [0.5]])
    assert np.isnan([found["log_loss"], found["calibration_error"]]).all()


@pytest.mark.parametrize(
    ("activation", "units", "expected"),
    [("sigmoid", 1, True), ("softmax", 3, True), ("sigmoid", 3, False), ("tanh", 1, False), (None, 1, False)],
)
def test_which_outputs_are_probabilities(activation: str | None, units: int, expected: bool) -> None:
    assert gives_probabilities(activation, units) is expected


@pytest.mark.parametrize(
    ("setting", "train", "said"),
    [
        (None, [0, 0, 0, 1], False),
        ("balanced", [0, 0, 0, 1], True),
        ("balanced", [0, 1, 0, 1], False),
        ("balanced", None, True),  # unknown
        ({"a": 1, "b": 1.0}, [0, 0, 0, 1], False),
        ({"a": 1, "b": 0.0}, [0, 1], True),
    ],
)
def test_what_weights_do_to_probabilities_is_said(setting: object, train: list[int] | None, said: bool) -> None:
    note = weights_note(setting, None if train is None else np.array(train), 2)  # type: ignore[arg-type]
    assert (note is not None) is said
    if note is not None:
        assert "the probabilities are not frequencies" in note
        assert "output.threshold" in note
