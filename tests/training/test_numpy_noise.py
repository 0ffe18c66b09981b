"""Dropout masks are a pure function of (seed, epoch, step, layer)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.noise import Dropout
from mlpcli.numpy_engine.numpy_epochs import NoiseDraws

X = np.ones((40, 50), np.float32)


def _mask(seed: int = 1, epoch: int = 0, step: int = 0, layer: int = 0, before: tuple[int, ...] = ()) -> Any:
    """What a layer does to ones; `before` are steps that are taken first."""
    layers = [Dropout(0.3), Dropout(0.3)]
    draws = NoiseDraws(Network(layers, (50,)), seed)
    draws.set_epoch(epoch)
    for other in (*before, step):
        draws.set_step(other)
        masks = [one.forward(X, training=True) for one in layers]
    return masks[layer]


def test_nothing_depends_on_the_steps_before() -> None:
    np.testing.assert_array_equal(_mask(step=7), _mask(step=7, before=(0, 1, 2, 9)))


@pytest.mark.parametrize("other", [{"seed": 2}, {"epoch": 1}, {"step": 1}, {"layer": 1}], ids=str)
def test_each_of_the_four_gives_another_mask(other: dict[str, int]) -> None:
    same = (_mask() == _mask(**other)).mean()
    assert 0.5 < same < 0.66  # two independent masks agree in 0.7 ** 2 + 0.3 ** 2 = 0.58 of the places


def test_the_share_that_is_dropped_is_the_rate_and_the_rest_grows() -> None:
    mask = np.concatenate([_mask(step=step) for step in range(20)])
    assert abs((mask == 0).mean() - 0.3) < 0.01
    np.testing.assert_allclose(np.unique(mask), [0, 1 / 0.7], rtol=1e-6)
    assert abs(mask.mean() - 1) < 0.02


def test_layers_that_disturb_nothing_are_left_alone() -> None:
    draws = NoiseDraws(Network([Dropout(0.0)], (50,)), 1)
    assert draws.layers == []
    draws.set_epoch(0)
    draws.set_step(0)
