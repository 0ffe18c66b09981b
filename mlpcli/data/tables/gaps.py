"""What stands for a gap in a table: one list for CSV and for the text columns of Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

USUAL_GAPS = (
    *("", "NA", "N/A", "n/a", "<NA>", "#N/A", "#N/A N/A", "#NA", "NaN", "nan", "-NaN", "-nan"),
    *("NULL", "null", "None", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
"""The texts that pandas takes for a gap too. "-" and "?" can be categories: data.na_values adds them."""


def tidy_texts(column: pa.ChunkedArray, na_values: Sequence[str]) -> pa.ChunkedArray:
    """A column of text without blanks around the values, and with nulls where a text stands for a gap."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column)
    gaps = pa.array([*USUAL_GAPS, *(value.strip() for value in na_values)], texts.type)
    is_gap = pc.is_in(texts, value_set=gaps, skip_nulls=True)
    return pc.if_else(is_gap, pa.scalar(None, texts.type), texts) if pc.any(is_gap).as_py() else texts


def with_points(table: pa.Table) -> pa.Table:
    """A table of texts in which 1,5 is written 1.5, for files that have a decimal comma."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = r"^(\s*[+-]?[0-9]*),([0-9]+(?:[eE][+-]?[0-9]+)?\s*)$"
    columns = [pc.replace_substring_regex(column, pattern, r"\1.\2") for column in table.columns]
    return pa.table(columns, names=table.column_names)
