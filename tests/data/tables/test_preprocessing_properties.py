"""What holds for every table: names and places of columns and rows do not matter, only values do."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.sections import DataConfig
from mlpcli.tables.column_forms import profile_columns
from mlpcli.tables.kinds import choose_kinds
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.target import choose_target

DATA = DataConfig(source="t.csv", target="y", types={"size": "category"})
TYPES = {
    "number": pa.float64(),
    "size": pa.int64(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "색": pa.string(),
    "y": pa.string(),
}
NAMES = tuple(TYPES)

ROWS = st.lists(
    st.tuples(
        st.none() | st.floats(-(2.0**100), 2.0**100, width=32) | st.integers(-5, 5).map(float),
        st.none() | st.integers(-3, 3),
        st.none() | st.booleans(),
        st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
        st.none() | st.sampled_from(["빨강", "a,b", '"', "=1", "x"]) | st.text("ab", min_size=1, max_size=3),
        st.sampled_from(["yes", "no"]),
    ),
    min_size=1,
    max_size=30,
)


def typed(rows: list[tuple[Any, ...]]) -> pa.Table:
    """As Parquet would bring them."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, TYPES.values(), strict=True)], NAMES)


def texts(rows: list[tuple[Any, ...]]) -> pa.Table:
    """As a CSV would bring them."""
    return pa.table(
        [pa.array([None if v is None else repr(v) if isinstance(v, float) else str(v) for v in column], pa.string())
         for column in zip(*rows, strict=True)],
        NAMES,
    )  # fmt: skip


def raw(table: pa.Table) -> RawTable:
    return RawTable(table, lambda row: f"t.csv:{row + 2}")


def fitted(batches: list[pa.Table]) -> Preprocessing:
    kinds = {"number": "number", "size": "category", "flag": "boolean", "day": "date", "색": "category"}
    target, _ = choose_target("t.csv", profile_columns([raw(typed(TRAINING))], DATA), DATA)
    return fit_preprocessing(map(raw, batches), kinds, target, DATA, ReadOptions(formats={}))[0]  # type: ignore[arg-type]


TRAINING: list[tuple[Any, ...]] = [
    (0.5, 1, True, date(2024, 1, 1), "빨강", "yes"),
    (None, 2, None, date(2024, 1, 3), "x", "no"),
    (7.0, None, False, None, None, "no"),
    (-2.0, 1, True, date(2023, 5, 5), "x", "yes"),
]


@cache
def model() -> Preprocessing:
    return fitted([typed(TRAINING)])


@given(ROWS)
def test_text_and_typed_columns_give_the_same_finite_numbers(rows: list[tuple[Any, ...]]) -> None:
    x = model().encode(raw(typed(rows)))
    assert np.isfinite(x).all()
    assert x.shape == (len(rows), len(model().feature_names)) == (len(rows), len(model().pass_through))
    np.testing.assert_array_equal(model().encode(raw(texts(rows))), x)
    np.testing.assert_array_equal(model().encode_target(raw(texts(rows))), [row[-1] == "yes" for row in rows])


@given(ROWS)
def test_stored_and_read_back_it_gives_the_same(rows: list[tuple[Any, ...]]) -> None:
    own = fitted([typed(rows), typed(TRAINING)])
    back = Preprocessing.from_json(json.loads(json.dumps(own.as_json())))
    assert back == own
    np.testing.assert_array_equal(back.encode(raw(typed(rows))), own.encode(raw(typed(rows))))


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_and_further_columns_do_not_matter(
    rows: list[tuple[Any, ...]], random: Any
) -> None:
    table = texts(rows)
    x = model().encode(raw(table))
    order = random.sample(range(len(rows)), len(rows))
    np.testing.assert_array_equal(model().encode(raw(table.take(order))), x[order])
    names = random.sample([*NAMES, "more"], len(NAMES) + 1)
    wider = table.append_column("more", pa.nulls(len(rows))).select(names)
    np.testing.assert_array_equal(model().encode(raw(wider)), x)


@given(ROWS, st.integers(1, 7))
def test_batches_give_what_the_whole_gives(rows: list[tuple[Any, ...]], size: int) -> None:
    """Each row is encoded from itself alone, and fitting does not depend on where batches begin."""
    table = typed([*rows, *TRAINING])
    batches = [table.slice(start, size) for start in range(0, len(table), size)]
    assert fitted(batches) == fitted([table])
    pieces = [model().encode(raw(batch)) for batch in batches]
    np.testing.assert_array_equal(np.concatenate(pieces), model().encode(raw(table)))


@given(ROWS)
def test_whatever_is_chosen_can_be_fitted_and_encoded(rows: list[tuple[Any, ...]]) -> None:
    """The kinds are the same for text and typed columns, and so is everything that follows."""
    table = [*rows, *TRAINING]
    both = []
    for form in (texts(table), typed(table)):
        profiles = profile_columns([raw(form)], DATA)
        chosen = choose_kinds("t.csv", profiles, DATA, ("y",))
        target, _ = choose_target("t.csv", profiles, DATA)
        own, notes = fit_preprocessing([raw(form)], chosen.kinds, target, DATA, ReadOptions(formats={}))
        both.append((own, [*chosen.notes, *notes], own.encode(raw(form)).tolist()))
    assert both[0] == both[1]


@pytest.mark.parametrize("rows", [0, 3])
def test_no_rows_and_rows_of_gaps(rows: int) -> None:
    empty = pa.table({name: pa.array([None] * rows, kind) for name, kind in TYPES.items()})
    assert model().encode(raw(empty)).shape == (rows, len(model().feature_names))
    nulls = pa.table({name: pa.nulls(rows) for name in TYPES})
    np.testing.assert_array_equal(model().encode(raw(nulls)), model().encode(raw(empty)))
