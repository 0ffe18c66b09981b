"""Every layer: its slopes beside central differences, and its inputs left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlpcli.config.layers import LAYERS
from mlpcli.model.input_layers import Normalization
from mlpcli.model.members import (
    ADAPT,
    MEMBER_LAYERS,
    OWN_OUTPUT,
    SCALE,
    EinsumDense,
    GlobalAveragePooling1D,
    RepeatVector,
)
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.noise import Dropout
from mlpcli.numpy_engine.registry import LAYER_MAKERS, NO_STEP

MakeNetwork = Callable[..., Network]
IMAGE = (5, 6, 2)
LEFT_TO_KERAS = ("depthwise_conv2d", "separable_conv2d")

CASES: list[tuple[str, tuple[int, ...], Any]] = [
    ("dense", (4,), {"dense": 3}),
    ("dense without bias", (4,), {"dense": {"units": 3, "use_bias": False}}),
    ("dense on each row of a table", (2, 4), {"dense": 3}),
    ("batch_normalization", (4,), "batch_normalization"),
    ("batch_normalization of images", IMAGE, "batch_normalization"),
    ("batch_normalization alone", (4,), {"batch_normalization": {"scale": False, "center": False}}),
    ("layer_normalization", (4,), "layer_normalization"),
    ("group_normalization", IMAGE, {"group_normalization": {"groups": -1, "scale": False, "center": False}}),
    ("unit_normalization", (4,), "unit_normalization"),
    ("flatten", IMAGE, "flatten"),
    ("reshape", (6,), {"reshape": [2, -1]}),
    ("permute", IMAGE, {"permute": [3, 1, 2]}),
    ("rescaling", (4,), {"rescaling": {"scale": 0.5, "offset": 2.0}}),
    ("normalization", (2,), Normalization(mean=[1.0, 2.0], variance=[4.0, 0.25])),
    ("relu", (4,), {"relu": {"negative_slope": 0.1}}),
    ("relu with a threshold", (4,), {"relu": {"threshold": 0.3, "max_value": 1.0}}),
    ("leaky_relu", (4,), "leaky_relu"),
    ("elu", (4,), {"elu": 0.7}),
    ("softmax", (4,), "softmax"),
    ("prelu", (4,), "prelu"),
    ("prelu shared", IMAGE, {"prelu": {"shared_axes": [1, 2]}}),
    ("conv2d", IMAGE, {"conv2d": {"filters": 3, "kernel_size": [2, 3]}}),
    ("conv2d same", IMAGE, {"conv2d": {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}}),
    ("conv2d spread", IMAGE, {"conv2d": {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "use_bias": False}}),
    ("max_pooling2d", IMAGE, "max_pooling2d"),
    ("max_pooling2d same", IMAGE, {"max_pooling2d": {"pool_size": 3, "strides": 2, "padding": "same"}}),
    ("average_pooling2d", IMAGE, "average_pooling2d"),
    ("average_pooling2d same", IMAGE, {"average_pooling2d": {"pool_size": 2, "strides": 1, "padding": "same"}}),
    ("global_average_pooling2d", IMAGE, "global_average_pooling2d"),
    ("global_max_pooling2d", IMAGE, {"global_max_pooling2d": {"keepdims": True}}),
    ("zero_padding2d", IMAGE, {"zero_padding2d": [1, 2]}),
    ("cropping2d", IMAGE, {"cropping2d": [1, 2]}),
    ("up_sampling2d", IMAGE, {"up_sampling2d": [2, 3]}),
    ("repeat_vector", (4,), RepeatVector(n=3)),
    ("einsum_dense", (2, 4), EinsumDense(equation=ADAPT, output_shape=[2, 4])),
    ("einsum_dense of outputs", (2, 4), EinsumDense(equation=OWN_OUTPUT, output_shape=[2, 3], bias_axes="ko")),
    ("einsum_dense without bias", (2, 4), EinsumDense(equation=OWN_OUTPUT, output_shape=[2, 1])),
    ("einsum_dense of factors", (4,), EinsumDense(equation=SCALE, output_shape=[4])),
    ("global_average_pooling1d", (3, 2), GlobalAveragePooling1D()),
    ("activation", (4,), {"activation": "tanh"}),
]
NOISE = ["dropout", "gaussian_dropout", "gaussian_noise", "alpha_dropout", "spatial_dropout2d"]


@pytest.mark.parametrize(("shape", "layer"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_slopes_are_those_of_central_differences(network: MakeNetwork, shape: Any, layer: Any) -> None:
    made = network(shape, [layer])
    step = made.layers[0]
    step.input_gradient = True  # the first layer of a network leaves it out
    draw = np.random.default_rng(1)
    x = draw.normal(size=(3, *shape))
    before = x.copy()
    direction = draw.normal(size=step.forward(x, True).shape)

    def value() -> float:
        return float((step.forward(x, True) * direction).sum())

    value()
    inputs = step.backward(direction)
    np.testing.assert_array_equal(x, before)
    _compare(inputs, x, value)
    for name, array in step.parameters.items():
        _compare(step.gradients[name], array, value)


def _compare(slopes: Any, array: Any, value: Callable[[], float]) -> None:
    """Relative error below 1e-6, against the largest slope where one is next to nothing."""
    for index in range(array.size):
        before = array.flat[index]
        array.flat[index] = before + 1e-5
        above = value()
        array.flat[index] = before - 1e-5
        below = value()
        array.flat[index] = before
        assert slopes.flat[index] == pytest.approx((above - below) / 2e-5, rel=1e-6, abs=1e-6 * abs(slopes).max())


@pytest.mark.parametrize(("shape", "layer"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_predicting_leaves_the_inputs_alone_and_keeps_float32(network: MakeNetwork, shape: Any, layer: Any) -> None:
    made = network(shape, [layer, *([{"activation": "relu"}] * 2)], np.float32)
    x = np.random.default_rng(1).normal(size=(3, *shape)).astype(np.float32)
    before = x.copy()
    outputs, forward = made.predict(x), made.forward(x)
    assert outputs.dtype == forward.dtype == np.float32
    np.testing.assert_allclose(outputs, forward, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(x, before)


def test_every_layer_of_the_schema_is_decided_on() -> None:
    here = {*LAYER_MAKERS, *NO_STEP, *LEFT_TO_KERAS}
    assert here == {cls.tag for cls in (*LAYERS, *MEMBER_LAYERS, Normalization)}
    assert {*LAYER_MAKERS} - {*NOISE} == {case[0].split()[0] for case in CASES} - {"activation"}


@pytest.mark.parametrize("tag", NOISE)
def test_noise_has_the_same_expectation_and_can_be_switched_off(network: MakeNetwork, tag: str) -> None:
    made = network((4, 4, 50), [{tag: 0.25}], np.float64)
    x = np.random.default_rng(0).normal(0.0, 1.0, (40, 4, 4, 50)) + (0 if tag == "alpha_dropout" else 2)
    noisy = made.forward(x, training=True)
    assert noisy.mean() == pytest.approx(x.mean(), abs=0.1)
    assert not np.array_equal(noisy, made.forward(x, training=True))
    np.testing.assert_array_equal(made.predict(x), x)
    assert made.noise(False) == [f"{tag}_0"]
    np.testing.assert_array_equal(made.forward(x, training=True), x)


def test_two_dropouts_do_not_drop_the_same(network: MakeNetwork) -> None:
    first, second = network((50,), [{"dropout": 0.5}, {"dropout": 0.5}]).layers
    x = np.ones((4, 50))
    assert not np.array_equal(first.forward(x, True), second.forward(x, True))


def test_dropout_drops_its_share_and_its_slopes_follow() -> None:
    layer = Dropout(0.25)
    x = np.ones((200, 100), np.float32)
    y = layer.forward(x, True)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.01)
    np.testing.assert_array_equal(layer.backward(x), y)


def test_batch_normalization_tracks_what_it_saw(network: MakeNetwork) -> None:
    """By hand: a batch of mean 2 and variance 1, momentum 0.99."""
    made = network((1,), ["batch_normalization"])
    statistics = made.layers[0].statistics
    statistics["moving_mean"][...], statistics["moving_variance"][...] = 0.0, 1.0
    made.forward(np.array([[1.0], [3.0]]), training=True)
    assert statistics["moving_mean"] == pytest.approx([0.02])
    assert statistics["moving_variance"] == pytest.approx([1.0])
    made.forward(np.array([[1.0], [3.0]]), training=False)
    assert statistics["moving_mean"] == pytest.approx([0.02])
