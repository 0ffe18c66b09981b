"""Scaling, checks, baseline, class weights, scores, fingerprint: of rows on disk the same as of rows in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlpcli import arrays
from mlpcli.arrays import check_finite, class_counts
from mlpcli.data.dataset import DataFacts, Part, Rows, Source, Splits
from mlpcli.data.facts import fingerprint
from mlpcli.data.scaling import class_weights, fit_scaling, fit_target_scaling
from mlpcli.errors import DataError, SettingError
from mlpcli.runs.directory import write_split
from mlpcli.scoring.scores import baseline

DiskPart = Callable[..., Part]

RNG = np.random.default_rng(3)
X = np.column_stack([RNG.normal(40, 10, 100), np.full(100, 7), RNG.integers(0, 2, 100)]).astype(np.float32)
CLASSES = np.arange(100) % 7 % 3
NUMBERS = RNG.normal(5, 2, 100).astype(np.float32)
FACTS = DataFacts(
    "s", "table", (3,), "classification", ("a", "b"), ("나이", "상수", "예"), None, 1, 100, None, None, ""
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "CHUNK_BYTES", 11 * 8)


def in_memory(x: np.ndarray, y: np.ndarray) -> Part:
    return Part(x, y, np.arange(len(y)))


@pytest.mark.parametrize("setting", ["standardize", "minmax", "robust", "none"])
def test_scaling(disk_part: DiskPart, setting: str) -> None:
    found = fit_scaling(FACTS, setting, disk_part(X, CLASSES))
    expected = fit_scaling(FACTS, setting, in_memory(X, CLASSES))
    assert (found.kind, found.axis) == (expected.kind, expected.axis)
    assert found.mean == pytest.approx(expected.mean, rel=1e-12)
    assert found.variance == pytest.approx(expected.variance, rel=1e-12)


def test_target_scaling(disk_part: DiskPart) -> None:
    found = fit_target_scaling("standardize", disk_part(X, NUMBERS))
    assert (found.mean, found.deviation) == pytest.approx((NUMBERS.mean(), NUMBERS.std()), rel=1e-6)


def test_finite_rows_pass_without_being_read(disk_part: DiskPart, monkeypatch: pytest.MonkeyPatch) -> None:
    part = disk_part(X, NUMBERS)
    for rows in (part.x, part.y):
        monkeypatch.setattr(rows, "_read", lambda *_: pytest.fail("read"))
    check_finite("t", part.x, part.y)


@pytest.mark.parametrize(("row", "column", "value"), [(99, 1, np.nan), (60, 2, np.inf)])
def test_the_first_value_that_is_not_finite(disk_part: DiskPart, row: int, column: int, value: float) -> None:
    x = X.copy()
    x[row, column] = value
    part = disk_part(x, CLASSES)
    name = ("나이", "상수", "예")[column]
    message = f't: x: 1 value is not finite; the first is {value:g} in row {row} (from 0), column "{name}"'
    with pytest.raises(DataError, match=re.escape(message)):
        check_finite("t", part.x, part.y, FACTS.feature_names)


def test_baselines(disk_part: DiskPart) -> None:
    names = ("a", "b", "c")
    y = disk_part(X, CLASSES).y
    assert baseline("classification", y, y, names) == baseline("classification", CLASSES, CLASSES, names)
    numbers = disk_part(X, NUMBERS, "numbers").y
    found, expected = (baseline("regression", y, y, None) for y in (numbers, NUMBERS))
    assert found.pop("name") == expected.pop("name")
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_class_weights(disk_part: DiskPart) -> None:
    y = disk_part(X, CLASSES).y
    assert class_counts(y, 4).tolist() == np.bincount(CLASSES, minlength=4).tolist()
    found, expected = (class_weights("balanced", labels, ("a", "b", "c")) for labels in (y, CLASSES))
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(SettingError, match='no training row has the class "d"'):
        class_weights("balanced", y, ("a", "b", "c", "d"))


def test_the_fingerprint_notices_values_and_is_the_same_again(disk_part: DiskPart) -> None:
    def of(x: np.ndarray, y: np.ndarray, name: str) -> str:
        part = disk_part(x, y, name)
        return fingerprint(Source("s", "table", Rows(part.x, part.y), None, ("a", "b", "c"), None, None))

    first = of(X, CLASSES, "1")
    assert first == of(X, CLASSES, "2")
    assert len({first, of(X + 1, CLASSES, "3"), of(X, (CLASSES + 1) % 3, "4")}) == 3


def test_the_fingerprint_covers_all_parts(disk_part: DiskPart) -> None:
    train, test, other = (disk_part(X[:n], CLASSES[:n], str(n)) for n in (60, 40, 41))
    source = Source("s", "table", Rows(train.x, train.y), None, None, None, None)
    found = [fingerprint(source, Splits(train, None, part)) for part in (None, test, other)]
    assert len(set(found)) == 3


def test_a_split_file_holds_counts(disk_part: DiskPart, tmp_path: Path) -> None:
    train, test = disk_part(X, CLASSES, "a"), disk_part(X[:5], CLASSES[:5], "b")
    write_split(tmp_path / "split.npz", Splits(train, None, test))
    with np.load(tmp_path / "split.npz") as found:
        assert {name: found[name].tolist() for name in found} == {"train_rows": 100, "test_rows": 5}


def test_columns_that_pass_through_are_not_scaled() -> None:
    facts = replace(FACTS, pass_through=(False, True, True))
    for setting in ("standardize", "minmax"):
        found, plain = (fit_scaling(each, setting, in_memory(X, CLASSES)) for each in (facts, FACTS))
        assert found.mean == (plain.mean[0], 0.0, 0.0)
        assert found.variance == (plain.variance[0], 1.0, 1.0)


def test_nothing_to_scale_at_all() -> None:
    facts = replace(FACTS, pass_through=(True, True, True))
    found = fit_scaling(facts, "auto", in_memory(X, CLASSES))
    assert (found.mean, found.variance) == ((0.0,) * 3, (1.0,) * 3)
