"""Every loss: values worked by hand, scikit-learn's, and slopes beside central differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_absolute_percentage_error, mean_squared_log_error

from mlpcli.config.base import Component
from mlpcli.config.losses import LOSSES, CategoricalCrossentropy
from mlpcli.errors import NeedsKerasError
from mlpcli.numpy_engine.activations import softmax
from mlpcli.numpy_engine.crossentropy import SoftmaxCrossentropy
from mlpcli.numpy_engine.losses import Penalty
from mlpcli.numpy_engine.numpy_objective import loss_class, loss_named, make_loss

NAMES = [cls.keras_class for cls in LOSSES]
ONE_HOT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
SHARES = np.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
NUMBERS = np.array([[1.0, 2.0], [3.0, 5.0]])
GUESSES = np.array([[2.0, 2.0], [3.0, 2.0]])
LOG_COSH_1, LOG_COSH_3 = math.log(math.cosh(1)), math.log(math.cosh(3))

BY_HAND: list[tuple[str, dict[str, Any], Any, Any, float]] = [
    ("SparseCategoricalCrossentropy", {}, np.array([0, 2]), SHARES, math.log(2)),
    ("CategoricalCrossentropy", {}, ONE_HOT, SHARES, math.log(2)),
    ("CategoricalCrossentropy", {"label_smoothing": 0.3}, ONE_HOT, SHARES, 0.8 * math.log(2) + 0.2 * math.log(4)),
    ("BinaryCrossentropy", {}, ONE_HOT, SHARES, (math.log(2) - 2 * math.log(0.75)) / 3),
    ("KLDivergence", {}, ONE_HOT, SHARES, math.log(2)),
    ("MeanSquaredError", {}, NUMBERS, GUESSES, 2.5),
    ("MeanAbsoluteError", {}, NUMBERS, GUESSES, 1.0),
    ("MeanAbsolutePercentageError", {}, NUMBERS, GUESSES, 40.0),
    ("MeanSquaredLogarithmicError", {}, NUMBERS, GUESSES, (math.log(1.5) ** 2 + math.log(2) ** 2) / 4),
    ("Huber", {"delta": 2.0}, NUMBERS, GUESSES, (0.5 + 4.0) / 4),
    ("LogCosh", {}, NUMBERS, GUESSES, (LOG_COSH_1 + LOG_COSH_3) / 4),
    ("Poisson", {}, NUMBERS, GUESSES, 9 / 4 - (math.log(2) * 8 + math.log(3) * 3) / 4),
    ("CosineSimilarity", {}, np.array([[1.0, 0.0]]), np.array([[3.0, 4.0]]), -0.6),
    ("Hinge", {}, ONE_HOT, SHARES, (0.5 + 1.25 + 1.25) / 3),
    ("SquaredHinge", {}, ONE_HOT, SHARES, (0.25 + 2 * 1.5625) / 3),
    ("CategoricalHinge", {}, ONE_HOT, SHARES, 0.75),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT, SHARES, 0.25 * 0.25 * math.log(2)),
    ("BinaryFocalCrossentropy", {}, ONE_HOT, SHARES, (0.25 * math.log(2) - 0.125 * math.log(0.75)) / 3),
    ("Dice", {}, ONE_HOT, SHARES, 1 - 2 * 1 / 4),
    ("Tversky", {"alpha": 1.0, "beta": 0.0}, ONE_HOT, SHARES, 1 - 1 / (1 + 1)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "y", "p", "expected"), BY_HAND)
def test_values(name: str, arguments: dict[str, Any], y: Any, p: Any, expected: float) -> None:
    assert loss_named(name, arguments).value(y, p, None) == pytest.approx(expected, abs=5e-6)


def test_every_loss_of_the_schema_is_here_and_worked_by_hand() -> None:
    assert {*NAMES} == {case[0] for case in BY_HAND}
    assert [name for name in NAMES if loss_class(name) is None] == []


def test_a_loss_that_is_not_here_is_left_to_keras() -> None:
    class Circle(Component, tag="circle"):
        family = "losses"

    with pytest.raises(NeedsKerasError, match="the loss Circle needs Keras: the NumPy engine lacks it"):
        make_loss(Circle())


def test_only_losses_are_found_by_their_names() -> None:
    assert loss_class("Penalty") is None  # a class beside the losses
    assert loss_class("softplus") is None


def test_scikit_learn_agrees() -> None:
    draw = np.random.default_rng(0)
    z = draw.normal(size=(50, 4))
    classes, p = draw.integers(0, 4, 50), softmax(z)
    for logits in (None, z):
        value = loss_named("SparseCategoricalCrossentropy", {}).value(classes, p, logits)
        assert value == pytest.approx(log_loss(classes, p, labels=range(4)), rel=1e-9)
    y, guesses = draw.uniform(1, 5, (20, 1)), draw.uniform(1, 5, (20, 1))
    percent = loss_named("MeanAbsolutePercentageError", {}).value(y, guesses, None)
    assert percent == pytest.approx(100 * mean_absolute_percentage_error(y, guesses))
    logarithmic = loss_named("MeanSquaredLogarithmicError", {}).value(y, guesses, None)
    assert logarithmic == pytest.approx(mean_squared_log_error(y, guesses))


def _targets(name: str, draw: np.random.Generator) -> tuple[Any, Any]:
    """Targets that the loss takes, and probabilities or numbers above 0."""
    p = softmax(draw.normal(size=(6, 3)))
    if name == "SparseCategoricalCrossentropy":
        return draw.integers(0, 3, 6), p
    numbers = ("Mean", "Huber", "Log", "Poisson", "Cosine")
    return (draw.uniform(0.5, 2, (6, 3)), p) if name.startswith(numbers) else (np.eye(3)[draw.integers(0, 3, 6)], p)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weighted", [False, True])
def test_slopes_by_the_outputs(name: str, weighted: bool) -> None:
    draw = np.random.default_rng(0)
    y, p = _targets(name, draw)
    loss = loss_named(name, {})
    weights = draw.uniform(0.5, 2, 6) if weighted and name not in ("Dice", "Tversky") else None
    by_outputs, by_logits = loss.gradient(y, p, None, weights)
    assert by_outputs is not None and by_logits is None
    _compare(by_outputs, p, lambda: loss.value(y, p, None, weights))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SparseCategoricalCrossentropy", {}),
        ("CategoricalCrossentropy", {"label_smoothing": 0.2}),
        ("BinaryCrossentropy", {"label_smoothing": 0.1}),
    ],
)
def test_slopes_by_the_logits(name: str, arguments: dict[str, Any]) -> None:
    draw = np.random.default_rng(0)
    y, _ = _targets(name, draw)
    z = draw.normal(size=(6, 3))
    loss = loss_named(name, arguments)
    by_outputs, by_logits = loss.gradient(y, softmax(z), z)
    assert by_outputs is None and by_logits is not None
    _compare(by_logits, z, lambda: loss.value(y, softmax(z), z))
    from_logits = loss_named(name, {**arguments, "from_logits": True})
    assert from_logits.value(y, z, None) == pytest.approx(loss.value(y, softmax(z), z))
    np.testing.assert_allclose(from_logits.gradient(y, z, None)[0], by_logits)


def _compare(slopes: Any, array: Any, value: Any) -> None:
    for index in range(array.size):
        before = array.flat[index]
        array.flat[index] = before + 1e-6
        above = value()
        array.flat[index] = before - 1e-6
        below = value()
        array.flat[index] = before
        assert slopes.flat[index] == pytest.approx((above - below) / 2e-6, rel=1e-6, abs=2e-7)


def test_softmax_and_crossentropy_as_one_layer() -> None:
    """Far out, where softmax alone would give 0 and its logarithm minus infinity."""
    fused = SoftmaxCrossentropy()
    assert fused.forward(np.array([0]), np.array([[-500.0, 500.0]])) == pytest.approx([1000.0])
    assert fused.backward() == pytest.approx(np.array([[-1.0, 1.0]]))


def test_probabilities_of_0_do_not_make_the_loss_infinite() -> None:
    y, p = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]], np.float32)
    for name in ("CategoricalCrossentropy", "BinaryCrossentropy", "KLDivergence"):
        assert loss_named(name, {}).value(y, p, None) == pytest.approx(-math.log(1e-7), rel=0.02)


def test_what_is_left_to_keras() -> None:
    with pytest.raises(NeedsKerasError, match=r"the loss CTC needs Keras: the NumPy engine lacks it"):
        loss_named("CTC", {})
    with pytest.raises(NeedsKerasError, match=r"its reduction is sum"):
        make_loss(CategoricalCrossentropy(), {"reduction": "sum"})


def test_penalties_by_hand() -> None:
    weights, slopes = np.array([-2.0, 3.0]), np.zeros(2)
    penalty = Penalty(l1=0.5, l2=0.1)
    assert penalty.value(weights) == pytest.approx(0.5 * 5 + 0.1 * 13)
    penalty.add_slope(weights, slopes)
    assert slopes == pytest.approx([-0.5 - 0.4, 0.5 + 0.6])
