"""Equal rows: in two parts, and with different classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlpcli import arrays
from mlpcli.data.dataset import Part, Splits
from mlpcli.data.look.duplicates import (
    common,
    distinct,
    find_contradictions,
    find_overlaps,
    hash_parts,
    repeated_rows,
    row_hashes,
)
from mlpcli.data.look.look_at import parts_by_name


def hashes_of(x: Any) -> np.ndarray:
    return row_hashes(x, np.arange(len(x)), x.dtype)


def parts_of(**parts: tuple[Any, Any]) -> dict[str, Part]:
    return {name: Part(np.asarray(x), np.asarray(y), np.arange(len(y))) for name, (x, y) in parts.items()}


@pytest.mark.parametrize("chunk_bytes", [8, 1 << 23], ids=["row by row", "at once"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1,), (3,), (5, 7), (2, 3, 3)])
def test_equal_rows_have_equal_numbers_and_others_do_not(
    shape: tuple[int, ...], dtype: type, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "CHUNK_BYTES", chunk_bytes)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 100, (60, *shape)).astype(dtype)
    x = np.concatenate([x, x[::-1]])
    flat = x.reshape(len(x), -1)
    _, expected = np.unique(flat, axis=0, return_inverse=True)
    _, found = np.unique(hashes_of(x), return_inverse=True)
    assert np.array_equal(found[:, None] == found, expected.reshape(-1, 1) == expected.ravel())


def test_one_changed_byte_changes_the_number() -> None:
    x = np.zeros((785, 784), np.uint8)
    x[np.arange(784), np.arange(784)] = 1
    assert len(np.unique(hashes_of(x))) == 785
    high = (np.arange(256, dtype=np.uint64) << np.uint64(56))[:, None]  # rows that differ in the highest bits alone
    both = np.concatenate([np.repeat(high, 256, axis=0), np.tile(high, (256, 1))], axis=1)
    assert len(np.unique(hashes_of(both))) == 65_536


def test_rows_that_differ_in_their_highest_bits_alone() -> None:
    x = np.random.default_rng(0).integers(0, 2, (300_000, 64), dtype=np.uint32) << np.uint32(31)
    assert len(np.unique(hashes_of(x))) == 300_000


def test_zeros_and_nan_are_equal_whatever_their_bits() -> None:
    odd_nan = np.array([0x7FC00001], np.uint32).view(np.float32)[0]
    first, second = hashes_of(np.array([[0.0, np.nan], [-0.0, odd_nan]], np.float32))
    assert first == second


def test_sorted_arrays_are_counted() -> None:
    assert distinct(np.array([1, 1, 2, 5, 5, 5])) == 3
    ordered, among = np.array([0, 3, 3, 4, 9], np.uint64), np.array([3, 4, 4], np.uint64)
    assert common(ordered, among) == 3
    assert common(among, ordered) == 3


def test_rows_of_two_parts_are_counted_by_hand() -> None:
    train = [[float(value)] for value in range(200)]
    parts = parts_of(
        training=(train, [0] * 200),
        # 3 with the target, 1 without it, 6 new ones
        validation=([[0.0], [1.0], [-0.0], [5.0], *[[500.0 + value] for value in range(6)]], [0, 0, 0, 1] + [0] * 6),
        # 1 of 200 is a training row, and one of validation
        test=([[7.0], [503.0], *[[900.0 + value] for value in range(198)]], [0] * 200),
    )
    findings = find_overlaps(hash_parts(parts))
    assert [(finding.level, finding.text) for finding in findings] == [
        (
            "warning",
            "3 of 10 validation rows (30 %) also appear among the training rows (1 more have the same values but"
            " another target), which inflates the validation score",
        ),
        ("note", "1 of 200 test rows (0.5 %) also appears among the training rows, which inflates the test score"),
        (
            "note",
            "1 of 200 test rows (0.5 %) also appears among the validation rows, which lets them influence when training"
            " stops",
        ),
    ]
    assert {finding.topic for finding in findings} == {"duplicates"}
    assert str(findings[0]).endswith("; keep each row once, or all its copies in one part")


def test_the_same_file_twice_is_said() -> None:
    rows = (np.arange(40.0).reshape(20, 2), np.arange(20))
    (finding,) = find_overlaps(hash_parts(parts_of(training=rows, test=rows)))
    assert finding.text.startswith("all 20 test rows (100 %) also appear among the training rows, ")
    assert finding.level == "warning"


def test_rows_of_other_types_are_compared_by_value() -> None:
    parts = parts_of(
        training=(np.arange(20, dtype=np.uint8)[:, None], np.arange(20)),
        test=(np.array([[3.0], [3.5]], np.float32), np.array([3, 4])),
    )
    (finding,) = find_overlaps(hash_parts(parts))
    assert "1 of 2 test rows (50 %)" in finding.text


def test_the_same_values_with_another_target_do_not_inflate_the_score() -> None:
    parts = parts_of(training=(np.arange(20.0)[:, None], np.zeros(20)), test=(np.arange(20.0)[:, None], np.ones(20)))
    assert find_overlaps(hash_parts(parts)) == []


def test_a_table_of_few_possible_rows_is_no_accident() -> None:
    kinds = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    new = np.array([[2, 2]], np.float32)
    parts = parts_of(
        training=(np.tile(kinds, (10, 1)), np.tile(np.arange(4), 10)),
        validation=(np.concatenate([kinds[:3], new]), [0, 1, 2, 3]),
    )
    (finding,) = find_overlaps(hash_parts(parts))
    assert (finding.topic, finding.level) == ("duplicates", "note")
    assert finding.text == (
        "the 40 training rows are 4 distinct ones, repeated, and 75 % of the validation rows are among them"
    )
    assert find_overlaps(hash_parts({"training": parts["training"]})) == []


def test_many_copies_of_many_rows_are_a_warning() -> None:
    rows = np.tile(np.arange(1_001.0)[:, None], (10, 1))
    parts = parts_of(training=(rows, np.zeros(len(rows))), test=(rows[:100], np.zeros(100)))
    assert [finding.level for finding in find_overlaps(hash_parts(parts))] == ["warning"]


def test_contradictions_are_counted_by_hand() -> None:
    # value 1: classes a a b, one of three wrong at best; value 2: a b, one wrong; value 3: c c, none; 4 to 8: once.
    x = np.array([1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8], np.float32)[:, None]
    y = np.array([0, 0, 1, 0, 1, 2, 2, 0, 1, 2, 0, 1])
    parts = parts_of(training=(x, y))
    hashes = hash_parts(parts)["training"]
    (finding,) = find_contradictions(parts["training"], hashes, 3)
    assert (finding.topic, finding.level) == ("contradictions", "note")
    assert finding.text == (
        "5 training rows share all values with a row of another class: no model can get more than 83.3 % of the"
        " training rows right"
    )
    assert repeated_rows(hashes) == 4
    one_class = Part(x, np.zeros(12, np.int64), np.arange(12))
    assert find_contradictions(one_class, hash_parts({"training": one_class})["training"], 3) == []
    last = Part(x, y, np.arange(5, 12))  # without the rows that contradict each other
    assert find_contradictions(last, hash_parts({"training": last})["training"], 3) == []


def test_a_validation_part_that_is_the_test_part_counts_once(
    source: Callable[..., Any], split: Callable[..., Splits]
) -> None:
    made = split(source(np.arange(10.0)[:, None], np.zeros(10)), 6)
    assert list(parts_by_name(Splits(made.train, made.test, made.test))) == ["training", "test"]
    assert list(parts_by_name(Splits(made.train, made.test, None))) == ["training", "validation"]
