"""Small networks are computed on one thread of BLAS: for many rows, and until the last who asked for it has left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mlpcli.data.batches import PREDICTION_BATCH
from mlpcli.data.dataset import Part
from mlpcli.numpy_engine.ensemble import Ensemble
from mlpcli.numpy_engine.layer import Dense
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.numpy_predictor import NumpyPredictor
from mlpcli.numpy_engine.threads import fitting_threads


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What BLAS is told."""
    told: list[Any] = []

    class Limits:
        def limit(self, limits: int, user_api: str) -> Limits:
            told.append((limits, user_api))
            return self

        def restore_original_limits(self) -> None:
            told.append("as before")

    monkeypatch.setattr("mlpcli.numpy_engine.threads._libraries", Limits)
    return told


def _network(inputs: int, units: int = 1) -> Network:
    return Network([Dense(np.ones((inputs, units), np.float32), np.zeros(units, np.float32))], (inputs,))


def test_the_last_who_leaves_restores(said: list[Any]) -> None:
    first, second = fitting_threads(_network(2), 64), fitting_threads(Ensemble([_network(3)]), 64)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert said == [(1, "blas")]
    second.__exit__(None, None, None)
    assert said == [(1, "blas"), "as before"]


def test_numpys_own_is_told() -> None:
    def threads() -> list[int]:
        return [found["num_threads"] for found in threadpool_info() if "numpy" in found["filepath"]]

    before = threads()
    for _ in range(2):  # the libraries are looked for once
        with threadpool_limits(2), fitting_threads(_network(2), 64):
            assert threads() == [1] * len(before)
    assert threads() == before


def test_large_products_and_single_batches_are_left_alone(said: list[Any]) -> None:
    with fitting_threads(_network(1025, 1), 1 << 14):  # 2**24 multiplications and some more
        pass
    predictor = NumpyPredictor(_network(2), pytest.fail)
    for rows in (PREDICTION_BATCH, PREDICTION_BATCH + 1):
        x = np.ones((rows, 2), np.float32)
        assert said == []
        assert predictor.predict(Part(x, np.zeros(rows), np.arange(rows))).tolist() == [[2.0]] * rows
    assert said == [(1, "blas"), "as before"]
