"""What is counted in the layers of a network, on networks whose numbers are worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.errors import NeedsKerasError
from mlpcli.numpy_engine import layer_statistics
from mlpcli.numpy_engine.layer_statistics import gradient_norms, layer_numbers, summary, unit_pictures
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.numpy_objective import loss_named
from mlpcli.numpy_engine.step import Batch
from mlpcli.runs.layer_file import LayerNumbers


def look(described: Any, layers: list[Any], weights: list[Any], x: Any) -> list[LayerNumbers]:
    x, made = np.array(x, np.float32), described(np.shape(x)[1:], layers)
    arrays = [np.array(array, np.float32) for array in weights]
    return [*layer_numbers(x.shape[1:], made, [layer.name for layer in made], arrays, x)[0]]


def dense(units: int, activation: str | None = None, bias: bool = False) -> dict[str, Any]:
    return {"dense": {"units": units, "activation": activation, "use_bias": bias}}


def test_dead_units_say_0_to_every_row(described: Any) -> None:
    """Three units of one input: x, -x and -x; two rows, 1 and 2. The second dense layer is the output."""
    layers = [dense(3, "relu"), dense(2, "softmax")]
    first, last = look(described, layers, [[[1, -1, -1]], np.zeros((3, 2))], [[1], [2]])
    assert (first.name, first.activation, first.units, first.output, first.dead) == ("dense_0", "relu", 3, False, 2)
    assert (first.saturated, first.at_limit) == (None, None)
    assert (first.outputs.low, first.outputs.high, sum(first.outputs.counts)) == (1.0, 2.0, 2)  # zeros are apart
    assert first.outputs.zeros == pytest.approx(4 / 6)
    assert first.outputs.mean == pytest.approx(0.5)  # (1 + 2) / 6
    assert first.weights.mean == pytest.approx(-1 / 3) and first.weights.deviation == pytest.approx(np.sqrt(8 / 9))
    assert (last.output, last.dead, last.outputs.mean) == (True, None, 0.5)
    assert (last.outputs.low, last.outputs.high) == (0.0, 1.0)


@pytest.mark.parametrize(("activation", "share"), [("sigmoid", 3 / 8), ("tanh", 5 / 8)])
def test_saturated_units_are_at_a_limit_for_nearly_all_rows(described: Any, activation: str, share: float) -> None:
    """Inputs -3, 3 in one unit, 9 in the other: sigmoid(3) is 0.953, tanh(3) 0.995."""
    x = [[-3, 9], [3, 9], [0, 9], [0, 0]]
    found = look(described, [dense(2, activation), dense(1)], [np.eye(2), np.ones((2, 1))], x)[0]
    assert (found.saturated, found.dead) == (0, None)  # 9 comes in three rows of four
    assert found.at_limit == pytest.approx(share)
    found = look(described, [dense(2, activation), dense(1)], [np.eye(2), np.ones((2, 1))], x[:3])[0]
    assert found.saturated == 1


def test_an_output_that_is_sure_is_not_saturated(described: Any) -> None:
    (found,) = look(described, [dense(1, "sigmoid")], [[[100.0]]], [[1], [-1]])
    assert (found.output, found.saturated, found.at_limit) == (True, None, None)


@pytest.mark.parametrize(
    ("layers", "activation"),
    [
        (["batch_normalization", {"activation": "relu"}, {"dropout": 0.5}], "relu"),
        (["relu", "batch_normalization"], "relu"),
        ([{"relu": {"negative_slope": 0.1}}], "leaky_relu"),
        ([{"dropout": 0.5}], None),
        (["prelu"], "prelu"),
    ],
)
def test_outputs_are_those_behind_the_activation(described: Any, layers: list[Any], activation: str | None) -> None:
    made = described((1,), [dense(2), *layers, dense(1)])
    weights = [np.zeros(shape, np.float32) for layer in made for shape in layer.weights]
    weights[0] = np.array([[2, -2]], np.float32)
    if "batch_normalization" in layers:
        start = 1  # behind the kernel: gamma, beta, mean and variance, which with its epsilon is 1
        weights[start : start + 4] = [np.full(2, value, np.float32) for value in (1, 0, 0, 1 - 0.001)]
    found = layer_numbers((1,), made, ["a"] * len(made), weights, np.array([[1.0]]))[0][0]
    assert (found.activation, found.units) == (activation, 2)
    assert found.outputs.mean == pytest.approx({"relu": 1.0, "leaky_relu": 0.9, "prelu": 1.0, None: 0.0}[activation])
    assert found.dead == (1 if activation == "relu" else None)


def test_a_filter_of_a_convolution_is_a_unit(described: Any) -> None:
    layers = [{"conv2d": {"filters": 2, "kernel_size": 1, "activation": "relu", "use_bias": False}}, "flatten"]
    x = np.ones((2, 3, 3, 1), np.float32)
    found = look(described, [*layers, dense(1)], [np.reshape([1.0, -1.0], (1, 1, 1, 2)), np.zeros((18, 1))], x)[0]
    assert (found.units, found.dead, found.outputs.zeros) == (2, 1, 0.5)


def test_of_very_many_layers_some_are_left_out(described: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_statistics, "MOST_LAYERS", 3)
    made = described((1,), [dense(1)] * 5)
    found, left_out = layer_numbers((1,), made, list("abcde"), [np.ones((1, 1))] * 5, np.ones((1, 1)))
    assert ([layer.name for layer in found], left_out) == (["a", "c", "e"], 2)


def test_a_layer_that_numpy_lacks_is_refused(described: Any) -> None:
    layers = [{"separable_conv2d": {"filters": 1, "kernel_size": 1}}, "flatten", dense(1)]
    with pytest.raises(NeedsKerasError):
        look(described, layers, [np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 1)), [0], [[1]]], np.ones((2, 1, 1, 1)))


def test_bins_have_equal_width() -> None:
    found = summary(np.arange(80, dtype=np.float32))
    assert (found.low, found.high, found.counts, found.mean) == (0, 79, (2,) * 40, 39.5)
    assert summary(np.array([0.0, 0.2, 1.0]), (0.0, 1.0)).counts == (1, *[0] * 7, 1, *[0] * 30, 1)


def test_single_values_far_out_do_not_squeeze_the_others_into_one_bin() -> None:
    values = np.append(np.linspace(-1, 1, 9999), -100.0)
    found = summary(values)
    assert -1 < found.low < -0.99 and 0.99 < found.high < 1
    assert min(found.counts) > 240 and sum(found.counts) == 9980  # of 10,000, ten are left out on each side
    assert summary(values[:-1]).low == -1


@pytest.mark.parametrize(
    ("values", "low", "high", "counts", "mean", "deviation"),
    [
        ([2.0, 2.0], 2, 2, (2,), 2, 0),
        ([np.nan, 1.0, np.inf], 1, 1, (1,), None, None),
        ([np.nan], 0, 0, (), None, None),
    ],
)
def test_values_that_have_no_width(
    values: list[float], low: float, high: float, counts: Any, mean: Any, deviation: Any
) -> None:
    found = summary(np.array(values, np.float32))
    assert (found.low, found.high, found.counts, found.mean, found.deviation) == (low, high, counts, mean, deviation)


def test_the_deviation_of_values_that_are_almost_equal() -> None:
    """float32 alone would lose it: the squares differ in their tenth digit."""
    values = np.array([0.5 - 1e-5, 0.5 + 1e-5], np.float32)
    assert summary(values).deviation == pytest.approx(1e-5, rel=0.01)


def test_of_many_values_some_from_every_unit_are_in_the_histogram(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_statistics, "MOST_VALUES", 10)
    found = summary(np.tile(np.arange(4, dtype=np.float32), (10, 1)))  # steps of 4 would see the first unit alone
    assert sum(found.counts) == 8
    assert [count for count in found.counts if count] == [2, 2, 2, 2]


def test_the_norm_of_a_gradient(described: Any) -> None:
    """Errors of 1 and 2 for the rows 1 and 2: by the kernel 2 * (1 + 4) / 2, by the bias 2 * (1 + 2) / 2."""
    made = described((1,), ["batch_normalization", {"dense": 1}])
    same = [np.array([value]) for value in (1, 0, 0, 1)]
    network = Network.of((1,), made[1:], [np.ones((1, 1)), np.zeros(1)])
    batch = Batch(np.array([[1.0], [2.0]]), np.zeros((2, 1)), loss_named("MeanSquaredError", {}))
    assert gradient_norms(network, batch) == {"dense_1": pytest.approx(np.sqrt(5**2 + 3**2))}
    both = Network.of((1,), made, [*same, np.ones((1, 1)), np.zeros(1)])
    assert [*gradient_norms(both, batch)] == ["dense_1"]  # BatchNorm has no kernel


def test_the_strongest_units_as_pictures(described: Any) -> None:
    """Pictures of 1 x 2 pixels; the norms of the units are 1, 5 and 2."""
    made = described((1, 2), ["flatten", {"dense": 3}, {"dense": 1}])
    kernel = np.array([[0, 3, 2], [1, -4, 0]], np.float32)
    weights = [kernel, np.zeros(3), np.zeros((3, 1)), np.zeros(1)]
    found = unit_pictures((1, 2), made, ["f", "erste", "o"], weights)
    assert found is not None
    assert (found.layer, found.units, found.shown, found.shape) == ("erste", 3, (1, 2, 0), (1, 2, 1))
    assert found.largest == (4, 2, 1)
    np.testing.assert_allclose(found.weights[..., 0], [[[3, -4]], [[2, 0]], [[0, 1]]], atol=4 / 254)


def test_large_pictures_are_made_smaller(described: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_statistics, "LONGEST_SIDE", 2)
    made = described((4, 2, 3), ["flatten", {"dense": 1}])
    kernel = np.arange(24, dtype=np.float32).reshape(24, 1)
    found = unit_pictures((4, 2, 3), made, ["f", "d"], [kernel, np.zeros(1)])
    assert found is not None and found.shape == (2, 1, 3)
    np.testing.assert_allclose(found.weights[0, 0, 0], [4.5, 5.5, 6.5], atol=0.1)  # means of 0, 3, 6, 9, and so on


@pytest.mark.parametrize(
    ("shape", "layers"),
    [((4,), [{"dense": 2}]), ((2, 2, 2), ["flatten", {"dense": 2}]), ((2, 2, 1), [{"conv2d": [1, 1]}, "flatten"])],
)
def test_no_pictures_of_what_is_no_picture(described: Any, shape: tuple[int, ...], layers: list[Any]) -> None:
    if isinstance(layers[0], dict) and "conv2d" in layers[0]:
        layers = [{"conv2d": {"filters": 1, "kernel_size": 1}}, "flatten", {"dense": 1}]
    made = described(shape, layers)
    weights = [np.ones(size, np.float32) for layer in made for size in layer.weights]
    assert unit_pictures(shape, made, ["a"] * len(made), weights) is None
