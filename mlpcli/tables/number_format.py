"""How the numbers of a column are written: unit, decimal sign, thousands separators, signs; decided from all rows."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mlpcli.text import ORDINARY

if TYPE_CHECKING:
    import pyarrow as pa


Decimal = Literal[".", ","]
Floats = npt.NDArray[np.float64]
CURRENCY_CODES = "USD|EUR|KRW|JPY|CNY|RMB|GBP|INR|CHF|CAD|AUD|NZD|HKD|SGD|TWD|BRL|MXN|RUB|TRY|SEK|NOK|DKK|PLN"
BEFORE = rf"[A-Z]{{0,3}}\p{{Sc}}|\\|Rs\.?|RM|(?:{CURRENCY_CODES})"
"""The backslash is the won sign of Korean Windows, whose cp949 has no other of that width."""
AFTER = r"\p{Sc}|\+|[%‰\p{L}\p{So}µ][\p{L}\p{So}/·.^%²³ -]*|[a-z]{0,2}m[23]"
BODY = r"[0-9]+(?:[ ',.][0-9]+)*\.?|[.,][0-9]+"
WRITTEN = (
    r"^(?P<open>\(?) ?(?P<sign>[+-]?) ?(?P<before>Rs\.?|[^0-9+\-() .,']*) ?(?P<inner>[+-]?)"
    rf"(?P<body>{BODY})(?P<exponent>(?:[eE][+-]?[0-9]{{1,3}})?) ?"
    r"(?P<after>(?:\p{Sc}|\+|[^0-9+\-() .,'][^0-9+()]*|[a-z]{0,2}m[23])?)(?P<last>-?)(?P<close>\)?)$"
)
"""A number with what people put around it: -3.5, (3.5), 3.5-, $4,500, 18.2 kmpl, 12.5%, 1.234,56 €, 5e-3.

The units are taken by what they are not, and held to BEFORE and AFTER afterwards, each of them once: a pattern with the
letters of all scripts is so large that RE2 takes four times as long to take a text apart.
"""
LONGEST_UNIT = 20
"""Letters. Not a bound in the pattern: it would take ten times as long to compile, which every column pays anew."""
NO_UNITS = frozenset({"st", "nd", "rd", "th", "am", "pm", "a.m.", "p.m.", "e", "x"})
"""Words after a number that make it something else: 1st, 3 pm."""
SCALES = frozenset({"%", "‰", "k", "m", "b", "mn", "bn", "천", "만", "백만", "억", "조"})
"""Units that a bare number cannot go without: 0.125 beside 12.5% may be either."""


def ascii_forms(texts: pa.Array) -> pa.Array:
    """Texts with full-width and other scripts' digits, minus signs and blanks written in ASCII; the rest as it is.

    >>> import pyarrow
    >>> ascii_forms(pyarrow.array(["\uff11\uff12\uff0e\uff15", "\u22123", "5\u00a0000"])).to_pylist()
    ['12.5', '-3', '5 000']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.all(pc.string_is_ascii(texts)).as_py() in (True, None):
        return texts
    others = pc.fill_null(pc.match_substring_regex(texts, f"[^{ORDINARY}]"), False)
    if not pc.any(others).as_py():
        return texts
    written = [text.translate(_ASCII) for text in texts.filter(others).to_pylist()]
    return pc.replace_with_mask(texts, others, pa.array(written, texts.type))


