"""An encoded row read back: what stood in a cell, as far as the network's inputs tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlpcli.tables.column_encoders import CategoryColumn, ValueColumn
from mlpcli.tables.date_parts import DateParts
from mlpcli.tables.raw_table import RawTable

NUMBER = ValueColumn("age", "number", 30.0, True, edges=(0.0, 18.0, 99.0))
PORT = CategoryColumn("항구", ("부산", "인천"), other=True, missing=True)
DAYS = DateParts("day", ("year", "trend"), 19_000.0, True, 18_262.0, 20_000.0)


def read_back(column: Any, cell: str | None) -> str:
    out = np.zeros((1, len(column.feature_names)), np.float32)
    table = RawTable(pa.table({column.name: pa.array([cell], pa.string())}), lambda row: f"row {row}")
    column.encode_cells(column.cells(table), out)
    return str(column.text_of(out[0]))


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        (NUMBER, "22", "22"),
        (NUMBER, "0.1", "0.1"),  # the float32 is 0.10000000149
        (NUMBER, None, "(missing)"),
        (ValueColumn("age", "number", 30.0, False), None, "30"),  # the network was given the median
        (ValueColumn("paid", "boolean", 0.0, False), "yes", "true"),
        (ValueColumn("paid", "boolean", 0.0, False), "no", "false"),
        (ValueColumn("day", "date", 0.0, False), "2024-02-29", "2024-02-29"),
        (PORT, "인천", "인천"),
        (PORT, "여수", "(other)"),
        (PORT, None, "(missing)"),
        (CategoryColumn("port", ("C", "S"), other=False, missing=False), "Q", "(other)"),
        (CategoryColumn("port", ("C", "S"), other=False, missing=True), None, "(missing)"),
        (DAYS, "2024-02-29", "2024-02-29"),
        (DAYS, "2024-02-29 18:30:00", "2024-02-29 18:30"),
        (DAYS, None, "(missing)"),
    ],
)
def test_a_cell_is_read_back(column: Any, cell: str | None, text: str) -> None:
    assert read_back(column, cell) == text
