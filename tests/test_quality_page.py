"""docs/quality.md says what the stored fits say; scores, ranks and ratios worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import figures, page, results
from benchmarks.quality.scores import calibration_error, class_scores, number_scores
from benchmarks.quality.tables import SPLIT_SEEDS, TABLES, rows_for_testing


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of results."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    figures.finished.cache_clear()
    yield tmp_path
    figures.finished.cache_clear()


def fit(method: str, table: str, split: int, error: float, **more: object) -> None:
    results.store(method, {"table": table, "split": split, "version": "1", "rows": 100, "error": error, **more})


def test_the_page_has_the_stored_fits() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.page_text(text) == text, "run python -m benchmarks.quality.page"


def test_halves_are_of_one_size_and_mixed_and_test_rows_are_a_fifth() -> None:
    kinds = [(table.half, table.task) for table in TABLES]
    assert {kinds.count((half, task)) for half in ("design", "report") for task in page.TASKS} == {7}
    drawn = [rows_for_testing(1000, split) for split in range(len(SPLIT_SEEDS))]
    assert all(len(set(rows.tolist())) == 200 for rows in drawn)
    assert not np.array_equal(drawn[0], drawn[1])
    assert np.array_equal(drawn[0], rows_for_testing(1000, 0))


def test_error_and_log_loss_of_classes() -> None:
    # right with 0.5; wrong with 0.25 for the true class; a class that training did not have
    found = class_scores(np.array([[0.5, 0.3, 0.2], [0.25, 0.75, 0.0], [1.0, 0.0, 0.0]]), np.array([0, 0, -1]))
    assert found["error"] == pytest.approx(2 / 3)
    assert found["log_loss"] == pytest.approx(-(math.log(0.5) + math.log(0.25) + math.log(1e-7)) / 3)


def test_calibration_error_weighs_each_bin_by_its_rows() -> None:
    # 0.9, 0.92: one bin, 1 of 2 right: 2 x |0.91 - 0.5|; 1.0 in the last bin, right: 0; 0.5 wrong: 1 x 0.5
    confidence, right = np.array([0.9, 0.92, 1.0, 0.5]), np.array([True, False, True, False])
    assert calibration_error(confidence, right) == pytest.approx((2 * 0.41 + 0.0 + 0.5) / 4)


def test_error_of_numbers_is_in_their_unit() -> None:
    assert number_scores(np.array([1.0, 5.0]), np.array([4.0, 1.0]))["error"] == pytest.approx(math.sqrt(12.5))


@pytest.mark.parametrize(
    ("values", "ranks"),
    [([0.3, 0.1, 0.2], [3, 1, 2]), ([0.1, 0.1, 0.2], [1.5, 1.5, 3]), ([1, 1, 1], [2, 2, 2])],
)
def test_ranks(values: list[float], ranks: list[float]) -> None:
    assert figures.ranks_of(values) == ranks


def test_geometric_mean_lies_in_its_interval() -> None:
    found = figures.geometric_mean([0.5, 2.0, 0.8])
    assert found.mean == pytest.approx(0.8 ** (1 / 3))
    assert 0.5 <= found.low < found.mean < found.high <= 2.0
    assert found.tables == 3


def test_a_ratio_is_over_the_splits_that_both_have(stored: Path) -> None:
    fit("a", "cars", 0, 2.0)
    fit("a", "cars", 1, 9.0)
    fit("b", "cars", 0, 4.0)
    assert figures.table_ratio("a", "b", "cars") == pytest.approx(0.5)
    assert figures.table_ratio("a", "b", "wage") is None
    assert figures.wins("a", "b", ["cars", "wage"]) == (1, 0)


def test_half_a_row_keeps_ratios_of_faultless_methods_finite(stored: Path) -> None:
    fit("a", "segment", 0, 0.0)
    fit("b", "segment", 0, 0.01)
    assert figures.table_ratio("a", "b", "segment") == pytest.approx(0.5 / 1.5)


def test_ranks_are_over_fits_that_all_methods_have_and_that_came_to_an_end(stored: Path) -> None:
    for method, errors in {"a": (1.0, 5.0), "b": (2.0, 4.0)}.items():
        for split, error in enumerate(errors):
            fit(method, "cars", split, error)
    fit("a", "wage", 0, 9.0)
    results.store("b", {"table": "wage", "split": 0, "version": "1", "failure": "ValueError"})
    assert figures.mean_ranks(["a", "b"], ["cars", "wage"]) == {"a": 1.5, "b": 1.5}
    assert figures.tables_of("b") == ["cars"]


def test_the_latest_fit_counts(stored: Path) -> None:
    fit("a", "cars", 0, 2.0)
    fit("a", "cars", 0, 1.0)
    assert figures.errors_of("a", "cars") == [1.0]
