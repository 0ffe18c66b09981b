"""The rows of a batch that each replica takes."""

from __future__ import annotations

import numpy as np

from mlpcli.data.batches import RowBatches
from mlpcli.data.dataset import Part
from mlpcli.data.shares import Shares, steps_of


def _lists(pieces: list[np.ndarray]) -> list[list[int]]:
    return [piece.tolist() for piece in pieces]


def test_rows_in_memory_are_cut_into_even_pieces() -> None:
    rows = np.array([9, 4, 7, 1, 0, 3, 8])
    assert _lists(Shares(3).of(rows)) == [[9, 4], [7, 1], [0, 3, 8]]
    assert _lists(Shares(1, 2).of(rows)) == [[9, 4, 7], [1, 0, 3, 8]]


def test_rows_on_disk_stay_with_the_worker_that_has_their_block() -> None:
    shares = Shares(workers=2, devices=2, block_rows=3)  # rows 0 to 2 and 6 to 8 are of worker 0
    assert shares.replicas == 4
    assert _lists(shares.of(np.array([8, 0, 4, 1, 5, 6]))) == [[8, 0], [1, 6], [4], [5]]


def test_a_short_piece_repeats_a_row_that_does_not_count() -> None:
    steps = steps_of([np.array([5, 2, 7, 1]), np.array([6])], Shares(2), rank=0)
    assert steps.counts.tolist() == [[2, 2], [0, 1]]
    assert steps.rows.tolist() == [[[5, 2]], [[5, 5]]]
    other = steps_of([np.array([5, 2, 7, 1]), np.array([6])], Shares(2), rank=1)
    assert other.rows.tolist() == [[[7, 1]], [[6, 6]]]
    assert other.counts.tolist() == steps.counts.tolist()


def test_all_rows_of_a_batch_are_taken_once() -> None:
    rows = np.random.default_rng(0).permutation(50)
    for shares in (Shares(4), Shares(3, 2), Shares(3, 2, block_rows=8)):
        assert sorted(np.concatenate(shares.of(rows)).tolist()) == list(range(50))


def test_rows_in_memory_have_no_blocks() -> None:
    x = np.zeros((40, 2), np.float32)
    batches = RowBatches(Part(x, np.zeros(40), np.arange(40)), np.zeros(40), 8, seed=1)
    assert Shares.for_training(batches, 2, 1) == Shares(2, 1, None)
