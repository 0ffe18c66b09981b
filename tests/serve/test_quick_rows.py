"""Usual rows are encoded to the bit as a table is; rows with anything else are left to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.serve.quick_rows import QuickRows
from mlpcli.serve.rows import table_of
from mlpcli.tables.column_encoders import CategoryColumn, ValueColumn
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.target import TargetEncoder
from tests.serve.serving import PASSENGER, PASSENGERS

QUICK = QuickRows(PASSENGERS)
ROWS = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(1, 80) | st.floats(1, 80),
        "port": st.sampled_from(["C", "S"]),
        "alone": st.booleans() | st.sampled_from(["yes", "no", 1, 0]),
        "fare": st.integers(0, 500) | st.floats(0, 500, width=32),
    }
)


@given(st.lists(ROWS, min_size=1, max_size=8))
def test_usual_rows_are_encoded_alike(rows: list[dict[str, Any]]) -> None:
    found = QUICK.encode(rows)
    assert found is not None
    for x, row in zip(found, rows, strict=True):
        np.testing.assert_array_equal(x, PASSENGERS.encode(table_of([row], PASSENGERS))[0])


@pytest.mark.parametrize(
    "change",
    [
        *({"age": 81}, {"age": "30"}, {"age": True}, {"age": float("nan")}, {"age": float("inf")}, {"age": []}),
        *({"port": "Q"}, {"port": None}, {"port": " S"}, {"port": ["S"]}, {"port": {}}),
        *({"alone": None}, {"alone": 2}, {"alone": 1.0}, {"fare": None}, {"fare": "$5"}, {"fare": -1}),
    ],
    ids=str,
)
def test_anything_else_is_left_to_the_ordinary_way(change: dict[str, Any]) -> None:
    assert QUICK.encode([PASSENGER, {**PASSENGER, **change}]) is None


def test_a_row_without_a_column_is_left_to_it() -> None:
    assert QUICK.encode([{"age": 30, "port": "S", "alone": True}]) is None


def test_numbers_that_are_categories_and_bins() -> None:
    columns = (
        CategoryColumn("class", ("1", "02", "한"), other=False, missing=True),
        ValueColumn("x", "number", 1.0, False, 0.0, 4.0, (0.0, 2.0, 4.0)),
    )
    target = TargetEncoder(("y",), None, positions=False)
    fitted = Preprocessing(columns, target, ReadOptions(formats={}), "impute")
    found = QuickRows(fitted).encode([{"class": 1, "x": 3}, {"class": "한", "x": 0}, {"class": None, "x": 1.5}])
    assert found is not None
    # class = 1, 02, 한, (missing); x, and the shares of its bins below it
    assert found.tolist() == [[1, 0, 0, 0, 3, 1, 0.5], [0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1.5, 0.75, 0]]
    assert QuickRows(fitted).encode([{"class": 2, "x": 3}]) is None
    assert QuickRows(fitted).encode([{"class": True, "x": 3}]) is None
