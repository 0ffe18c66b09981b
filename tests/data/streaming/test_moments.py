"""Mean, spread and range in one pass, however the rows come in pieces."""

from __future__ import annotations

import json
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.arrays import Moments, moments_of


def test_by_hand() -> None:
    # 1, 3, 8: mean 4, squares 9 + 1 + 16
    found = Moments.of(np.array([[1.0], [3.0]])).merged(Moments.of(np.array([[8.0]])))
    assert (found.count, found.mean.tolist(), found.squares.tolist()) == (3, [4.0], [26.0])
    assert (found.low.tolist(), found.high.tolist()) == ([1.0], [8.0])
    assert found.variance.tolist() == pytest.approx([26 / 3])


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), min_size=1, max_size=8))
def test_pieces_do_not_matter(pieces: list[list[float]]) -> None:
    found = reduce(Moments.merged, (Moments.of(np.array(piece)[:, None]) for piece in pieces))
    whole = np.concatenate(pieces)
    assert found.count == len(whole)
    assert found.mean[0] == pytest.approx(whole.mean(), rel=1e-9, abs=1e-6)
    assert found.variance[0] == pytest.approx(whole.var(), rel=1e-9, abs=1e-3)
    assert (found.low[0], found.high[0]) == (whole.min(), whole.max())


def test_large_values_keep_the_digits_of_a_small_spread() -> None:
    values = 1e9 + np.tile([4.0, 7.0, 13.0, 16.0], 1000)
    pieces = [Moments.of(piece[:, None]) for piece in np.split(values, 100)]
    assert reduce(Moments.merged, pieces).variance[0] == pytest.approx(22.5, rel=1e-9)
    naive = (values**2).mean() - values.mean() ** 2
    assert abs(naive - 22.5) > 1  # what a difference of sums of squares would say


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-30, 3e38])
def test_equal_values_do_not_vary(value: float) -> None:
    pieces = [Moments.of(np.full((rows, 1), value)) for rows in (3, 7, 11)]
    assert reduce(Moments.merged, pieces).squares.tolist() == [0.0]


def test_json_keeps_every_bit() -> None:
    moments = Moments.of(np.random.default_rng(0).normal(size=(50, 4)))
    again = Moments.from_json(json.loads(json.dumps(moments.as_json())))
    assert again.count == 50
    for name in ("mean", "squares", "low", "high"):
        assert getattr(again, name).tobytes() == getattr(moments, name).tobytes()


def test_an_array_has_none() -> None:
    assert moments_of(np.zeros((3, 2))) is None
