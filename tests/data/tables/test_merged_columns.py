"""Columns learnt from different rows, merged: each model takes of them, to the bit, what it would encode itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from mlpcli.errors import UserError
from mlpcli.tables.column_encoders import CategoryColumn, ValueColumn
from mlpcli.tables.merged_columns import DifferentColumnsError, matrix_for, merged
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.target import TargetEncoder

TARGET = TargetEncoder(("y",), None)


def _model(*columns: object, missing: str = "impute") -> Preprocessing:
    return Preprocessing(columns, TARGET, ReadOptions(formats={}), missing)  # type: ignore[arg-type]


def _table(**columns: list[str | None]) -> RawTable:
    texts = {name: pa.chunked_array([pa.array(cells, pa.string())]) for name, cells in columns.items()}
    return RawTable(pa.table(texts), lambda row: f"row {row}")


AGE = ValueColumn("나이", "number", 30.1, indicator=False, low=1.0, high=60.0)
ROWS = _table(나이=["3.3", None, "-7", "1e30"], port=["S", "C", None, "Q"])


def _check_exact(*models: Preprocessing) -> Preprocessing:
    whole = merged(models)
    x = whole.encode(ROWS)
    for own in models:
        matrix = matrix_for(whole, own)
        assert np.array_equal(x if matrix is None else x @ matrix, own.encode(ROWS))
    return whole


def test_different_medians_stay_each_model_s_own() -> None:
    other = replace(AGE, fill=0.1, indicator=True, low=-5.0)
    whole = _check_exact(_model(AGE), _model(other))
    assert whole.columns == (ValueColumn("나이", "number", 0.0, indicator=True, low=-5.0, high=60.0),)
    assert matrix_for(whole, _model(other)).tolist() == [[1, 0], [np.float32(0.1), 1]]


def test_bins_between_the_edges_of_all() -> None:
    one, two = (
        replace(AGE, fill=fill, edges=edges) for fill, edges in ((8.0, (0.0, 4.0, 10.0)), (2.5, (1.0, 2.0, 9.0)))
    )
    models = [_model(one), _model(replace(two, indicator=True)), _model(replace(AGE, fill=2.5))]
    whole = merged(models)
    assert whole.columns[0].edges == (0.0, 1.0, 2.0, 4.0, 9.0, 10.0)
    matrix = matrix_for(whole, models[0])
    assert matrix.tolist()[:4] == [[1, 0, 0], [8, 1, np.float32(2 / 3)], [0, 0.25, 0], [0, 0.25, 0]]
    for own in models:
        np.testing.assert_allclose(whole.encode(ROWS) @ matrix_for(whole, own), own.encode(ROWS), rtol=1e-6, atol=1e-7)


def test_more_bins_than_a_model_may_have() -> None:
    models = [_model(replace(AGE, edges=tuple(float(n + m / 1000) for n in range(17)))) for m in range(17)]
    with pytest.raises(UserError, match="나이: the bins of all runs make 288, and a model has up to 256 for a column"):
        merged(models)


def test_equal_medians_with_and_without_gaps_in_training() -> None:
    whole = _check_exact(_model(AGE), _model(replace(AGE, indicator=True)))
    assert whole.columns == (replace(AGE, indicator=True),)


def test_categories_that_a_model_does_not_know_are_its_others_or_nothing() -> None:
    one = CategoryColumn("port", ("S", "C"), other=False, missing=True, rare=())
    two = CategoryColumn("port", ("C", "Q"), other=True, missing=False, rare=("S", "X"))
    whole = _check_exact(_model(one), _model(two))
    assert whole.columns == (CategoryColumn("port", ("S", "C", "Q"), other=True, missing=True, rare=("X",)),)


def test_a_column_that_only_one_model_uses() -> None:
    port = CategoryColumn("port", ("S",), other=True, missing=False)
    assert _check_exact(_model(AGE), _model(AGE, port)).source_names == ("나이", "port")


def test_equal_columns_need_no_matrix() -> None:
    whole = merged([_model(AGE), _model(AGE)])
    assert whole == _model(AGE)
    assert matrix_for(whole, _model(AGE)) is None


def test_where_gaps_are_refused_medians_do_not_matter() -> None:
    models = [_model(replace(AGE, fill=fill), missing="error") for fill in (1.0, 2.0)]
    assert merged(models).feature_names == ("나이",)
    assert matrix_for(merged(models), models[1]) is None


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (_model(CategoryColumn("나이", ("1",), other=False, missing=False)), "kind of the column 나이"),
        (_model(replace(AGE, kind="date")), "kind of the column 나이"),
        (_model(AGE, missing="drop"), "treatment of missing values"),
        (replace(_model(AGE), target=TargetEncoder(("z",), None)), "target"),
        (replace(_model(AGE), options=ReadOptions(separator=";")), "reading of the table"),
    ],
)
def test_what_cannot_be_merged_is_named_with_the_first_that_differs(other: Preprocessing, what: str) -> None:
    with pytest.raises(DifferentColumnsError, match=what) as error:
        merged([_model(AGE), _model(AGE), other])
    assert error.value.member == 2
