"""Columns as text, the same text whatever kind of file the value came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlpcli.data.tables.cells import is_text, plain_texts

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE = r"^([+-]?[0-9]+)\.0+$"
TRUTH = r"(?i)^(true|false)$"
MIDNIGHT = r"[ T]00:00:00(\.0+)?"


def as_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values as strings, null for a gap.

    One value has one text: the integer 3, the float 3.0, and "3" and "3.0" in a CSV are all "3"; True, TRUE and true
    are "true"; dates are ISO, without a time where it is midnight. Blanks around a text do not belong to it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(column):
        return _canonical(plain_texts(column))
    if pa.types.is_timestamp(column.type):
        return _timestamps(column)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        return _canonical(pc.cast(column, pa.string()))
    if pa.types.is_date64(column.type):
        column = pc.cast(column, pa.date32())
    return pc.cast(column, pa.string())


def _canonical(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Changes only what is rare, and looks for it first: most columns stay as they are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.any(pc.match_substring(texts, ".0")).as_py():
        texts = pc.replace_substring_regex(texts, WHOLE, r"\1")
    truth = pc.match_substring_regex(texts, TRUTH)
    if pc.any(truth).as_py():
        texts = pc.if_else(truth, pc.utf8_lower(texts), texts)
    return texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])


def _timestamps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type.tz is not None:
        column = pc.cast(column, pa.timestamp(column.type.unit))  # the same moment, in UTC
    texts = pc.replace_substring_regex(pc.cast(column, pa.string()), MIDNIGHT + "$", "")
    return pc.replace_substring_regex(texts, r"\.0+$|(\.[0-9]*[1-9])0+$", r"\1")
