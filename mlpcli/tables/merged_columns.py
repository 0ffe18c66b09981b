"""One preprocessing for models whose columns were learnt from different rows, and what each model takes of it.

Medians and categories come from the training rows, so that runs of several seeds differ in them. The merged columns
hold enough for all: each model's own inputs are the merged ones times a matrix (`matrix_for`). That is exact in
float32, since each of its inputs is the sum of products of which at most one is not 0; but for bins, which are cut at
the edges of all models and summed up again, to within rounding (1e-7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mlpcli.config.base import MOST_BINS
from mlpcli.errors import UserError
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn, bin_shares
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.text import shown

Matrix = npt.NDArray[np.float32]


class DifferentColumnsError(ValueError):
    """The columns cannot be merged. member: the first that differs from the first of all; the text says in what."""

    def __init__(self, member: int, what: str) -> None:
        super().__init__(what)
        self.member = member


def merged(several: Sequence[Preprocessing]) -> Preprocessing:
    """The columns of all, those of the first one first.

    Raises:
        DifferentColumnsError: they read their tables in different ways, or encode a column differently.
        UserError: there are too many bins.
    """
    first = several[0]
    for member, other in enumerate(several):
        for what, here, there in (
            ("target", first.target, other.target),
            ("treatment of missing values", first.missing, other.missing),
            ("reading of the table", first.options, other.options),
        ):
            if here != there:
                raise DifferentColumnsError(member, what)
    names = list(dict.fromkeys(name for own in several for name in own.source_names))
    columns = [[_column(own, name) for own in several] for name in names]
    return replace(first, columns=tuple(_merged_column(found, first.missing == "impute") for found in columns))


def matrix_for(whole: Preprocessing, own: Preprocessing) -> Matrix | None:
    """What turns merged inputs into a model's own, (merged inputs, own inputs); None where they are the same."""
    if whole.columns == own.columns:
        return None
    matrix = np.zeros((len(whole.feature_names), len(own.feature_names)), np.float32)
    places = dict(own.groups)
    for column, (name, rows) in zip(whole.columns, whole.groups, strict=True):
        mine = _column(own, name)
        if mine is not None:
            matrix[rows, places[name]] = _block(column, mine)
    return None if matrix.shape[0] == matrix.shape[1] and (matrix == np.eye(len(matrix))).all() else matrix


def _column(own: Preprocessing, name: str) -> ColumnEncoder | None:
    """None where the training rows of a model told it nothing."""
    return next((column for column in own.columns if column.name == name), None)


def _merged_column(found: Sequence[ColumnEncoder | None], filled: bool) -> ColumnEncoder:
    known = [(member, column) for member, column in enumerate(found) if column is not None]
    _, first = known[0]
    columns = [column for _, column in known]
    if all(column == first for column in columns):
        return first
    for member, column in known:
        if type(column) is not type(first) or _kind(column) != _kind(first):
            raise DifferentColumnsError(member, f"kind of the column {shown(first.name)}")
    if isinstance(first, CategoryColumn):
        return _merged_categories([column for column in columns if isinstance(column, CategoryColumn)])
    values = [column for column in columns if isinstance(column, ValueColumn)]
    for member, column in known:
        if not isinstance(column, ValueColumn) or _without_numbers(column) != _without_numbers(values[0]):
            raise DifferentColumnsError(member, f"encoding of the column {shown(first.name)}")
    return _merged_values(values, filled)


def _kind(column: ColumnEncoder) -> object:
    return getattr(column, "kind", "category")


def _without_numbers(column: ValueColumn) -> ValueColumn:
    return replace(column, fill=0.0, indicator=False, low=None, high=None, edges=())


