"""A column that alone tells the target is noticed, and an honest one is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from mlpcli.config.sections import DataConfig
from mlpcli.data.built_in import load_bundled
from mlpcli.data.catalog import CATALOG
from mlpcli.data.dataset import Part, Rows, Source
from mlpcli.data.look.findings import Finding, RawColumn, raw_columns
from mlpcli.data.look.leaks import classes_right, find_leaks, least_share, variance_explained
from mlpcli.data.look.look_at import draw_sample
from mlpcli.language import retold, speaking

ONE_SIGMA = 0.6826894921370859


def columns(*names: str | None) -> list[RawColumn]:
    return [RawColumn(name, slice(index, index + 1)) for index, name in enumerate(names)]


def leaks_of(source: Source, rows: np.ndarray | None = None) -> list[Finding]:
    chosen = np.arange(len(source.train)) if rows is None else rows
    sample = draw_sample(Part(source.train.x, source.train.y, chosen))
    return find_leaks(raw_columns(source), sample, source.class_names)


def test_titanic_alive_is_noticed_and_nothing_else(tabular: Callable[..., Source]) -> None:
    (finding,) = leaks_of(tabular("titanic", "survived"))
    assert (finding.topic, finding.level) == ("leak", "warning")
    assert str(finding) == (
        'column "alive" alone predicts the class right in 100 % of the rows (always saying "0" has 61.6 %);'
        " is it known before the answer is? If not, data.exclude: [alive]"
    )


def test_penguins_have_none(tabular: Callable[..., Source]) -> None:
    assert leaks_of(tabular("penguins", "species")) == []


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_good_columns_of_honest_sets_are_no_leaks(name: str) -> None:
    source = load_bundled(CATALOG[name], DataConfig(source=name))
    for seed in range(10):
        rows = np.random.default_rng(seed).permutation(len(source.train))[: int(0.64 * len(source.train))]
        assert leaks_of(source, rows) == []


@pytest.mark.parametrize(("right", "rows"), [(120, 120), (119, 120), (0, 7), (980, 1000), (5, 9)])
def test_the_least_share_is_wilsons(right: int, rows: int) -> None:
    wilson = binomtest(right, rows).proportion_ci(ONE_SIGMA, method="wilson").low
    assert least_share(right, rows) == pytest.approx(wilson)


def test_a_rule_is_tried_on_rows_that_were_kept_from_it() -> None:
    y = np.array([1, 1, 0, 1, 1, 1, 0, 1])
    # Each half learns 10 and 20 for the other. 30 and 40 are in one half alone: the other says 1, its most frequent.
    key = np.array([10, 40, 20, 40, 10, 30, 20, 30], np.float32)
    assert classes_right(key[:, None], y, 2) == 8
    wrong_once = np.array([10, 40, 20, 40, 20, 30, 20, 30], np.float32)
    # Row 4 is taken for a 0. The second half has a 1 and a 0 at 20 and says 0, which is right; at 10 it has to say 1.
    assert classes_right(wrong_once[:, None], y, 2) == 7
    assert classes_right(np.arange(8, dtype=np.float32)[:, None], y, 2) == 6  # nothing seen: always 1


def test_the_columns_of_a_category_count_as_one() -> None:
    rng = np.random.default_rng(0)
    category = rng.integers(0, 4, 400)
    one_hot = np.eye(4, dtype=np.float32)[category]
    assert classes_right(one_hot, category, 4) == 400
    assert classes_right(one_hot[:, :1], category, 4) < 300


def test_many_values_are_judged_by_their_neighbours() -> None:
    values = np.random.default_rng(0).permutation(1_000).astype(np.float32)
    bands = (values // 250).astype(np.int64)  # a file sorted by its class, and its row number
    assert classes_right(values[:, None], bands, 4) >= 990
    noise = np.random.default_rng(1).integers(0, 2, 1_000)
    assert classes_right(values[:, None], noise, 2) < 600


def test_numbers_are_predicted_by_lines_curves_and_categories() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=1_000).astype(np.float32)
    assert variance_explained(x[:, None], 3 * x - 7) == pytest.approx(1)
    angles = rng.uniform(0, 6, 1_000)
    assert variance_explained(angles[:, None], np.sin(angles)) > 0.9999
    assert variance_explained(x[:, None], rng.normal(size=1_000)) < 0.02
    codes = rng.integers(0, 3, 1_000)
    assert variance_explained(np.eye(3)[codes], np.array([5.0, -1.0, 2.0])[codes]) == pytest.approx(1)
    assert variance_explained(x[:, None], np.full(1_000, 4.0)) == 0


def test_means_of_the_other_half_by_hand() -> None:
    # Halves (1: 0, 2; 2: 4) and (1: 2, 2: 4, 6). Errors of the second with the first's means 1 and 4: 1, 0, 4;
    # of the first with the second's 2 and 5: 4, 0, 1. Around the mean 3: 9 + 1 + 1 + 1 + 1 + 9 = 22.
    key, y = np.array([[1.0], [1.0], [2.0], [1.0], [2.0], [2.0]]), np.array([0.0, 2.0, 4.0, 2.0, 4.0, 6.0])
    assert variance_explained(key, y) == pytest.approx(1 - 10 / 22)


def test_a_leak_into_a_number_is_named() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    y = np.stack([rng.normal(size=300), 100 * x[:, 1] + 4], axis=1).astype(np.float32)  # the second of two targets
    (finding,) = find_leaks(columns("키", "점수, 최종", "c"), Rows(x, y), None)
    assert re.fullmatch(
        r'column "점수, 최종" alone predicts the target with an r2 of (1|0\.9999) \(1 is perfect\)', finding.text
    )
    assert finding.advice == 'is it known before the answer is? If not, data.exclude: ["점수, 최종"]'


def test_all_leaks_are_listed_the_best_one_first() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1_000)
    nearly = np.where(np.arange(1_000) < 5, 1 - y, y)
    x = np.stack([nearly, rng.normal(size=1_000), y], axis=1).astype(np.float32)
    (finding,) = find_leaks(columns("b", "c", "a"), Rows(x, y), ("no", "yes"))
    assert 'column "a" alone predicts the class right in 100 % of the rows' in finding.text
    assert finding.text.endswith(', and so do column "b" (99.5 %)')
    with speaking("ko"):  # as a report has it
        assert "하나만으로" in retold(finding.text)
        assert retold(finding.advice).startswith("답보다 먼저")
    assert finding.advice == "are they known before the answer is? If not, data.exclude: [a, b]"
    (unnamed,) = find_leaks(columns(None, None, None), Rows(x, y), ("no", "yes"))
    assert unnamed.text.startswith("column 2 (from 0) alone")
    assert unnamed.advice == "are they known before the answer is? If not, leave them out of x"


def test_beside_a_frequent_class_more_is_asked() -> None:
    y = np.zeros(2_000, np.int64)
    y[::20] = 1  # always saying 0 is right in 95 %, so that at most 1 % may be wrong
    wrong = np.where(np.arange(2_000) % 40 == 0, 0, y)  # finds half of the others: right in 97.5 %
    x = np.stack([wrong, np.zeros(2_000)], axis=1).astype(np.float32)
    rows = np.random.default_rng(0).permutation(2_000)
    assert find_leaks(columns("a", "b"), Rows(x[rows], y[rows]), ("no", "yes")) == []
    x[:, 0] = y
    assert len(find_leaks(columns("a", "b"), Rows(x[rows], y[rows]), ("no", "yes"))) == 1


@pytest.mark.parametrize(
    ("rows", "names", "classes"),
    [(300, ("a",), ("n", "y")), (19, ("a", "b"), ("n", "y")), (40, ("a", "b"), ("n", "y")), (49, ("a", "b"), None)],
    ids=["one column", "19 rows", "40 rows", "49 numbers"],
)
def test_where_nothing_can_be_said(rows: int, names: Any, classes: Any) -> None:
    y = np.arange(rows) % 2
    x = np.stack([y] * len(names), axis=1).astype(np.float32)
    assert find_leaks(columns(*names), Rows(x, y), classes) == []
