"""One example followed through a network: numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlpcli.model.shapes import SavedLayer
from mlpcli.numpy_engine.losses import Loss, MeanSquaredError
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.numpy_objective import loss_named
from mlpcli.numpy_engine.step import Batch
from mlpcli.workflows.trace import Trace, follow

Describe = Callable[..., list[SavedLayer]]
X = np.array([[2.0, 3.0]])
CROSSENTROPY = loss_named("SparseCategoricalCrossentropy", {})


def _trace(layers: list[SavedLayer], weights: list[Any], y: Any, loss: Loss, weight: float = 1.0) -> Trace:
    network = Network.of((2,), layers, [np.array(array, np.float64) for array in weights], np.float64)
    return follow(network, Batch(X, np.array(y), loss, weight))


def test_two_dense_layers_with_softmax(described: Describe) -> None:
    """2 + 6 + 1, 6 + 12 + 1, and -8, which ReLU stops; then logits of 0 and ln 3: softmax gives 1/4 and 3/4."""
    layers = described((2,), [{"dense": {"units": 3, "activation": "relu"}}, {"dense": 2}, "softmax"])
    first, second = [[1, 3, -5], [2, 4, 1]], [[1, 0], [0, 0], [0, 0]]
    found = _trace(layers, [first, [1, 1, -1], second, [-9, np.log(3)]], [0], CROSSENTROPY)
    assert found.input.tolist() == [2, 3]
    assert [layer.name for layer in found.layers] == ["dense_0", "dense_0", "dense_1", "softmax_2"]
    assert [layer.step for layer in found.layers] == ["Dense", "relu", "Dense", "softmax"]
    assert found.layers[0].output.tolist() == [9, 19, -8]
    assert found.layers[1].output.tolist() == [9, 19, 0]
    assert found.layers[2].output == pytest.approx([0, np.log(3)])
    assert found.layers[3].output == pytest.approx([0.25, 0.75])
    assert found.loss == pytest.approx(np.log(4))
    assert found.layers[3].output_gradient is None, "the loss is computed from the logits"
    assert found.layers[2].output_gradient == pytest.approx([-0.75, 0.75])
    assert found.layers[2].gradients["kernel"] == pytest.approx(np.outer([9, 19, 0], [-0.75, 0.75]))
    assert found.layers[2].gradients["bias"] == pytest.approx([-0.75, 0.75])
    assert found.layers[1].output_gradient == pytest.approx([-0.75, 0, 0])
    assert found.layers[0].output_gradient == pytest.approx([-0.75, 0, 0])
    assert found.layers[0].gradients["kernel"] == pytest.approx(np.outer([2, 3], [-0.75, 0, 0]))
    assert found.layers[0].weights["kernel"].tolist() == first


def test_what_comes_before_the_first_layer_that_learns_gets_the_slope_of_its_output(described: Describe) -> None:
    """y = 2 x1 + 3 x2 - 1 of halved inputs is 5.5; against 5 the loss is 0.25, and its slope 1; all of it doubled."""
    found = _trace(
        described((2,), [{"rescaling": 0.5}, {"dense": 1}]), [[[2], [3]], [-1]], [[5]], MeanSquaredError(), 2
    )
    assert found.loss == pytest.approx(0.5)
    assert found.layers[1].output == pytest.approx([5.5])
    assert found.layers[1].output_gradient == pytest.approx([2])
    assert found.layers[1].gradients["kernel"] == pytest.approx(np.array([[2], [3]]))
    assert found.layers[0].output_gradient == pytest.approx([4, 6])
    assert (found.layers[0].output.tolist(), found.penalty) == ([1, 1.5], 0)


def test_penalties_are_in_the_gradients(described: Describe) -> None:
    layers = described((2,), [{"dense": {"units": 1, "kernel_regularizer": {"l2": 0.5}}}])
    found = _trace(layers, [[[1], [1]], [0]], [[5]], MeanSquaredError())
    assert (found.loss, found.penalty) == (0, pytest.approx(1))
    assert found.layers[0].gradients["kernel"] == pytest.approx(np.array([[1], [1]]))


def test_noise_is_off_and_batch_normalization_takes_its_running_averages(described: Describe) -> None:
    """(2 - 1) / 1 * 3 and (3 - 1) / 2 * 3, where epsilon does not count."""
    layers = described((2,), [{"batch_normalization": {"epsilon": 1e-30}}, {"dropout": 0.9}, {"dense": 1}])
    weights = [[3, 3], [0, 0], [1, 1], [1, 4], [[1], [1]], [0]]
    found = _trace(layers, weights, [[5]], MeanSquaredError())
    assert found.layers[0].output == pytest.approx([3, 3])
    assert found.layers[1].output == pytest.approx([3, 3])
    assert found.layers[2].output_gradient == pytest.approx([2])
    assert found.layers[0].gradients["gamma"] == pytest.approx([2, 2])
    assert list(found.layers[0].weights) == ["gamma", "beta", "moving_mean", "moving_variance"]
