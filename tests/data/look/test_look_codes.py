"""Whole numbers that are codes are noticed; amounts are not, whatever the target makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from mlpcli.config.sections import DataConfig
from mlpcli.data.built_in import load_bundled
from mlpcli.data.catalog import CATALOG
from mlpcli.data.dataset import Rows
from mlpcli.data.load_data import load_data
from mlpcli.data.look.codes import errors_in_order, find_codes, least_gain
from mlpcli.data.look.findings import Finding
from mlpcli.data.look.look_at import draw_sample
from mlpcli.tables.column_encoders import ValueColumn
from mlpcli.tables.preprocessing import Preprocessing, plain_preprocessing
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.target import TargetEncoder

CLASSES = ("a", "b")


def codes_in(columns: dict[str, Any], y: Any, classes: tuple[str, ...] | None = None) -> list[Finding]:
    x = np.stack([np.asarray(values, np.float32) for values in columns.values()], axis=1)
    preprocessing = plain_preprocessing(tuple(columns), classes, ("y",))
    return find_codes(preprocessing, Rows(x, np.asarray(y)), classes)


def regions(rows: int, effects: Sequence[float], noise: float = 1.0, seed: int = 0) -> tuple[Any, Any]:
    """Random values 1, 2, ... and a target that is the effect of each, with noise."""
    draw = np.random.default_rng(seed)
    values = draw.integers(1, len(effects) + 1, rows)
    return values, np.asarray(effects)[values - 1] + draw.normal(0, noise, rows)


def test_regions_that_follow_no_order_are_codes() -> None:
    region, y = regions(2000, [3, 0, 3, 0, 3])
    (finding,) = codes_in({"region": region, "size": np.arange(2000) % 7}, y)
    assert (finding.topic, finding.level, finding.columns) == ("codes", "note", ("region",))
    assert str(finding).startswith('column "region" has whole numbers that behave like codes, not amounts (as separate')
    assert str(finding).endswith("; data.types: {region: category} reads them as categories")


def test_codes_of_classes_and_several_columns_in_one_finding() -> None:
    draw = np.random.default_rng(1)
    zone, shop = draw.integers(0, 20, 6000), draw.integers(1, 6, 6000)
    share = np.array([0.2, 0.8])[draw.permutation(20) % 2][zone] + np.array([0.1, -0.1, 0.1, -0.1, 0.1])[shop - 1]
    y = (draw.random(6000) < share).astype(np.int64)
    (finding,) = codes_in({"zone": zone, "우편 번호": shop, "n": draw.integers(0, 9, 6000)}, y, CLASSES)
    assert finding.columns == ("zone", "우편 번호")
    assert "data.types: {zone: category, 우편 번호: category}" in str(finding)


@pytest.mark.parametrize(
    "effects",
    [
        [0, 1, 2, 3, 4],  # a line
        [0, 0, 0, 9, 9, 9.1],  # a step
        [0, 3, 5, 6, 5, 2, 0],  # a peak
        [5, 1, 0, 1, 7],  # a valley
        [9, 0, 5],  # three values
        [0, 0, 0, 0, 0, 0],  # nothing
        np.cos(np.arange(24) / 24 * 4 * np.pi) * 3,  # two peaks, smoothly, as hours of the day have
    ],
)
def test_amounts_are_none(effects: Sequence[float]) -> None:
    for seed in range(5):
        values, y = regions(5000, effects, seed=seed)
        assert codes_in({"v": values}, y) == []
        assert codes_in({"v": values}, np.exp(3 * y)) == []
        assert codes_in({"v": values}, (y > np.median(y)).astype(np.int64), CLASSES) == []


def test_noise_is_none() -> None:
    """A few huge values, a rare class, and many columns."""
    draw = np.random.default_rng(2)
    columns = {str(column): draw.integers(0, 4 + column % 40, 1000) for column in range(200)}
    assert codes_in(columns, draw.standard_cauchy(1000)) == []
    assert codes_in(columns, (draw.random(1000) < 0.02).astype(np.int64), CLASSES) == []


@pytest.mark.parametrize(
    "values",
    [
        np.arange(3000) % 5 / 2,  # halves
        np.arange(3000) % 51,  # 51 values
        np.arange(3000) % 3,
        np.arange(3000) % 150 * (np.arange(3000) % 100 == 0),  # four values, but all in 30 rows
    ],
)
def test_others_are_not_looked_at(values: Any) -> None:
    assert codes_in({"v": values}, 10.0 * (np.asarray(values) * 2 % 2)) == []


def test_a_trifle_is_none_however_certain() -> None:
    values, y = regions(20_000, [0.1, 0, 0.1, 0, 0.1])
    assert codes_in({"v": values}, y) == []
    values, y = regions(20_000, [0.5, 0, 0.5, 0, 0.5])
    assert codes_in({"v": values}, y) != []


def test_gaps_do_not_count_as_the_median() -> None:
    """The targets of 1, 2, 3 and 5 rise; the gaps, filled with 4, would be a valley behind a peak."""
    values = np.repeat([1, 2, 3, 4, 5], 200).astype(np.float32)
    gap = (values == 4).astype(np.float32)
    y = np.where(gap, 0, values).astype(np.float32) + np.random.default_rng(0).normal(0, 0.1, 1000)
    for indicator, found in ((True, 0), (False, 1)):
        x = np.stack([values, gap], axis=1)[:, : 1 + indicator]
        column = ValueColumn("v", "number", 4.0, indicator)
        preprocessing = Preprocessing((column,), TargetEncoder(("y",), None), ReadOptions(), "impute")
        assert len(find_codes(preprocessing, Rows(x, y), None)) == found


def test_digits_iris_and_others_have_none() -> None:
    for name in ("digits", "iris", "wine", "breast_cancer", "diabetes"):
        source = load_bundled(CATALOG[name], DataConfig(source=name))
        x, names = source.train.x.reshape(len(source.train), -1), source.class_names
        preprocessing = plain_preprocessing(tuple(map(str, range(x.shape[1]))), names, ("y",))
        assert find_codes(preprocessing, Rows(x, source.train.y), names) == []


@pytest.mark.parametrize(("table", "target"), [("titanic", "survived"), ("titanic", "fare"), ("penguins", "species")])
def test_real_tables_have_none(table: str, target: str, shared_data: Path) -> None:
    data = DataConfig(source=str(shared_data / "tabular" / f"{table}.csv"), target=target)
    loaded = load_data(data, 0)
    sample = draw_sample(loaded.splits.train)
    assert find_codes(loaded.source.preprocessing, sample, loaded.source.class_names) == []


@pytest.mark.parametrize("groups", [4, 15, 50])
@pytest.mark.parametrize("tests", [1, 1000])
def test_the_least_gain_is_above_the_quantile_of_chi_square(groups: int, tests: int) -> None:
    assert chi2.sf(least_gain(groups, tests), groups) <= 1e-3 / tests


@pytest.mark.parametrize(
    ("means", "counts", "error"),
    [
        ([1, 2, 3], [1, 1, 1], 0),
        ([3, 1, 2], [1, 1, 1], 0.5),  # 3, 1.5, 1.5
        ([3, 0, 3], [1, 2, 1], 6),  # 1, 1, 3 from the left: (3-1)^2 + 2 (0-1)^2
        ([0, 4, 1, 3, 0], [1, 1, 1, 1, 1], 2),  # 0, 4, 2, 2, 0
        ([2, 2, 2], [5, 1, 1], 0),
    ],
)
def test_the_best_peak_by_hand(means: list[float], counts: list[int], error: float) -> None:
    assert errors_in_order(np.array(means, float), np.array(counts)) == pytest.approx(error)
