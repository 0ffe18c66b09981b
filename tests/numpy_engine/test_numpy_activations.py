"""Every activation: values worked by hand, slopes, and numbers that are far out."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from mlpcli.config.layers import ACTIVATIONS
from mlpcli.errors import LeftToKerasError
from mlpcli.numpy_engine.activations import erf
from mlpcli.numpy_engine.layer import FUNCTIONS, Activation

E = math.e
BY_HAND = {
    "relu": (-2, 0), "relu6": (7, 6), "leaky_relu": (-1, -0.2), "tanh": (1, (E**2 - 1) / (E**2 + 1)),
    "sigmoid": (1, E / (E + 1)), "gelu": (1, 0.8413447461), "elu": (-1, 1 / E - 1), "celu": (-1, 1 / E - 1),
    "selu": (1, 1.0507009873554805), "silu": (1, E / (E + 1)), "swish": (1, E / (E + 1)),
    "softplus": (0, math.log(2)), "mish": (0, 0), "exponential": (1, E), "hard_shrink": (0.4, 0),
    "hard_sigmoid": (1.5, 0.75), "hard_silu": (1.5, 1.125), "hard_swish": (-3, 0), "hard_tanh": (2, 1),
    "log_sigmoid": (0, -math.log(2)), "soft_shrink": (-2, -1.5), "softsign": (3, 0.75), "sparse_plus": (0, 0.25),
    "squareplus": (0, 1), "tanh_shrink": (0, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_values(name: str) -> None:
    x, y = BY_HAND[name]
    made = Activation.named(name)
    assert made is not None
    assert made.forward(np.array([[float(x)]]))[0, 0] == pytest.approx(y, abs=1e-9)


def test_rows() -> None:
    x = np.log([[1.0, 2.0, 5.0]])
    softmax, log_softmax, sparsemax = (Activation.named(name) for name in ("softmax", "log_softmax", "sparsemax"))
    assert softmax is not None and log_softmax is not None and sparsemax is not None
    assert softmax.forward(x)[0] == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    assert log_softmax.forward(x)[0] == pytest.approx(np.log([1 / 8, 2 / 8, 5 / 8]))
    assert sparsemax.forward(np.array([[5.0, 1.0, 1.0]]))[0] == pytest.approx([1, 0, 0])


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "linear"])
def test_slopes(name: str) -> None:
    made = Activation.named(name)
    assert made is not None
    draw = np.random.default_rng(0)
    x, direction = draw.uniform(-4, 4, (6, 5)), draw.normal(size=(6, 5))
    made.forward(x, training=True)
    slopes = made.backward(direction)
    for index in range(x.size):
        step = np.zeros(x.size)
        step[index] = 1e-5
        ends = [float((made.forward(x + sign * step.reshape(x.shape)) * direction).sum()) for sign in (1, -1)]
        assert slopes.flat[index] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name not in ("linear", "exponential")])
def test_far_out_there_are_no_warnings_and_no_nan(name: str) -> None:
    made = Activation.named(name)
    assert made is not None
    x = np.array([[-1e4, -100.0, 0.0, 100.0, 1e4]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = made.forward(x, training=True)
        slopes = made.backward(np.ones_like(x))
    assert np.isfinite(y).all() and np.isfinite(slopes).all()
    assert y.dtype == slopes.dtype == np.float32


def test_the_error_function() -> None:
    x = np.linspace(-5, 5, 1001)
    expected = [math.erf(value) for value in x]
    np.testing.assert_array_equal(erf(x), expected)
    np.testing.assert_allclose(erf(x.astype(np.float32)), expected, atol=3e-7)


def test_every_name_of_the_schema_is_known() -> None:
    assert {*FUNCTIONS, "linear"} == {*ACTIVATIONS}
    assert Activation.named("linear") is None
    with pytest.raises(LeftToKerasError, match="the activation glu"):
        Activation.named("glu")
