"""The rows that an export is checked on: the run's own where they are at hand, and generated ones like them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.batches import take_rows
from mlpcli.data.built_in import place_of
from mlpcli.data.catalog import CATALOG
from mlpcli.errors import UserError
from mlpcli.exporters.formats import Rows
from mlpcli.modelfile.description import SavedNormalization
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.recipes import DOWNLOADED
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder
from mlpcli.tables.date_parts import DateParts
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import RawTable
from mlpcli.tables.table_reader import read_batches
from mlpcli.workflows.evaluate import choose_rows, config_of
from mlpcli.workflows.recorded_data import recorded_data

if TYPE_CHECKING:
    import pyarrow as pa

CHECKED = 1000
"""Rows in all."""
GAPS = 0.1
"""The share of cells that are left empty, where the model takes gaps."""


def rows_to_check(saved: SavedModel) -> tuple[list[Rows], str]:
    """The first rows of the model's data, generated ones for those that it lacks, and words for where they are from."""
    own = _own_rows(saved)
    count = 0 if own is None else len(own)
    generated = [generated_rows(saved, CHECKED - count)] if count < CHECKED else []
    if own is None:
        return generated, f"{CHECKED:,} generated rows, since its data is not available"
    more = f" and {CHECKED - count:,} generated ones" if generated else ""
    return [own, *generated], f"{count:,} rows of its data{more}"


def _own_rows(saved: SavedModel) -> Rows | None:
    """The first rows of the data; None where they cannot be had without a download."""
    try:
        if saved.card.data.preprocessing is not None:
            return _table_rows(saved, saved.card.data.preprocessing)
        source = saved.card.config.data.source
        if saved.stock or (source in DOWNLOADED and place_of(source, config_of(saved.path, saved.card).data) is None):
            return None
        part = choose_rows(saved, None, None).part
    except UserError:  # moved, changed, of an older config
        return None
    return Rows(take_rows(part.x, part.indices[:CHECKED]))


def _table_rows(saved: SavedModel, preprocessing: Preprocessing) -> Rows | None:
    settings, _ = recorded_data(config_of(saved.path, saved.card).data, saved.path)
    if settings.source in CATALOG:
        return None
    table = next(read_batches(Path(settings.source), preprocessing.options, CHECKED), None)
    if table is None:
        return None
    table = table.take(preprocessing.kept_rows(table, with_target=False))
    if not len(table):
        return None
    return Rows(preprocessing.encode(table), table)


def generated_rows(saved: SavedModel, count: int) -> Rows:
    """Rows within what the model's card says of the training rows; the same every time."""
    draw = np.random.default_rng(0)
    preprocessing = saved.card.data.preprocessing
    if preprocessing is None:
        return Rows(_generated_arrays(saved, count, draw))
    import pyarrow as pa

    cells = {column.name: _generated_column(column, count, draw) for column in preprocessing.columns}
    gaps = GAPS if preprocessing.missing == "impute" else 0.0
    columns = {name: _with_gaps(values, draw.random(count) < gaps) for name, values in cells.items()}
    table = RawTable(pa.table(columns), lambda row: f"generated row {row}")
    return Rows(preprocessing.encode(table), table)


def _with_gaps(values: Array, gaps: Array) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, mask=gaps)


def _generated_arrays(saved: SavedModel, count: int, draw: np.random.Generator) -> Array:
    shape, most = (count, *saved.input_shape), saved.card.data.pixel_max
    if most is not None:
        values = draw.random(shape) * most
        return np.asarray(np.round(values) if most > 1 else values, np.float32)
    first = saved.layers[0].component if saved.layers else None
    values = draw.standard_normal(shape)
    if isinstance(first, SavedNormalization) and first.mean is not None and first.variance is not None:
        values = values * np.sqrt(first.variance) + first.mean
    return values.astype(np.float32)


def _generated_column(column: ColumnEncoder, count: int, draw: np.random.Generator) -> Array:
    """Cells as they might stand in a table, without gaps."""
    if isinstance(column, CategoryColumn):
        return draw.choice(np.array([*column.categories, *(column.rare or ()), "(unseen)"], object), count)
    made: Any = column
    low, high = (made.fill if end is None else end for end in (made.low, made.high))
    values = draw.uniform(low, high, count)
    kind = "date" if isinstance(column, DateParts) else made.kind
    return _FORMS[kind](values)


_FORMS: dict[str, Callable[[Array], Array]] = {
    "number": lambda values: values,
    "boolean": lambda values: values > 0.5,
    "date": lambda values: np.round(values * 86_400).astype("M8[s]"),
}
"""From drawn numbers to cells of a kind; dates are days since 1970-01-01."""
