"""Initial weights: every distribution has the mean, the spread and the limits that its name promises."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ConfigDict, TypeAdapter

from mlpcli.config.initializers import INITIALIZERS as SCHEMA
from mlpcli.config.initializers import Initializer
from mlpcli.numpy_engine.initializers import INITIALIZERS, fans
from mlpcli.numpy_engine.network import Network

SHAPE = (400, 100)
GLOROT, HE, LECUN = math.sqrt(2 / 500), math.sqrt(2 / 400), math.sqrt(1 / 400)
CASES: list[tuple[Any, float, float, float]] = [
    ("zeros", 0, 0, 0),
    ("ones", 1, 0, 1),
    ({"constant": 3.0}, 3, 0, 3),
    ("glorot_uniform", 0, GLOROT, math.sqrt(3) * GLOROT),
    ("glorot_normal", 0, GLOROT, 2 * GLOROT / 0.8796),
    ("he_uniform", 0, HE, math.sqrt(3) * HE),
    ("he_normal", 0, HE, 2 * HE / 0.8796),
    ("lecun_uniform", 0, LECUN, math.sqrt(3) * LECUN),
    ("lecun_normal", 0, LECUN, 2 * LECUN / 0.8796),
    ({"random_normal": {"mean": 1.0, "stddev": 0.5}}, 1, 0.5, 5),
    ({"truncated_normal": {"mean": 1.0, "stddev": 0.5}}, 1, 0.5 * 0.8796, 2),
    ({"random_uniform": {"minval": -1.0, "maxval": 3.0}}, 1, 4 / math.sqrt(12), 3),
    ({"variance_scaling": {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"}}, 0, 0.1414, 1),
    ({"orthogonal": 2.0}, 0, 2 / math.sqrt(400), 2),
    ({"identity": 2.0}, 2 / 400, 2 * math.sqrt(1 / 400 - 1 / 400**2), 2),
]

# Made for the first test that asks.
WRITTEN = TypeAdapter[Any](Initializer, config=ConfigDict(defer_build=True))


@pytest.mark.parametrize(("written", "mean", "deviation", "limit"), CASES, ids=str)
def test_distributions(written: Any, mean: float, deviation: float, limit: float) -> None:
    component = WRITTEN.validate_python(written)
    values = INITIALIZERS[component.tag](component, SHAPE, np.random.default_rng(0))
    assert values.shape == SHAPE
    assert values.mean() == pytest.approx(mean, abs=0.03 * max(deviation, 1e-9) + 1e-12)
    assert values.std() == pytest.approx(deviation, rel=0.02, abs=1e-12)
    assert np.abs(values).max() <= limit * 1.0001


def test_every_initializer_of_the_schema_is_here() -> None:
    assert {*INITIALIZERS} == {cls.tag for cls in SCHEMA}


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 3, 4)])
def test_orthogonal_weights_are_orthogonal(shape: tuple[int, ...]) -> None:
    component = WRITTEN.validate_python("orthogonal")
    matrix = INITIALIZERS["orthogonal"](component, shape, np.random.default_rng(0)).reshape(-1, shape[-1])
    square = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(square, np.eye(len(square)), atol=1e-12)


def test_fans_count_the_window_of_a_convolution() -> None:
    assert (fans((5, 7)), fans((3, 3, 2, 8)), fans((4,)), fans(())) == ((5, 7), (18, 72), (4, 4), (1, 1))


def test_one_seed_one_draw(described: Any) -> None:
    layers = described((3,), [{"dense": 4}, "batch_normalization", "prelu"])
    first, again, other = (Network.of((3,), layers, seed=seed).weights() for seed in (1, 1, 2))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert [array.mean() for array in first[1:]] == pytest.approx([0, 1, 0, 0, 1, 0])
    assert {array.dtype for array in first} == {np.dtype(np.float32)}
