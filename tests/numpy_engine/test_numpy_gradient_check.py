"""Comparing gradients: right ones agree, and each way of being wrong is noticed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.numpy_engine.gradient_check import AGREE, central_difference, compare, relative_errors
from mlpcli.numpy_engine.layer import Dense
from mlpcli.numpy_engine.numpy_objective import loss_named
from mlpcli.numpy_engine.step import Batch, gradients

LAYERS: list[Any] = [
    {"dense": {"units": 6, "activation": "gelu", "kernel_regularizer": {"l1": 0.01, "l2": 0.1}}},
    "batch_normalization", {"dropout": 0.5}, "prelu", {"dense": {"units": 3, "activation": "softmax"}},
]  # fmt: skip


@pytest.fixture
def batch() -> Batch:
    draw = np.random.default_rng(0)
    return Batch(draw.normal(size=(12, 4)), draw.integers(0, 3, 12), loss_named("SparseCategoricalCrossentropy", {}))


def test_right_gradients_agree(network: Any, batch: Batch) -> None:
    made = network((4,), LAYERS)
    made.noise(False)
    before = [array.copy() for array in made.parameters.values()]
    result = compare(made, batch)
    assert result.agrees
    assert [check.path for check in result.parameters] == [*made.parameters]
    assert [check.checked for check in result.parameters] == [20, 6, 6, 6, 6, 18, 3]
    assert max(check.differences for check in result.parameters) < 1e-6
    for array, old in zip(made.parameters.values(), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_weights_of_rows_and_of_the_loss_are_followed(network: Any, batch: Batch) -> None:
    made = network((4,), [{"dense": {"units": 3, "activation": "softmax"}}])
    weighted = Batch(batch.x, batch.y, batch.loss, 2.5, np.linspace(0, 2, 12))
    assert compare(made, weighted).agrees
    _, plain = gradients(made, batch)
    plain = {path: slope.copy() for path, slope in plain.items()}
    _, twice = gradients(made, Batch(batch.x, batch.y, batch.loss, 2.0))
    np.testing.assert_allclose(twice["dense_0/kernel"], 2 * plain["dense_0/kernel"])


@pytest.mark.parametrize("mistake", ["forgotten", "doubled", "one entry", "nan"])
def test_wrong_gradients_are_noticed(network: Any, batch: Batch, monkeypatch: Any, mistake: str) -> None:
    right = Dense.backward

    def wrong(layer: Dense, gradient: Any) -> Any:
        result = right(layer, gradient)
        bias = layer.gradients["bias"]
        changes = {"forgotten": 0 * bias, "doubled": 2 * bias, "nan": bias + np.nan}
        bias[...] = changes.get(mistake, bias + np.eye(len(bias))[0])
        return result

    monkeypatch.setattr(Dense, "backward", wrong)
    result = compare(network((4,), [{"dense": 5}, {"dense": {"units": 3, "activation": "softmax"}}]), batch)
    assert not result.agrees
    assert {check.path for check in result.parameters if not check.agrees} == {"dense_0/bias", "dense_1/bias"}


def test_keras_s_numbers_are_compared_over_all_entries(network: Any, batch: Batch) -> None:
    made = network((4,), [{"dense": {"units": 3, "activation": "softmax"}}])
    tape = {path: slope.copy() for path, slope in gradients(made, batch)[1].items()}
    assert compare(made, batch, tape).agrees
    tape["dense_0/kernel"][2, 1] *= 1.01
    result = compare(made, batch, tape, entries=1)
    assert [check.agrees for check in result.parameters] == [False, True]
    assert result.parameters[0].tape == pytest.approx(0.01, rel=0.01)


def test_central_differences_by_hand(network: Any) -> None:
    """L = (w * 2 - 1) ** 2 at w = 3: dL/dw = 2 * 5 * 2."""
    made = network((1,), [{"dense": {"units": 1, "use_bias": False}}])
    weights = made.parameters["dense_0/kernel"]
    weights[...] = 3.0
    batch = Batch(np.array([[2.0]]), np.array([[1.0]]), loss_named("MeanSquaredError", {}))
    assert central_difference(made, batch, weights, 0, 1e-5) == pytest.approx(20)
    assert gradients(made, batch)[1]["dense_0/kernel"][0, 0] == pytest.approx(20)


def test_relative_errors_of_slopes_next_to_nothing_are_measured_against_the_floor() -> None:
    first, second = np.array([1.0, 1e-17, 0.0, np.nan]), np.array([1.1, 3e-17, 0.0, 1.0])
    errors = relative_errors(first, second, 1e-3)
    assert errors[:3] == pytest.approx([0.1 / 1.1, 2e-14, 0])
    assert np.isnan(errors[3])
    assert AGREE < 1e-4
