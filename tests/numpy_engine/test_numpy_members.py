"""Several networks in one, in NumPy: the mean of the members' losses, its gradients, and the first weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.config.layers import Dense
from mlpcli.config.optimizers import SGD
from mlpcli.model.layer_rules import layer_size
from mlpcli.model.members import count_members, member_steps, trained_layers
from mlpcli.model.shapes import SavedLayer
from mlpcli.numpy_engine.gradient_check import compare
from mlpcli.numpy_engine.losses import Loss
from mlpcli.numpy_engine.members import MeanOverMembers
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.numpy_objective import loss_named
from mlpcli.numpy_engine.optimizers import FlatParameters, Optimizer
from mlpcli.numpy_engine.step import Batch, Step


def ensemble(described: Any, members: int, inputs: int, hidden: list[Any], output: dict[str, Any]) -> list[SavedLayer]:
    """The layers of a plan, without scaling."""
    written = [layer.component for layer in described((inputs,), hidden)]
    steps = member_steps(members, [("", layer) for layer in written], ("", Dense.model_validate(output)), (inputs,))
    shape, layers = (inputs,), []
    for index, (_, layer) in enumerate(steps):
        size = layer_size(layer.tag, layer, shape)
        layers.append(SavedLayer(f"{layer.tag}_{index}", layer.keras_class, size, layer))
        shape = size.output_shape
    return layers


WEIGHTS = [[[1.0], [-1.0]], [[0.5]], [0.1], [[[2.0]], [[4.0]]], [[0.0], [1.0]]]
"""As in tests/training/test_members.py: for x = 2 the hidden unit is 1.1 and -0.9, the outputs are 2.2 and -2.6."""
AFTER = [[[0.976], [-0.856]], [[0.164]], [0.22], [[[1.9868]], [[3.9676]]], [[-0.012], [1.036]]]


def test_a_step_on_the_mean_of_the_losses(described: Any) -> None:
    layers = ensemble(described, 2, 1, [{"dense": 1}], {"units": 1})
    network = Network.of((1,), layers, [np.array(weight) for weight in WEIGHTS], np.float64)
    optimizer = Optimizer(SGD(learning_rate=0.01), FlatParameters(network), None)
    step = Step(network, loss_named("MeanSquaredError", {}), 1.0, optimizer)
    x, y = np.array([[2.0]]), np.array([[1.0]])
    assert network.predict(x) == pytest.approx(-0.2)
    loss, outputs, logits = step(step.prepare(x), y)
    assert loss == pytest.approx((1.44 + 12.96) / 2)
    assert outputs == pytest.approx(-0.2)
    assert logits is None
    for weight, expected in zip(network.weights(), AFTER, strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-6)


HIDDEN = [{"dense": 5}, "batch_normalization", {"activation": "tanh"}, {"dense": 3}, "layer_normalization"]
TASKS: list[tuple[str, dict[str, Any], Any]] = [
    ("SparseCategoricalCrossentropy", {"units": 3, "activation": "softmax"}, np.arange(7) % 3),
    ("CategoricalCrossentropy", {"units": 3, "activation": "softmax"}, np.eye(3)[np.arange(7) % 3]),
    ("BinaryCrossentropy", {"units": 1, "activation": "sigmoid"}, (np.arange(7) % 2)[:, np.newaxis]),
    ("MeanSquaredError", {"units": 2, "kernel_regularizer": {"l2": 0.1}}, np.arange(14.0).reshape(7, 2) / 7),
]


@pytest.mark.parametrize(("loss", "output", "y"), TASKS, ids=[task[0] for task in TASKS])
def test_gradients_agree_with_central_differences(described: Any, loss: str, output: Any, y: Any) -> None:
    layers = ensemble(described, 4, 6, HIDDEN, output)
    network = Network.of((6,), trained_layers(layers), None, np.float64, seed=3)
    x = np.random.default_rng(1).normal(size=(7, 6))
    batch = Batch(x, y, MeanOverMembers(loss_named(loss, {})), 2.0, np.linspace(0.5, 2, 7))
    found = compare(network, batch)
    assert found.agrees
    assert len(found.parameters) == 11


@pytest.mark.parametrize(("loss", "output", "y"), TASKS, ids=[task[0] for task in TASKS])
def test_the_loss_is_the_mean_of_the_losses(described: Any, loss: str, output: Any, y: Any) -> None:
    layers = ensemble(described, 4, 6, [{"dense": 5}], output)
    network = Network.of((6,), trained_layers(layers), None, np.float64)
    each = network.forward(np.random.default_rng(1).normal(size=(7, 6)), training=True)
    alone: Loss = loss_named(loss, {})
    expected = [alone.value(y, each[:, member], None) for member in range(4)]
    assert MeanOverMembers(alone).value(y, each, network.logits) == pytest.approx(np.mean(expected))


def test_first_weights(described: Any) -> None:
    layers = ensemble(described, 3, 50, [{"dense": 200}], {"units": 3})
    signs, _, _, outputs, _ = Network.of((50,), layers, seed=1).weights()
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert abs(signs.mean()) < 0.25
    limit = (6 / (200 + 3)) ** 0.5  # glorot_uniform's, of one member's 200 inputs and 3 units
    assert 0.95 * limit < np.abs(outputs).max() <= limit
    assert not np.array_equal(outputs[0], outputs[1])


def test_predictions_are_the_mean_of_the_members(described: Any) -> None:
    layers = ensemble(described, 4, 6, HIDDEN, {"units": 3, "activation": "softmax"})
    assert count_members(layers) == 4
    network = Network.of((6,), layers, seed=1)
    each = Network.of((6,), trained_layers(layers), network.weights())
    x = np.random.default_rng(1).normal(size=(50, 6)).astype(np.float32)
    before = x.copy()
    np.testing.assert_allclose(network.predict(x), each.predict(x).mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(network.predict(x), network.forward(x), rtol=1e-5)
    np.testing.assert_array_equal(x, before)
