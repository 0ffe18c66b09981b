"""A whole network: built from layers and weights, predicting in any batches, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.regularizers import OrthogonalRegularizer
from mlpcli.errors import ModelFileError, NeedsKerasError
from mlpcli.numpy_engine.network import Network, build_layers
from mlpcli.numpy_engine.numpy_objective import METRICS, loss_and_metrics, loss_named
from mlpcli.numpy_engine.supported import ZeroWeights

ROOT = Path(__file__).resolve().parents[2]
MIXED: list[Any] = [
    {"rescaling": 1 / 255}, "flatten", {"dense": 20}, "batch_normalization", {"activation": "relu"}, {"dropout": 0.5},
    {"dense": {"units": 10, "activation": "tanh"}}, "batch_normalization",
    {"dense": {"units": 3, "activation": "softmax"}},
]  # fmt: skip


def test_a_network_worked_by_hand(described: Any) -> None:
    """One hidden unit: relu(2 * 3 - 1) = 5, then 5 * [1, 0] + [0, 5]: equal shares."""
    layers = described((1,), [{"dense": {"units": 1, "activation": "relu"}}, {"dense": 2}, "softmax"])
    weights = {layers[0].name: [np.array([[2.0]]), np.array([-1.0])], layers[1].name: [np.array([[1.0, 0]]), [0, 5.0]]}
    made = Network.of((1,), layers, weights)
    assert made.predict(np.array([[3.0]])) == pytest.approx(np.array([[0.5, 0.5]]))
    assert [*made.parameters] == ["dense_0/kernel", "dense_0/bias", "dense_1/kernel", "dense_1/bias"]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 2, 700, 3000])
def test_predictions_are_those_of_a_plain_forward_pass(network: Any, rows: int, dtype: Any) -> None:
    made = network((16, 16), MIXED, np.float32)
    x = np.random.default_rng(0).integers(0, 256, (rows, 16, 16)).astype(dtype)
    before = x.copy()
    outputs = made.predict(x)
    np.testing.assert_allclose(outputs, made.forward(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(x, before)
    assert (outputs.shape, outputs.dtype) == ((rows, 3), np.float32)
    np.testing.assert_array_equal(made.predict(x), outputs)


def test_the_plan_has_few_steps(network: Any) -> None:
    """Rescaling and the first BatchNorm are part of their dense layer; Dropout is none."""
    steps = [type(step).__name__ for step in network((16, 16), MIXED, np.float32).plan.steps]
    assert steps == ["Forward", "Affine", "InPlace", "Affine", "InPlace", "ScaleShift", "Affine"]


def test_predicting_takes_little_memory(network: Any) -> None:
    """100,000 rows of 100 values would be 40 MB in float32."""
    made = network((100,), [{"dense": 100}, {"dense": 1}], np.float32)
    x = np.zeros((100_000, 100), np.uint8)
    made.predict(x[:10])
    tracemalloc.start()
    made.predict(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_loss_metrics_and_penalties_over_batches(network: Any) -> None:
    kernel = {"units": 2, "activation": "sigmoid", "kernel_regularizer": {"l2": 0.5}}
    made = network((3,), [{"dense": kernel}], np.float32)
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(25, 3)), draw.integers(0, 2, (25, 2)).astype(np.float32)
    found = [
        loss_and_metrics(
            made,
            ((x[start : start + size], y[start : start + size]) for start in range(0, 25, size)),
            loss_named("MeanSquaredError", {}),
            [METRICS["MeanAbsoluteError"]("mae")],
            loss_weight=3.0,
        )
        for size in (25, 4)
    ]
    p = made.predict(x)
    penalty = 0.5 * np.square(made.parameters["dense_0/kernel"]).sum()
    expected = {"loss": 3 * np.mean((p - y) ** 2) + penalty, "mae": np.mean(abs(p - y))}
    assert found == [pytest.approx(expected, rel=1e-6)] * 2
    assert loss_and_metrics(made, [], loss_named("MeanSquaredError", {}))["loss"] == pytest.approx(penalty)


def test_layers_that_are_not_trained(described: Any) -> None:
    layers = described(
        (3,), ["batch_normalization", {"dense": {"units": 2, "kernel_regularizer": "l2"}}], trainable=False
    )
    made = Network.of((3,), layers)
    assert made.parameters == {}
    assert made.penalty() == 0
    x = np.random.default_rng(0).normal(5, 1, (10, 3))
    np.testing.assert_array_equal(made.forward(x, training=True), made.forward(x))


@pytest.mark.parametrize(
    ("shape", "layer", "words"),
    [
        ((4, 4, 2), {"depthwise_conv2d": {"kernel_size": 2}}, "needs Keras: the NumPy engine has no Depthwise"),
        ((4, 4, 2), {"conv2d": {"filters": 2, "kernel_size": 1, "groups": 2}}, "needs Keras: channels in groups"),
        ((4, 4, 2), {"up_sampling2d": {"interpolation": "bilinear"}}, "interpolation between pixels"),
        ((4, 4, 2), {"batch_normalization": {"axis": 1}}, "works along an axis other than the last"),
        ((4, 4), {"softmax": {"axis": 1}}, "works along an axis other than the last"),
        ((4,), {"relu": {"negative_slope": 0.1, "max_value": 1.0}}, "a ReLU with both a slope and a limit"),
        ((300, 300, 300), {"max_pooling2d": {"pool_size": 300}}, "windows of (300, 300) on images of 300x300x300"),
        ((4,), {"dense": {"units": 2, "bias_initializer": "orthogonal"}}, "orthogonal weights of shape (2,)"),
    ],
)  # fmt: skip
def test_what_is_left_to_keras(described: Any, shape: Any, layer: Any, words: str) -> None:
    with pytest.raises(NeedsKerasError) as error:
        Network.of(shape, described(shape, [layer]))
    assert words in str(error.value)
    with pytest.raises(NeedsKerasError, match=f"^{re.escape(str(error.value))}$"):  # the same without a network
        list(build_layers(shape, described(shape, [layer]), ZeroWeights()))


def test_layers_are_checked_without_memory_for_their_weights(described: Any) -> None:
    layers = described((1_000_000,), [{"dense": 1_000_000}, {"batch_normalization": {}}])  # 4 TB
    dense, normalization = build_layers((1_000_000,), layers, ZeroWeights())
    assert dense.parameters["kernel"].shape == (1_000_000, 1_000_000)
    assert normalization.statistics["moving_mean"].shape == (1_000_000,)


def test_other_precisions_are_left_to_keras(described: Any) -> None:
    with pytest.raises(NeedsKerasError, match="layer dense_0 needs Keras: it computes in mixed_bfloat16"):
        Network.of((2,), described((2,), [{"dense": 1}], precision="mixed_bfloat16"))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({"dense": {"units": 2, "activity_regularizer": "l2"}}, "a penalty on its outputs"),
        ({"activity_regularization": {"l1": 0.1}}, "a penalty on its outputs"),
        ({"dense": {"units": 2, "kernel_regularizer": OrthogonalRegularizer()}}, "a regularizer other than l1 and l2"),
    ],
)
def test_some_predict_here_though_their_loss_is_left_to_keras(network: Any, layer: Any, words: str) -> None:
    made = network((2,), [layer])
    assert made.predict(np.ones((1, 2))).shape == (1, 2)
    with pytest.raises(NeedsKerasError, match=words):
        loss_and_metrics(made, [(np.ones((1, 2)), np.ones((1, 2)))], loss_named("MeanSquaredError", {}))


@pytest.mark.parametrize("weights", [[], [np.ones((2, 3))], [np.ones((3, 2)), np.ones(3)], {}])
def test_weights_that_do_not_fit_are_refused(described: Any, weights: Any) -> None:
    with pytest.raises(
        ModelFileError, match=r"layer dense_0: has weights of the shapes .* but takes \[\(2, 3\), \(3,\)\]"
    ):
        Network.of((2,), described((2,), [{"dense": 3}]), weights)


def test_another_type_has_the_same_numbers(network: Any) -> None:
    made = network((16, 16), MIXED, np.float32)
    wide = made.astype(np.float64)
    x = np.random.default_rng(0).integers(0, 256, (5, 16, 16))
    assert wide.predict(x).dtype == np.float64
    np.testing.assert_allclose(wide.predict(x), made.predict(x), rtol=1e-5, atol=1e-6)
    wide.parameters["dense_2/kernel"][...] = 0
    assert made.parameters["dense_2/kernel"].any()


def test_the_engine_imports_neither_tensorflow_nor_scipy() -> None:
    modules = "network, gradient_check, numpy_model"
    code = (
        f"import json, sys; from mlpcli.numpy_engine import {modules}; heavy = 'tensorflow keras scipy sklearn h5py';"
        "print(json.dumps([name for name in heavy.split() if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert json.loads(done.stdout) == [], done.stderr
