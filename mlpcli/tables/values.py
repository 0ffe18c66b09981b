"""Columns as numbers, true/false or dates; values that do not fit are named with their place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from mlpcli.errors import DataError
from mlpcli.tables.dates import SECONDS_A_DAY, Days, days_of_texts, iso_days

if TYPE_CHECKING:
    import pyarrow as pa


NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
LARGEST = float(np.finfo(np.float32).max)


def as_numbers(column: pa.ChunkedArray, where: str, place: Place) -> npt.NDArray[np.float64]:
    """The values as float64, NaN for a gap; true and false are 1 and 0.

    Args:
        column: text, numbers, booleans, or only nulls.
        where: the column's name, for messages.
        place: from a row's index to where a person finds it.

    Raises:
        DataError: a text that is not a number, infinity, a number too large for float32, a date; it names the first
            place, the value, and how many there are.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_date(column):
        raise DataError(
            f"{place(0)}: {where}: holds dates ({column.type}), not numbers; set data.types: {{{where}: date}}"
        )
    if is_text(column):
        values = _text_values(column, where, place)
    elif pa.types.is_boolean(column.type):
        values = pc.cast(pc.cast(column, pa.int8()), pa.float64())
    else:
        values = pc.cast(column, pa.float64(), safe=False)
    numbers: npt.NDArray[np.float64] = np.asarray(values.to_numpy(), np.float64)
    _refuse_large(column, numbers, where, place)
    return numbers


def _text_values(column: pa.ChunkedArray, where: str, place: Place) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _quick_values(column)
    if values is not None:
        return values
    texts = plain_texts(column)
    odd = pc.invert(pc.match_substring_regex(texts, NUMBER))
    if pc.any(odd).as_py():
        first = str(texts[pc.index(odd, True).as_py()].as_py())
        refuse_odd(column, odd, where, place, "is not a number", _advice(first, where))
    return pc.cast(pc.replace_substring_regex(texts, r"^\+", ""), pa.float64())


def _quick_values(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The numbers where all texts are finite ones, found without looking at the form of each; else None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        values = pc.cast(pc.cast(texts, pa.string()), pa.float64())
    except pa.ArrowInvalid:
        return None
    return values if pc.all(pc.is_finite(values)).as_py() in (True, None) else None


def plain_numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64] | None:
    """Texts as numbers (n,), NaN for a gap; None where `as_numbers` would refuse one, or has to look at its form."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _quick_values(column) if pa.types.is_string(column.type) else None
    if values is None:
        return None
    bounds = pc.min_max(values).as_py()
    if bounds["max"] is not None and max(-bounds["min"], bounds["max"]) > LARGEST:
        return None
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)


@cache
def holds_number(words: tuple[str, ...]) -> bool:
    """Whether any of these words for a gap, such as -999, may itself be a number."""
    return any(map(_is_number, words))


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


@cache
def holds_date(words: tuple[str, ...]) -> bool:
    """Whether any of these words for a gap, such as 1900-01-01, may itself be a date."""
    import pyarrow as pa

    return not np.isnan(days_of_texts(pa.array(words, pa.string()))).all()


def _advice(text: str, where: str) -> str:
    """Advice for a text that is not a number, by what was probably meant."""
    unsigned = text.lstrip("+-")
    if re.fullmatch(r"[0-9]{1,3}([, _'][0-9]{3})+(\.[0-9]+)?", unsigned):
        first = "remove the thousands separators"
    elif re.fullmatch(r"[0-9]+,[0-9]+", unsigned):
        first = "write 1.5 for 1,5"
    elif re.fullmatch(r"0[xX][0-9a-fA-F]+", unsigned):
        first = "write hexadecimal numbers with decimal digits"
    elif re.search(r"[0-9]", text) is None and any(letter.isdigit() for letter in text):
        first = "write it with the digits 0-9 (these may be full-width)"
    elif re.fullmatch(r"[0-9.,]+\s*[%₩$€원]|[₩$€]\s*[0-9.,]+", unsigned):
        first = "remove the unit"
    else:
        first = "correct it"
    return f"{first}, or declare it missing (data.na_values), or set data.types: {{{where}: category}}"


def _refuse_large(column: pa.ChunkedArray, numbers: npt.NDArray[np.float64], where: str, place: Place) -> None:
    import pyarrow as pa

    with np.errstate(invalid="ignore"):
        odd = np.abs(numbers) > LARGEST
    if odd.any():
        found = "is infinite" if str(column[int(odd.argmax())].as_py()).lstrip("-") == "inf" else "is too large"
        advice = f"the largest is {LARGEST:.1e} (float32): correct it, or declare it missing (data.na_values)"
        refuse_odd(column, pa.chunked_array([odd]), where, place, found, advice)


Place = Callable[[int], str]
LONGEST_SHOWN = 40


def is_text(column: pa.ChunkedArray) -> bool:
    """Whether the values are text, in any of Arrow's forms."""
    import pyarrow.types as kinds

    kind = column.type
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_dictionary(kind))


