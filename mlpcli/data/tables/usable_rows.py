"""Which rows of a table have the values that they need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlpcli.data.tables.column_names import check_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.data.tables.raw_table import RawTable


def gap_mask(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Which rows have no value (n,): nulls, and NaN in columns of floats."""
    import pyarrow.compute as pc
    import pyarrow.types as types

    if column.null_count == 0 and not types.is_floating(column.type):
        return np.zeros(len(column), bool)
    return np.asarray(pc.is_null(column, nan_is_null=True), dtype=bool)


def usable_rows(table: RawTable, features: Iterable[str], target: str | None, missing: str) -> npt.NDArray[np.int64]:
    """Rows that can be learnt from, ascending: those with a target (where one is named), and under `missing` (as in
    data.missing) "drop" those with a value in each of the features.

    Raises:
        DataError: the table lacks one of these columns.
    """
    wanted = [*(features if missing == "drop" else []), *([] if target is None else [target])]
    check_columns(table, wanted)
    gaps = np.zeros(len(table), bool)
    for name in wanted:
        gaps |= gap_mask(table.columns[name])
    return np.flatnonzero(~gaps)


def left_out_note(left_out: int, rows: int) -> list[str]:
    """What to say of rows that data.missing: drop leaves out; nothing where there are none."""
    if not left_out:
        return []
    return [f"{left_out:,} of {rows:,} rows have gaps and are left out (data.missing: drop); impute would keep them"]
