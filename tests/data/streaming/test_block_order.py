"""The order of an epoch: every row once, any slice of it at once, another one in each epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.data.streaming import disk_rows as block_order
from mlpcli.data.streaming.disk_rows import BlockOrder


@given(
    rows=st.integers(0, 300),
    block_rows=st.sampled_from([1, 2, 8, 32]),
    buffer_blocks=st.sampled_from([1, 3, 64]),
    seed=st.integers(0, 2**32 - 1),
    places=st.tuples(st.integers(0, 320), st.integers(0, 320)),
)
def test_every_row_once_and_any_slice_is_that_of_the_whole(
    rows: int, block_rows: int, buffer_blocks: int, seed: int, places: tuple[int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_order, "BUFFER_BLOCKS", buffer_blocks)
        whole = BlockOrder(seed, 2, rows, block_rows)[:]
        assert len(BlockOrder(seed, 2, rows, block_rows)) == len(whole) == rows
        assert np.array_equal(np.sort(whole), np.arange(rows))
        fresh = BlockOrder(seed, 2, rows, block_rows)
        for part in (slice(*places), slice(places[0], None), slice(None, places[1]), slice(-5, None)):
            assert fresh[part].tolist() == whole[part].tolist()


def test_it_is_the_same_on_every_machine() -> None:
    assert BlockOrder(777, 1, 10, 4)[:].tolist() == [9, 4, 5, 0, 2, 1, 8, 3, 6, 7]


def test_orders_differ_between_epochs_and_seeds() -> None:
    orders = {tuple(BlockOrder(seed, epoch, 50, 4)[:]) for seed in range(4) for epoch in range(4)}
    assert len(orders) == 16


def test_rows_that_fit_into_one_buffer_are_shuffled_without_compromise() -> None:
    """Of 6 rows in 3 blocks each order of 720 occurs as often as another (chi-squared, 0.1 %)."""
    counts: dict[tuple[int, ...], int] = {}
    draws = 7200
    for seed in range(draws):
        order = tuple(BlockOrder(seed, 0, 6, 2)[:].tolist())
        counts[order] = counts.get(order, 0) + 1
    chi_squared = sum((count - 10) ** 2 / 10 for count in counts.values()) + 10 * (720 - len(counts))
    assert chi_squared < 719 + 3.1 * np.sqrt(2 * 719)


def test_beyond_that_a_row_stays_with_the_buffer_of_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_order, "BUFFER_BLOCKS", 4)
    order = BlockOrder(0, 0, 64 * 8, 8)[:].reshape(-1, 32) // 8
    assert all(len(set(blocks)) == 4 for blocks in order.tolist())
    first_half = order[:8]
    assert len(set((first_half // 32).ravel().tolist())) == 2  # blocks of both halves of the file, from the start
    mixed = [len(set(blocks[:8])) for blocks in order.tolist()]
    assert np.mean(mixed) > 3  # a batch of 8 has rows of nearly all 4 blocks


@pytest.mark.parametrize("step", [2, -1])
def test_slices_have_no_step(step: int) -> None:
    with pytest.raises(IndexError, match="without a step"):
        BlockOrder(0, 0, 10, 4)[::step]