def is_date(column: pa.ChunkedArray) -> bool:
    """Whether the values are Arrow's dates or timestamps."""
    import pyarrow.types as kinds

    return bool(kinds.is_date(column.type) or kinds.is_timestamp(column.type))


def plain_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text as plain strings, without blanks around the values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(pc.cast(column, pa.string()))


def shown(value: object) -> str:
    """A value in quotes, on one line and not too long."""
    text = " ".join(str(value).split())
    return f'"{text[:LONGEST_SHOWN]}..."' if len(text) > LONGEST_SHOWN else f'"{text}"'


def odd_value(where: str, place: Place, row: int, found: str, others: int, advice: str) -> DataError:
    """The error for one cell: `people.csv:17: age: found (3 more like it); advice`."""
    more = f" ({others:,} more like it)" if others else ""
    return DataError(f"{place(row)}: {where}: {found}{more}; {advice}")


def refuse_odd(
    column: pa.ChunkedArray, odd: pa.ChunkedArray, where: str, place: Place, found: str, advice: str
) -> None:
    """Raise a DataError for the first value where `odd` is true, if there is one."""
    import pyarrow.compute as pc

    count = pc.sum(odd).as_py() or 0
    if count:
        row = pc.index(odd, True).as_py()
        raise odd_value(where, place, row, f"{shown(column[row].as_py())} {found}", count - 1, advice)


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
    advice = f"use true/false, yes/no, y/n, t/f or 1/0; correct it, or set data.types: {{{where}: category}}"
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


EXAMPLES = (
    "dates are written 2024-01-31, 2024. 1. 31., 2024년 1월 31일 or 31-Jan-2024, a time after it as 15:30 or 오후 3:30"
)


def as_dates(column: pa.ChunkedArray, where: str, place: Place) -> Days:
    """The values as days since 1970-01-01 (UTC where a zone is given), NaN for a gap.

    Raises:
        DataError: a value that is not a date; it names the first place, the value, and how many there are.
    """
    import pyarrow as pa

    days, valid = _days(column)
    odd = pa.chunked_array([np.isnan(days) & valid])
    refuse_odd(column, odd, where, place, "is not a date", f"{EXAMPLES}; correct it, or set data.types for {where}")
    return days


def _days(column: pa.ChunkedArray) -> tuple[Days, npt.NDArray[np.bool_]]:
    """The values as days, NaN if missing, and which are not missing."""
    import pyarrow.compute as pc

    valid = np.asarray(pc.is_valid(column).to_numpy(), bool)
    if is_date(column):
        return _days_of_timestamps(column), valid
    if not is_text(column):
        return np.full(len(column), np.nan), valid
    return _days_of_column(plain_texts(column)), valid


FIRST_DATES = 10_000
"""Rows that tell whether dates repeat."""


def _days_of_column(texts: pa.ChunkedArray) -> Days:
    """Dates that repeat are read once each, since matching a text takes much longer than finding it again."""
    import pyarrow as pa

    if (iso := iso_days(texts)) is not None:
        return iso
    first = texts.slice(0, FIRST_DATES)
    if len(texts) > FIRST_DATES and 2 * len(first.unique()) < FIRST_DATES:
        chunks = texts.dictionary_encode().chunks  # all of one dictionary
        days = np.append(days_of_texts(chunks[0].dictionary), np.nan)
        return np.concatenate([days[np.asarray(chunk.indices.fill_null(-1))] for chunk in chunks])
    chunks = texts.chunks  # none of no rows, even where the column has an empty one
    return days_of_texts(pa.concat_arrays(chunks) if chunks else pa.array([], pa.string()))


def _days_of_timestamps(column: pa.ChunkedArray) -> Days:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_date32(column.type):
        return np.asarray(pc.cast(pc.cast(column, pa.int32()), pa.float64()).to_numpy(), np.float64)
    ticks = np.asarray(pc.cast(pc.cast(column, pa.int64()), pa.float64(), safe=False).to_numpy(), np.float64)
    unit = "ms" if pa.types.is_date64(column.type) else column.type.unit
    return ticks / ({"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit] * SECONDS_A_DAY)


ValueKind = Literal["number", "boolean", "date"]
CONVERSIONS: dict[ValueKind, Callable[[Any, str, Place], npt.NDArray[np.float64]]] = {
    "number": as_numbers,
    "boolean": as_booleans,
    "date": as_dates,
}