def _merged_values(columns: Sequence[ValueColumn], filled: bool) -> ValueColumn:
    """Where the medians differ, a gap is 0 with its indicator, so that each model can put its own in.

    The bins lie between the edges of all models.

    Raises:
        UserError: they are more than a model file may have.
    """
    edges = tuple(sorted({edge for column in columns for edge in column.edges}))
    if len(edges) > MOST_BINS + 1:
        raise UserError(
            f"{shown(columns[0].name)}: the bins of all runs make {len(edges) - 1:,}, and a model has up to {MOST_BINS}"
            " for a column; combine fewer runs"
        )
    differ = filled and len({np.float32(column.fill) for column in columns}) > 1
    lows, highs = [column.low for column in columns], [column.high for column in columns]
    return replace(
        columns[0],
        fill=0.0 if differ else columns[0].fill,
        indicator=differ or any(column.indicator for column in columns),
        low=None if None in lows else min(low for low in lows if low is not None),
        high=None if None in highs else max(high for high in highs if high is not None),
        edges=edges,
    )


def _merged_categories(columns: Sequence[CategoryColumn]) -> CategoryColumn:
    categories = tuple(dict.fromkeys(category for column in columns for category in column.categories))
    rare = [column.rare for column in columns]
    return CategoryColumn(
        columns[0].name,
        categories,
        any(column.other for column in columns),
        any(column.missing for column in columns),
        None
        if None in rare
        else tuple(dict.fromkeys(text for some in rare for text in some or () if text not in categories)),
    )


def _block(whole: ColumnEncoder, own: ColumnEncoder) -> Matrix:
    """The part of the matrix for one column, (merged inputs, own inputs)."""
    block = np.zeros((len(whole.feature_names), len(own.feature_names)), np.float32)
    if isinstance(whole, CategoryColumn) and isinstance(own, CategoryColumn):
        for row, place in enumerate(_places(whole, own)):
            if place is not None:
                block[row, place] = 1
        return block
    if isinstance(whole, ValueColumn) and isinstance(own, ValueColumn):
        return _value_block(whole, own)
    np.fill_diagonal(block, 1)  # others are merged only where they are the same
    return block


def _value_block(whole: ValueColumn, own: ValueColumn) -> Matrix:
    """For the value, its indicator, and its bins."""
    block = np.zeros((len(whole.feature_names), len(own.feature_names)), np.float32)
    first, own_first = 1 + whole.indicator, 1 + own.indicator
    bins = _bin_sums(whole.edges, own.edges)
    block[0, 0] = 1
    block[first:, own_first:] = bins
    if whole.indicator:  # and so a gap may be filled with another number than the model's own
        block[1, 0] = np.float32(own.fill) - np.float32(whole.fill)  # one of which is 0, or both are the same
        block[1, own_first:] = _shares(own.fill, own.edges) - _shares(whole.fill, whole.edges) @ bins
        if own.indicator:
            block[1, 1] = 1
    return block


def _bin_sums(edges: tuple[float, ...], own: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """What of a model's bin each merged bin within it is, (merged bins, own bins)."""
    low, high, own_low, own_high = (np.array(some) for some in (edges[:-1], edges[1:], own[:-1], own[1:]))
    inside = (low[:, np.newaxis] >= own_low) & (high[:, np.newaxis] <= own_high)
    return np.where(inside, (high - low)[:, np.newaxis] / (own_high - own_low), 0)


def _shares(value: float, edges: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """The bins of one value."""
    out = np.zeros((1, max(0, len(edges) - 1)), np.float32)
    if edges:
        bin_shares(np.array([value]), edges, out)
    return np.asarray(out[0], np.float64)


def _places(whole: CategoryColumn, own: CategoryColumn) -> list[int | None]:
    """For each merged input, the own input that is 1 where it is 1: what a model does not know is one of its others."""
    positions = {category: place for place, category in enumerate(own.categories)}
    other = len(own.categories) if own.other else None
    gap = len(own.categories) + own.other if own.missing else other
    places = [positions.get(category, other) for category in whole.categories]
    return [*places, *([other] if whole.other else []), *([gap] if whole.missing else [])]
