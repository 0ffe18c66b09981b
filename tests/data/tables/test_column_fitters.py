"""Medians, rare categories, and the same columns as scikit-learn makes."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.tables.column_fitters import STREAM, CategoryFitter, ValueSample, least_rows
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.target import TargetEncoder

Columns = Mapping[str, Sequence[Any]]
TARGET = TargetEncoder(("y",), ("a", "b"))


def raw(columns: Columns) -> RawTable:
    return RawTable(
        pa.table({name: pa.array(values) for name, values in columns.items()}), lambda row: f"표.csv:{row + 2}"
    )


def fitted(columns: Columns, kinds: Mapping[str, Any], **settings: Any) -> tuple[Preprocessing, list[str]]:
    rows = len(next(iter(columns.values())))
    training = raw({**columns, "y": ["a", "b"] * (rows // 2) + ["a"] * (rows % 2)})
    data = DataConfig(source="표.csv", **settings)
    return fit_preprocessing([training], kinds, TARGET, data, ReadOptions(formats={}))


def encoder(columns: Columns, kinds: Mapping[str, Any], **settings: Any) -> Preprocessing:
    return fitted(columns, kinds, **settings)[0]


@pytest.mark.parametrize(("rows", "least"), [(4, 1), (20, 1), (40, 2), (100, 5), (500, 5), (700, 7), (10**6, 100)])
def test_how_many_rows_make_a_category(rows: int, least: int) -> None:
    assert least_rows(rows) == least


def test_at_most_fifty_categories_the_most_frequent() -> None:
    values = [f"c{number:02}" for number in reversed(range(60)) for _ in range(5 + (number >= 20))]
    preprocessing, notes = fitted({"c": values}, {"c": "category"})
    expected = [f"c = c{number:02}" for number in (*range(10), *range(20, 60))]
    assert preprocessing.feature_names == (*expected, "c = (other)")
    assert notes == ['column "c": 10 of 60 categories are rare and are treated as one, (other)']


def test_counting_very_many_categories_forgets_the_rarest() -> None:
    fitter = CategoryFitter("c", most_counted=4)
    for batch in (["a", "b", "a"], ["a", "c", "d", "e"], ["a", "f", "a"]):
        fitter.add(raw({"c": batch}))
    column, _ = fitter.finish()
    assert column is not None
    assert column.feature_names[0] == "c = a"
    assert column.feature_names[-1] == "c = (other)"


def test_the_median_is_exact_up_to_a_limit_and_then_of_a_sample() -> None:
    values = np.random.default_rng(0).permutation(100_000).astype(float)
    whole, sampled, batched = ValueSample(), ValueSample(columns=10_000), ValueSample(columns=10_000)
    whole.add(values)
    assert whole.median() == 49_999.5
    sampled.add(values)
    for start in range(0, len(values), 999):
        batched.add(values[start : start + 999])
    keys = np.random.default_rng([STREAM, 0]).random(len(values))
    drawn = np.median(values[np.argsort(keys)[:2_000]])  # those of the smallest keys, wherever batches end
    assert sampled.median() == batched.median() == drawn != whole.median()
    assert abs(sampled.median() - 50_000) < 5_000  # 2,000 values: one standard error is about 1,100
    assert np.isnan(ValueSample().median())


ROUNDED = (
    'column "v": the network\'s 32-bit numbers round its values by up to {}, but they span only {}; use their'
    " difference from the lowest value instead"
)
ROUNDED_DATES = ROUNDED.partition(";")[0] + "; data.dates: parts keeps the times"


@pytest.mark.parametrize(
    ("values", "kind", "note"),
    [
        # From 2**24 on only every second whole number is a float32, from 2**34 on every 2,048th.
        ([str(2**34 + step) for step in (0, 1024, 2000)], "number", ROUNDED.format("1.02e+03", "2e+03")),
        ([str(2**24 + step) for step in (0, 1, 1000)], "number", None),
        (["0.1", "0.2", "1000.7"], "number", None),
        # 19,723 days since 1970 lie 1/512 day apart; 90 s are 0.53 of that, so 0.47 are lost.
        (["2024-01-01T00:00:00", "2024-01-01T00:01:30"], "date", ROUNDED_DATES.format("0.000911 days", "0.00104 days")),
        (["2024-01-01T00:00:00", "2024-01-02T00:01:30"], "date", None),
        (["yes", "no"], "boolean", None),
        (["5", "5"], "number", None),
    ],
)
def test_values_that_32_bit_numbers_round_away_are_noted(values: list[str], kind: str, note: str | None) -> None:
    assert fitted({"v": values}, {"v": kind})[1] == ([note] if note else [])


def test_the_same_as_scikit_learn_on_titanic(shared_data: Path) -> None:
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder

    numbers, categories = ["pclass", "age", "sibsp", "fare"], ["sex", "embarked", "deck", "who"]
    with (shared_data / "tabular" / "titanic.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {name: [row[name] or None for row in rows] for name in numbers + categories}
    preprocessing = encoder(columns, {**dict.fromkeys(numbers, "number"), **dict.fromkeys(categories, "category")})
    x = preprocessing.encode(raw(columns))
    values = np.array([[float(row[name] or "nan") for name in numbers] for row in rows])
    imputed = SimpleImputer(strategy="median", add_indicator=True).fit_transform(values)
    ours = ["pclass", "age", "sibsp", "fare", "age is missing"]
    np.testing.assert_allclose(x[:, [preprocessing.feature_names.index(name) for name in ours]], imputed, rtol=1e-6)
    texts = np.array([[row[name] or "(missing)" for name in categories] for row in rows], dtype=object)
    rare = OneHotEncoder(min_frequency=least_rows(len(rows)), sparse_output=False)  # 9 of 891 rows
    theirs = dict(zip(rare.fit(texts).get_feature_names_out(categories), rare.transform(texts).T, strict=True))
    for index, name in enumerate(preprocessing.feature_names[5:], start=5):
        column, _, category = name.partition(" = ")
        other = {"(other)": "infrequent_sklearn"}.get(category, category)
        if (column, category) == ("embarked", "(missing)"):  # two rows: scikit-learn finds gaps rare, too
            other = "infrequent_sklearn"
        np.testing.assert_array_equal(x[:, index], theirs.pop(f"{column}_{other}"), err_msg=name)
    assert not theirs