class _AsciiForms(dict[int, str]):
    """Looks a character up once: 0xFF11 (full-width 1) to "1"."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if unicodedata.category(letter) == "Nd":
            form = str(unicodedata.digit(letter))
        elif unicodedata.category(letter) == "Zs":
            form = " "
        elif letter in "−‐‑‒–—﹣－":
            form = "-"
        elif letter in "’‘ʼ＇":
            form = "'"
        elif 0xFF01 <= code <= 0xFF5E:
            form = chr(code - 0xFEE0)
        else:
            form = {"￦": "₩", "￥": "¥", "￡": "£", "￠": "¢", "٫": ".", "٬": ","}.get(letter, letter)
        self[code] = form
        return form


_ASCII = _AsciiForms()


@dataclass(frozen=True)
class NumberFormat:
    """decimal: the decimal sign; the other of point and comma separates thousands.

    unit: taken off each number, as it is mostly written; unit_first: it stands before the number.
    grouped: some numbers had thousands separators. Without it, 5,125 is refused and not guessed at.
    """

    decimal: Decimal = "."
    unit: str = ""
    unit_first: bool = False
    grouped: bool = False

    def read(self, texts: pa.Array) -> Floats:
        """The numbers (n,), NaN where a text is null, no number, or has another unit."""
        import pyarrow as pa
        import pyarrow.compute as pc

        # Most are written in one way, for which no text need be taken apart: that takes five times as long.
        usual = np.asarray(pc.fill_null(pc.match_substring_regex(texts, self._usual()), False))
        values = np.empty(len(texts), np.float64)
        values[usual] = self._read_usual(texts.filter(pa.array(usual)))
        if not usual.all():
            values[~usual] = self._read_any(texts.filter(pa.array(~usual)))
        return values

    def _usual(self) -> str:
        """A pattern of numbers with the unit in its place, a minus at most, and separators where there are some."""
        groups = rf"|[1-9][0-9]{{0,2}}(?:{re.escape(self._group)}[0-9]{{3}}){{1,4}}" if self.grouped else ""
        number = rf"(?:[0-9]{{1,15}}{groups})(?:{re.escape(self.decimal)}[0-9]{{0,15}})?"
        unit, optional = re.escape(self.unit), "" if unit_key(self.unit) in SCALES else "?"
        return rf"^-?(?:{unit} ?){optional}{number}$" if self.unit_first else rf"^-?{number}(?: ?{unit}){optional}$"

    @property
    def _group(self) -> str:
        return "." if self.decimal == "," else ","

    def _read_usual(self, texts: pa.Array) -> Floats:
        import pyarrow as pa
        import pyarrow.compute as pc

        for sign in filter(None, (self.unit, self._group)):
            texts = pc.replace_substring(texts, sign, "")
        texts = pc.replace_substring(pc.replace_substring(texts, " ", ""), self.decimal, ".")
        return np.array(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False), np.float64)

    def _read_any(self, texts: pa.Array) -> Floats:
        parts = split_numbers(texts)
        values = parts.values(self.decimal, self.grouped)
        known = {"", unit_key(self.unit)} if unit_key(self.unit) not in SCALES else {unit_key(self.unit)}
        other = np.array([unit_key(unit) not in known for unit, _ in parts.units()], bool)
        values[other[parts.unit_codes]] = np.nan
        return values

    def write(self, text: str) -> str:
        """A number's text with the unit where it belongs: $12, 12 kmpl, 12%."""
        if not self.unit:
            return text
        if self.unit_first:
            sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
            return f"{sign}{self.unit}{' ' if self.unit[-1:].isalpha() else ''}{digits}"
        return f"{text}{'' if self.unit in ('%', '‰', '+') else ' '}{self.unit}"

    def describe(self) -> str:
        """For notes: "numbers with the unit kmpl, a decimal comma"."""
        about = [f"the unit {self.unit}"] if self.unit else []
        about += ["a decimal comma"] if self.decimal == "," else []
        about += ["thousands separators"] if self.grouped else []
        return "numbers with " + " and ".join([", ".join(about[:-1]), about[-1]] if len(about) > 1 else about)


