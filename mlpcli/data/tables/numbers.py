"""Columns as numbers. A text is a number where Python, Excel and a person agree: 3, -2.5, .5, 1e-3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlpcli.data.tables.cells import Place, is_date, is_text, plain_texts, refuse_odd
from mlpcli.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
LARGEST = float(np.finfo(np.float32).max)


def as_numbers(column: pa.ChunkedArray, where: str, place: Place) -> npt.NDArray[np.float64]:
    """The values as float64, NaN for a gap; true and false are 1 and 0.

    Args:
        column: of any type that is read; text, numbers, booleans, or nulls alone.
        where: the column's name, for messages.
        place: from a row's index to where a person finds it.

    Raises:
        DataError: a text that is no number, infinity, a number too large for float32, a date; it names the first
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


def number_mask(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which values are numbers in their form (1e400 is, the text inf is not); null where there is a gap."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(column):
        values = _quick_values(column)
        if values is not None:
            return pc.if_else(pc.is_valid(values), True, pa.scalar(None, pa.bool_()))
        return pc.match_substring_regex(plain_texts(column), NUMBER)
    if pa.types.is_null(column.type):
        return pc.cast(column, pa.bool_())
    valid = pc.is_valid(column)
    if pa.types.is_floating(column.type):
        valid = pc.and_(valid, pc.fill_null(pc.invert(pc.is_nan(column)), False))
    return pc.if_else(valid, not is_date(column), pa.scalar(None, pa.bool_()))


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


def _advice(text: str, where: str) -> str:
    """What to do about a text that is no number, by what people may have meant."""
    unsigned = text.lstrip("+-")
    if re.fullmatch(r"[0-9]{1,3}([, _'][0-9]{3})+(\.[0-9]+)?", unsigned):
        first = "remove the separators between the thousands"
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
    return f"{first}, or name it as a gap (data.na_values), or set data.types: {{{where}: category}}"


def _refuse_large(column: pa.ChunkedArray, numbers: npt.NDArray[np.float64], where: str, place: Place) -> None:
    import pyarrow as pa

    with np.errstate(invalid="ignore"):
        odd = np.abs(numbers) > LARGEST
    if odd.any():
        found = "is infinite" if str(column[int(odd.argmax())].as_py()).lstrip("-") == "inf" else "is too large"
        advice = f"the largest is {LARGEST:.1e} (float32): correct it, or name it as a gap (data.na_values)"
        refuse_odd(column, pa.chunked_array([odd]), where, place, found, advice)
