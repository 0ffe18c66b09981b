"""What the first layers compute together, in the units of the data: numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlpcli.model.input_layers import Normalization
from mlpcli.model.shapes import SavedLayer
from mlpcli.numpy_engine.network import Network
from mlpcli.scoring.linear_form import LinearForm, linear_form

Describe = Callable[..., list[SavedLayer]]


def _form(described: Describe, shape: tuple[int, ...], layers: list[Any], *weights: Any) -> LinearForm | None:
    return linear_form(Network.of(shape, described(shape, layers), [np.array(array) for array in weights]))


def test_scaling_of_inputs_and_target_is_undone(described: Describe) -> None:
    """((x - 10) / 2 * 3 + 1) * 4 + 5 = 6 x - 51."""
    scaled = [Normalization(mean=[10.0], variance=[4.0]), {"dense": 1}, {"rescaling": {"scale": 4.0, "offset": 5.0}}]
    form = _form(described, (1,), scaled, [[3.0]], [1.0])
    assert form is not None
    assert (form.coefficients.tolist(), form.constants.tolist(), form.ends) == ([[6]], [-51], "")
    assert form.layer == "dense_1"


def test_dense_layers_without_an_activation_are_one(described: Describe) -> None:
    """(x1 + 2 x2) * 3 and * 4, whatever dropout does in training."""
    layers = [{"dense": 1}, {"dropout": 0.5}, {"dense": {"units": 2, "activation": "softmax"}}]
    form = _form(described, (2,), layers, [[1], [2]], [0], [[3, 4]], [0, 1])
    assert form is not None
    assert (form.coefficients.tolist(), form.constants.tolist()) == ([[3, 4], [6, 8]], [0, 1])
    assert (form.layer, form.ends) == ("dense_2", "softmax")


def test_batch_normalization_counts_with_its_averages(described: Describe) -> None:
    """(2 x - 1) / 2 * 6 + 7 = 6 x + 4, where epsilon does not count."""
    layers = [{"dense": 1}, {"batch_normalization": {"epsilon": 1e-30}}]
    form = _form(described, (1,), layers, [[2]], [0], [6], [7], [1], [4])
    assert form is not None
    assert form.coefficients == pytest.approx(np.array([[6]]))
    assert form.constants == pytest.approx([4])


def test_it_ends_before_the_first_activation(described: Describe) -> None:
    layers = [{"dense": {"units": 1, "activation": "relu"}}, {"dense": 1}]
    form = _form(described, (1,), layers, [[2]], [1], [[5]], [0])
    assert form is not None
    assert (form.coefficients.tolist(), form.constants.tolist()) == ([[2]], [1])
    assert (form.layer, form.ends) == ("dense_0", "more")


def test_without_a_dense_layer_or_a_row_of_numbers_there_is_none(described: Describe) -> None:
    assert _form(described, (1,), ["relu", {"dense": 1}], [[2]], [1]) is None
    assert _form(described, (2, 1), [{"dense": 1}], [[2]], [1]) is None