@dataclass(frozen=True, eq=False)
class SplitNumbers:
    """Texts taken apart; each field has one entry per text. fits: it has the form of a number.

    unit_codes: which of `units()` each has.
    """

    fits: npt.NDArray[np.bool_]
    negative: npt.NDArray[np.bool_]
    body: pa.Array
    exponent: pa.Array
    unit_codes: npt.NDArray[np.int64]
    unit_texts: tuple[str, ...]

    def units(self) -> list[tuple[str, bool]]:
        """Each unit, and whether it stands before the number."""
        return [(text[1:], text[0] == "<") for text in self.unit_texts]

    def values(self, decimal: Decimal, grouped: bool = True) -> Floats:
        """The numbers with this decimal sign, NaN where the digits are not grouped as it needs."""
        import pyarrow as pa
        import pyarrow.compute as pc

        group = r"\." if decimal == "," else ","
        whole = r"[0-9]+"
        if grouped:
            whole += (
                rf"|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[1-9][0-9]?(?:{group}[0-9]{{2}})+{group}[0-9]{{3}}"
                rf"|[1-9][0-9]{{0,2}}(?: [0-9]{{3}})+|[1-9][0-9]{{0,2}}(?:'[0-9]{{3}})+"
            )
        point = r"\." if decimal == "." else ","
        valid = pc.match_substring_regex(self.body, rf"^(?:{whole})?(?:{point}[0-9]*)?$")
        known = np.asarray(pc.and_(valid, pa.array(self.fits)), dtype=bool)
        numbers = np.full(len(known), np.nan)
        body, exponent = (part.filter(pa.array(known)) for part in (self.body, self.exponent))
        digits = pc.replace_substring_regex(body, rf"[ '{group}]", "")
        texts = pc.binary_join_element_wise(pc.replace_substring(digits, decimal, "."), exponent, "")
        numbers[known] = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
        numbers[self.negative] *= -1
        return numbers


def split_numbers(texts: pa.Array) -> SplitNumbers:
    """Take texts (n,) apart; nulls do not fit."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(ascii_forms(texts), pattern=WRITTEN)
    part = {field.name: pc.fill_null(pc.struct_field(parts, field.name), "") for field in parts.type}
    units = pc.if_else(
        pc.not_equal(part["before"], ""),
        pc.binary_join_element_wise("<", part["before"], ""),
        pc.binary_join_element_wise(">", pc.utf8_trim_whitespace(part["after"]), ""),
    ).dictionary_encode()
    units = units.combine_chunks() if isinstance(units, pa.ChunkedArray) else units
    unit_texts = tuple(units.dictionary.to_pylist())
    codes = np.asarray(units.indices, np.int64)
    minus = sum(_is(part[name], "-").astype(int) for name in ("sign", "inner", "last"))
    brackets = _is(part["open"], "(")
    signs = minus + brackets + _is(part["sign"], "+") + _is(part["inner"], "+")
    odd_unit = _odd_units(unit_texts)
    both = ~_is(part["before"], "") & ~_is(part["after"], "")
    closed = brackets == _is(part["close"], ")")
    short = np.asarray(pc.utf8_length(part["after"])) <= LONGEST_UNIT
    fits = np.array(pc.is_valid(parts)) & closed & (signs <= 1) & ~odd_unit[codes] & ~both & short
    return SplitNumbers(fits, (minus + brackets) == 1, part["body"], part["exponent"], codes, unit_texts)


def _is(texts: pa.Array, text: str) -> npt.NDArray[np.bool_]:
    """Which of the texts are this one."""
    import pyarrow.compute as pc

    return np.asarray(pc.equal(texts, text), dtype=bool)


def _odd_units(units: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which of the texts around numbers are no units; each begins with `<` or `>`, as in `SplitNumbers`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.match_substring_regex(pa.array(units, pa.string()), rf"^(?:<(?:{BEFORE})?|>(?:{AFTER})?)$")
    words = (unit[1:].casefold() in NO_UNITS for unit in units)
    return np.array([word or not unit for word, unit in zip(words, known.to_pylist(), strict=True)], bool)


def unit_key(unit: str) -> str:
    """The same for units that are the same: CC and cc, year and years, Rs and Rs."""
    key = " ".join(unit.casefold().split()).rstrip(".")
    return key[:-1] if len(key) > 3 and key.endswith("s") else key
