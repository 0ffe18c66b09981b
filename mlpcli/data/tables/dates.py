"""Columns as dates: days since 1970-01-01, the time of day as a fraction of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlpcli.data.tables.cells import Place, is_date, is_text, plain_texts, refuse_odd

if TYPE_CHECKING:
    import pyarrow as pa

DATE = (
    r"^(?P<year>[0-9]{4})(?:-|/|\. ?|년 ?)(?P<month>[0-9]{1,2})(?:-|/|\. ?|월 ?)(?P<day>[0-9]{1,2})[.일]?"
    r"(?:[T ]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]{1,9})?))?"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
"""2024-01-31, 2024/1/31, 2024. 1. 31., 2024년 1월 31일, and with a time after it: 2024-01-31T10:30:00+09:00."""

YEAR = r"^[0-9]{4}[-/.년]"
"""How each of them begins."""

EXAMPLES = (
    "dates are written 2024-01-31, 2024/01/31, 2024.01.31 or 2024년 1월 31일, a time after it as 10:30 or 10:30:15"
)
SECONDS_A_DAY = 86_400.0
Days = npt.NDArray[np.float64]


def as_dates(column: pa.ChunkedArray, where: str, place: Place) -> Days:
    """The values as days since 1970-01-01 (UTC where a zone is given), NaN for a gap.

    Raises:
        DataError: a value that is no date; it names the first place, the value, and how many there are.
    """
    import pyarrow as pa

    days, valid = _days(column)
    odd = pa.chunked_array([np.isnan(days) & valid])
    refuse_odd(column, odd, where, place, "is not a date", f"{EXAMPLES}; correct it, or set data.types for {where}")
    return days


def date_mask(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which values are dates; null where there is a gap."""
    import pyarrow as pa

    days, valid = _days(column)
    return pa.chunked_array([pa.array(~np.isnan(days), mask=~valid)])


def _days(column: pa.ChunkedArray) -> tuple[Days, npt.NDArray[np.bool_]]:
    """Days, NaN where there is none; and which values are no gap."""
    import pyarrow.compute as pc

    valid = np.asarray(pc.is_valid(column).to_numpy(), bool)
    if is_date(column):
        return _days_of_timestamps(column), valid
    if not is_text(column):
        return np.full(len(column), np.nan), valid
    return _days_of_texts(plain_texts(column)), valid


def _days_of_timestamps(column: pa.ChunkedArray) -> Days:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_date32(column.type):
        return np.asarray(pc.cast(pc.cast(column, pa.int32()), pa.float64()).to_numpy(), np.float64)
    ticks = np.asarray(pc.cast(pc.cast(column, pa.int64()), pa.float64(), safe=False).to_numpy(), np.float64)
    unit = "ms" if pa.types.is_date64(column.type) else column.type.unit
    return ticks / ({"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit] * SECONDS_A_DAY)


def _days_of_texts(texts: pa.ChunkedArray) -> Days:
    import pyarrow as pa
    import pyarrow.compute as pc

    days = np.full(len(texts), np.nan)
    if not pc.any(pc.match_substring_regex(texts, YEAR)).as_py():  # most columns of text, seen at a tenth of the cost
        return days
    parts = pa.chunked_array(pc.extract_regex(texts, pattern=DATE)).combine_chunks()
    if isinstance(parts, pa.ChunkedArray):  # pyarrow before 19 keeps a chunked array of one chunk
        parts = parts.chunk(0)
    rows = np.flatnonzero(np.asarray(pc.is_valid(parts).to_numpy(zero_copy_only=False), bool))
    if len(rows):
        days[rows] = _days_of_parts(parts.take(pa.array(rows)))
    return days


def _days_of_parts(parts: pa.StructArray) -> Days:
    """Days of texts that have a date's form; NaN where there is no such day or hour (2023-02-29)."""
    import pyarrow.compute as pc

    year, month, day = (_part(parts, name).astype(np.int64) for name in ("year", "month", "day"))
    hour, minute, second = (_part(parts, name) for name in ("hour", "minute", "second"))
    months = (year - 1970).astype("M8[Y]").astype("M8[M]") + (month - 1)
    first = months.astype("M8[D]").astype(np.int64)
    length = (months + 1).astype("M8[D]").astype(np.int64) - first
    zone = pc.struct_field(parts, "zone").to_pylist() if pc.any(_has(parts, "zone")).as_py() else []
    offset = np.array([_zone_seconds(text) for text in zone]) if zone else 0.0
    seconds = hour * 3600 + minute * 60 + second - offset
    known = (month >= 1) & (month <= 12) & (day >= 1) & (day <= length) & (hour < 24) & (minute < 60) & (second < 60)
    return np.where(known, first + day - 1 + seconds / SECONDS_A_DAY, np.nan)


def _has(parts: pa.StructArray, name: str) -> pa.Array:
    import pyarrow.compute as pc

    return pc.not_equal(pc.struct_field(parts, name), "")


def _part(parts: pa.StructArray, name: str) -> Days:
    """One part as numbers, 0 where it is not written."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.if_else(_has(parts, name), pc.struct_field(parts, name), "0")
    return np.asarray(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _zone_seconds(text: str) -> float:
    if text in ("", "Z"):
        return 0.0
    digits = text[1:].replace(":", "")
    return (1 if text[0] == "+" else -1) * (int(digits[:2]) * 3600.0 + int(digits[2:]) * 60.0)
