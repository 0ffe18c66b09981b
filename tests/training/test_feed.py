"""Targets as the loss takes them, and batches in the order of an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlpcli.data.batches import encode_targets, epoch_order
from mlpcli.data.dataset import Part

if TYPE_CHECKING:  # its class needs Keras to be defined
    from mlpcli.keras_engine.keras_epochs import Batches

pytestmark = pytest.mark.tf

TARGETS = [
    ("sparse", [2, 0], np.int32, [2, 0]),
    ("one_hot", [2, 0], np.float32, [[0, 0, 1], [1, 0, 0]]),
    ("binary", [1, 0], np.float32, [[1], [0]]),
    ("value", [1.5, -2.0], np.float32, [[1.5], [-2.0]]),
    ("value", [[1.5, 3.0], [-2.0, 4.0]], np.float32, [[1.5, 3.0], [-2.0, 4.0]]),
]


@pytest.mark.parametrize(("labels", "y", "dtype", "expected"), TARGETS)
def test_targets_take_the_form_of_the_loss(labels: str, y: list, dtype: type, expected: list) -> None:
    found = encode_targets(np.array(y), labels, classes=3)  # type: ignore[arg-type]
    assert found.dtype == dtype
    assert found.tolist() == expected


def test_an_epochs_order_is_a_pure_function_of_seed_and_epoch() -> None:
    np.random.seed(1)
    first = epoch_order(777, 3, 100)
    np.random.seed(2)
    assert np.array_equal(first, epoch_order(777, 3, 100))
    assert np.array_equal(np.sort(first), np.arange(100))


def test_orders_differ_between_epochs_and_seeds() -> None:
    orders = [tuple(epoch_order(seed, epoch, 50)) for seed in range(4) for epoch in range(4)]
    assert len(set(orders)) == 16


def _batches(seed: int | None, weights: np.ndarray | None = None) -> Batches:
    """Rows 10..16 of twenty, in batches of 3; row i holds the number i, its target 10 i."""
    from mlpcli.keras_engine.keras_epochs import Batches

    x = np.arange(20, dtype=np.float32).reshape(20, 1)
    part = Part(x, np.arange(20), np.arange(10, 17))
    return Batches(part, 10 * np.arange(20), batch_size=3, seed=seed, weights=weights)


def test_without_a_seed_the_rows_come_in_their_own_order_and_the_last_batch_is_smaller() -> None:
    batches = _batches(seed=None)
    batches.set_epoch(5)
    assert len(batches) == 3
    assert [batches[index][0].ravel().tolist() for index in range(3)] == [[10, 11, 12], [13, 14, 15], [16]]
    assert batches[2][1].tolist() == [160]


def test_with_a_seed_each_epoch_has_the_rows_in_the_order_of_epoch_order() -> None:
    batches = _batches(seed=777)
    for epoch in (0, 1):
        batches.set_epoch(epoch)
        rows = np.concatenate([batches[index][0].ravel() for index in range(3)])
        assert rows.tolist() == (np.arange(10, 17)[epoch_order(777, epoch, 7)]).tolist()
        targets = np.concatenate([batches[index][1] for index in range(3)])
        assert targets.tolist() == (10 * rows).tolist()


def test_weights_go_with_their_rows() -> None:
    batches = _batches(seed=777, weights=np.arange(20) / 2)
    x, _, weights = batches[0]
    assert weights.tolist() == (x.ravel() / 2).tolist()
