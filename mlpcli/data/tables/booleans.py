"""Columns as true and false, in the words that people write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlpcli.data.tables.cells import Place, is_date, is_text, plain_texts, refuse_odd

if TYPE_CHECKING:
    import pyarrow as pa

TRUE = ("true", "yes", "y", "t", "1", "예", "네", "참")
FALSE = ("false", "no", "n", "f", "0", "아니오", "아니요", "거짓")
"""In any case; beside them the numbers 1 and 0."""


def as_booleans(column: pa.ChunkedArray, where: str, place: Place) -> npt.NDArray[np.float64]:
    """The values as 1 (true) and 0 (false), NaN for a gap.

    Raises:
        DataError: a value that is neither; it names the first place, the value, and how many there are.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    mask = boolean_mask(column)
    advice = f"true/false, yes/no, y/n, t/f, 1/0 are read; correct it, or set data.types: {{{where}: category}}"
    refuse_odd(column, pc.invert(mask), where, place, "is neither true nor false", advice)
    words = _words(column)
    truth = pc.if_else(pc.is_valid(words), pc.is_in(words, value_set=pa.array(TRUE)), pa.scalar(None, pa.bool_()))
    return np.asarray(pc.cast(pc.cast(truth, pa.int8()), pa.float64()).to_numpy(), np.float64)


def boolean_mask(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which values are true or false; null where there is a gap."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = _words(column)
    known = pc.is_in(words, value_set=pa.array([*TRUE, *FALSE]))
    return pc.if_else(pc.is_valid(words), known, pa.scalar(None, pa.bool_()))


def _words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values as lower-case text; whole numbers without a point, so that 1.0 is "1"."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(column):
        return pc.utf8_lower(plain_texts(column))
    if is_date(column) or pa.types.is_null(column.type):
        return pc.cast(column, pa.string())
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return pc.replace_substring_regex(pc.cast(column, pa.string()), r"\.0+$", "")
