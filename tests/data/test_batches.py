"""Rows taken from arrays by their indices."""

from __future__ import annotations

import tracemalloc

import numpy as np

from mlpcli.data.batches import take_rows


def test_rows_of_an_array_that_lies_column_after_column_are_taken_without_copying_it() -> None:
    array = np.asfortranarray(np.arange(1 << 20, dtype=np.float32).reshape(-1, 4))  # 4 MiB
    rows = np.array([[7, 1], [262_143, 7]])
    tracemalloc.start()
    try:
        found = take_rows(array, rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found[:, :, 3].tolist() == [[31, 7], [1_048_575, 31]]
    assert found.flags.c_contiguous
    assert peak < 1 << 16
