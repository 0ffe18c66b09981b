"""Dates as people write them, as days since 1970; which part is the day is decided from all rows of a column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mlpcli.tables.number_format import ascii_forms

if TYPE_CHECKING:
    import pyarrow as pa


Days = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Order = Literal["ymd", "dmy", "mdy"]
Form = Literal["text", "compact", "serial", "unix", "unix ms"]
ORDERS: tuple[Order, ...] = ("ymd", "dmy", "mdy")
SECONDS_A_DAY = 86_400.0
AT_ONCE = 1 << 17
"""Texts: taken apart, they are ten times as large."""
SERIAL_ZERO = -25_569.0
"""1899-12-30, from which spreadsheets count days, in days since 1970."""
SERIALS = (20_000.0, 73_050.0)
"""Serial numbers of 1954 to 2099; outside of it a number is rather something else."""
HALF = r"오전|오후|[AaPp]\.?[Mm]\.?"
TIME = (
    rf"(?:(?:T|,? +)(?P<half>(?:(?:{HALF}) ?)?)(?P<hour>[0-9]{{1,2}})(?::|시 ?)(?P<minute>[0-9]{{1,2}})분?"
    r"(?:(?::| ?)(?P<second>[0-9]{1,2}(?:[.,][0-9]{1,9})?)초?)?"
    rf"(?P<after>(?: ?(?:{HALF}))?) ?(?P<zone>(?:Z|UTC|GMT|KST|[+-][0-9]{{2}}:?[0-9]{{2}})?))?$"
)
EARLY, LATE = ("오전", "am"), ("오후", "pm")
WEEKDAY = r"(?: ?\([월화수목금토일](?:요일)?\))?"
YEAR_FIRST = (
    rf"^(?P<year>[0-9]{{4}})(?:-|/|\. ?|년 ?)(?P<month>[0-9]{{1,2}})(?:-|/|\. ?|월 ?)(?P<day>[0-9]{{1,2}})[.일]?"
    rf"{WEEKDAY}{TIME}"
)
"""2024-01-31, 2024/1/31, 2024. 1. 31., 2024년 1월 31일, and a time after it: 2024-01-31T10:30:00+09:00, 오후 3:20."""
THREE_PARTS = r"^(?P<one>[0-9]{1,2})(?:-|/|\. ?)(?P<two>[0-9]{1,2})(?:-|/|\. ?)(?P<three>[0-9]{4}|[0-9]{1,2})\.?" + TIME
"""11/10/2024, 31.1.24: which is the day and which the month depends on who wrote it."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"[A-Za-z]{3,9}\.?"
DAY_NAME = (
    r"^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[- /]"
    rf"(?P<name>{MONTH})[- /,]+(?P<year>[0-9]{{4}}|[0-9]{{2}}){TIME}"
)
"""11-Oct-2024, 11 October 2024, Fri, 11 Oct 2024 15:20."""
NAME_DAY = rf"^(?P<name>{MONTH}) (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?P<year>[0-9]{{4}}){TIME}"
"""Oct 11, 2024."""
COMPACT = (
    r"^(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"(?:[T ]?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>(?:[0-9]{2})?))?(?:\.0+)?$"
)
"""20241011, 20241011152000."""
BEGINS = (
    r"^(?:[0-9]{1,4}(?:[-/]|\. ?|년 ?)[0-9]{1,2}[-/.월]|[0-9]{1,2}(?:st|nd|rd|th)?[- /][A-Za-z]"
    r"|[A-Za-z]{3,9}\.?,? [0-9])"
)
"""How each of them begins; most columns of text are ruled out by it, at a tenth of the cost."""
DATE_NAME = re.compile(
    r"(?i:(^|[ _.-])(date|datetime|timestamp|dt|ymd|dob|birthday|epoch)([ _.-]|$))|[a-z](Date|DateTime|Timestamp|At)$"
    r"|_at$|(날짜|일자|일시|년월일|등록일|주문일|구매일|가입일|작성일|판매일|거래일|생일|시작일|종료일)"
)
"""Names of columns under which 20241011 and 45576 are dates: order_date, createdAt, 주문일시."""
EPOCH_NAME = re.compile(r"(?i)timestamp|epoch|unix")
"""And under which 1728658800 is one."""


@dataclass(frozen=True)
class DateFormat:
    """How the dates of a column are written.

    form: text; compact: 20241011; serial: days as spreadsheets count them; unix: seconds since 1970; unix ms.
    order: of the parts of 11/10/2024. pattern: of strptime; "" for the usual forms.
    """

    form: Form = "text"
    order: Order = "ymd"
    pattern: str = ""

    def read(self, texts: pa.Array) -> Days:
        """Days since 1970-01-01 (UTC where a zone is given) of texts (n,); NaN for what is not a date."""
        if self.form == "text":
            return _by_pattern(texts, self.pattern) if self.pattern else days_of_texts(texts, self.order)
        if self.form == "compact":
            return _days_of(texts, COMPACT)
        numbers = _numbers(texts)
        if self.form == "serial":
            return numbers + SERIAL_ZERO
        return numbers / (SECONDS_A_DAY * (1000 if self.form == "unix ms" else 1))

    def fits(self, texts: Sequence[str]) -> bool:
        """Whether all of these are dates of this format."""
        import pyarrow as pa

        return not np.isnan(self.read(pa.array(texts, pa.string()))).any()

    def describe(self) -> str:
        """For notes: "dates, day first (11/10/2024 is 11 October)"."""
        forms = {
            "compact": "dates written 20241011",
            "serial": "spreadsheet dates (days since 1899-12-30)",
            "unix": "seconds since 1970",
            "unix ms": "milliseconds since 1970",
        }
        if self.form != "text":
            return forms[self.form]
        if self.pattern:
            return f"dates written {self.pattern}"
        return {
            "ymd": "dates, year first (24/10/11 is 11 October 2024)",
            "dmy": "dates, day first (11/10/2024 is 11 October)",
            "mdy": "dates, month first (11/10/2024 is November 10)",
        }[self.order]


def format_told(told: str) -> DateFormat:
    """The format that data.date_format names: dmy, mdy or ymd, or a pattern of strptime."""
    if told in ORDERS:
        return DateFormat(order=told)
    return DateFormat(pattern=told)


def days_of_texts(texts: pa.Array, order: Order = "ymd") -> Days:
    """Days since 1970-01-01 of texts in any usual form; `order` for dates whose year is not written first in full.

    >>> import pyarrow
    >>> days_of_texts(pyarrow.array(["1970-01-02", "1970. 1. 2. 오후 12:00", "2-Jan-1970", "no date"])).tolist()
    [1.0, 1.5, 1.0, nan]
    """
    pieces = [texts.slice(start, AT_ONCE) for start in range(0, len(texts), AT_ONCE)]
    return np.concatenate([_days_of_piece(piece, order) for piece in pieces]) if pieces else np.empty(0)


ISO_LENGTHS = frozenset({len("2024-01-31"), len("2024-01-31T10:30"), len("2024-01-31T10:30:00")})
"""Of the forms in ISO 8601 that are dates here, too: Arrow also takes an hour without minutes."""


def iso_days(texts: pa.Array | pa.ChunkedArray) -> Days | None:
    """Days where all texts are like 2024-01-31 or 2024-01-31T10:30:00, NaN for a null; otherwise None.

    Arrow's own reader of this form takes a fiftieth of the time of a pattern.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not ISO_LENGTHS.issuperset(pc.unique(pc.binary_length(texts.drop_null())).to_pylist()):
        return None
    try:
        moments = pc.cast(texts, pa.timestamp("s"))
    except pa.ArrowInvalid:
        return None
    days, seconds = np.divmod(np.asarray(pc.fill_null(pc.cast(moments, pa.int64()), 0)), int(SECONDS_A_DAY))
    return np.where(np.asarray(pc.is_valid(texts)), days + seconds / SECONDS_A_DAY, np.nan)


def _days_of_piece(texts: pa.Array, order: Order) -> Days:
    import pyarrow as pa
    import pyarrow.compute as pc

    if (iso := iso_days(texts)) is not None:
        return iso
    days = np.full(len(texts), np.nan)
    texts = ascii_forms(texts)
    rows = np.flatnonzero(np.asarray(pc.fill_null(pc.match_substring_regex(texts, BEGINS), False)))
    for pattern in (YEAR_FIRST, THREE_PARTS, DAY_NAME, NAME_DAY):
        if not len(rows):
            break
        found = _days_of(texts.take(pa.array(rows)), pattern, order)
        days[rows] = found
        rows = rows[np.isnan(found)]
    return days


def _days_of(texts: pa.Array, pattern: str, order: Order = "ymd") -> Days:
    """Days of the texts that have this form; NaN for others, and where the day or hour does not exist (2023-02-29)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    days = np.full(len(texts), np.nan)
    parts = pc.extract_regex(texts, pattern=pattern)
    rows = np.flatnonzero(np.asarray(pc.is_valid(parts)))
    if len(rows):
        days[rows] = _days_of_parts(_Parts(parts.take(pa.array(rows)), order))
    return days


class _Parts:
    """The parts of dates that fit one form, by name."""

    def __init__(self, parts: pa.StructArray, order: Order) -> None:
        self._parts, self._order = parts, order
        self._names = {field.name for field in parts.type}

    def has(self, name: str) -> bool:
        """Whether any of the dates has this part."""
        import pyarrow.compute as pc

        return name in self._names and bool(pc.any(pc.not_equal(pc.struct_field(self._parts, name), "")).as_py())

    def looked_up(self, names: Sequence[str], look: Callable[[str], float]) -> Days:
        """What `look` says to these parts, put together: to each of their few texts once."""
        import pyarrow.compute as pc

        texts = [pc.struct_field(self._parts, name) for name in names]
        encoded = pc.binary_join_element_wise(*texts, "").dictionary_encode()
        found = np.array([look(text) for text in encoded.dictionary.to_pylist()], np.float64)
        each: Days = found[np.asarray(encoded.indices)]
        return each

    def number(self, name: str) -> Days:
        """A part as numbers, 0 where it is not written."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if name not in self._names:
            return np.zeros(len(self._parts))
        texts = pc.struct_field(self._parts, name)
        texts = pc.replace_substring(pc.if_else(pc.equal(texts, ""), "0", texts), ",", ".")
        return np.asarray(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False), np.float64)

    def _length(self, name: str) -> Days:
        import pyarrow.compute as pc

        return np.asarray(pc.utf8_length(pc.struct_field(self._parts, name)), np.float64)

    def dates(self) -> tuple[Days, Days, Days]:
        """Years in full, months, days."""
        if "one" in self._names:
            parts = {"y": self.number("three"), "m": self.number("two"), "d": self.number("one")}
            if self._order == "mdy":
                parts = {**parts, "m": self.number("one"), "d": self.number("two")}
            elif self._order == "ymd":  # 24/10/11; a year in full at the end cannot be a day
                parts = {"y": self.number("one"), "m": self.number("two"), "d": self.number("three")}
            written = self._length("one" if self._order == "ymd" else "three")
            return _full_years(parts["y"]), np.where(written > 1, parts["m"], 0), parts["d"]  # no year has one digit
        year = self.number("year")
        if "name" not in self._names:
            return year, self.number("month"), self.number("day")
        months = {name: number for number, name in enumerate(MONTHS, 1)}
        month = self.looked_up(["name"], lambda text: months.get(text[:3].lower(), 0))
        return _full_years(year), month, self.number("day")

    def seconds(self) -> Days:
        """Of the time, UTC where a zone is written; NaN where there is no such time."""
        hour, minute, second = (self.number(name) for name in ("hour", "minute", "second"))
        known = (minute < 60) & (second < 60) & (hour < 24)
        if self.has("half") or self.has("after"):
            half = self.looked_up(["half", "after"], _half)
            known &= (half != 0) | (hour <= 12)  # 오후 15:20 is written too
            hour = np.where((half >= 0) & (hour <= 12), hour % 12 + 12 * half, hour)
        zone = self.looked_up(["zone"], _zone_seconds) if self.has("zone") else 0.0
        return np.where(known, hour * 3600 + minute * 60 + second - zone, np.nan)


def _full_years(year: Days) -> Days:
    """Years of two digits as POSIX reads them: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068."""
    return np.where(year >= 100, year, year + np.where(year < 69, 2000, 1900))


def _days_of_parts(parts: _Parts) -> Days:
    year, month, day = (part.astype(np.int64) for part in parts.dates())
    months = (year - 1970).astype("M8[Y]").astype("M8[M]") + (month - 1)
    first = months.astype("M8[D]").astype(np.int64)
    length = (months + 1).astype("M8[D]").astype(np.int64) - first
    known = (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    return np.where(known, first + day - 1 + parts.seconds() / SECONDS_A_DAY, np.nan)


def _half(text: str) -> float:
    """Of the day: 0 for 오전 and AM, 1 for 오후 and PM, -1 for none."""
    word = text.replace(".", "").strip().lower()
    return 1.0 if word in LATE else 0.0 if word in EARLY else -1.0


def _zone_seconds(text: str) -> float:
    if text == "KST":
        return 9 * 3600.0
    if text in ("", "Z", "UTC", "GMT"):
        return 0.0
    digits = text[1:].replace(":", "")
    return (1 if text[0] == "+" else -1) * (int(digits[:2]) * 3600.0 + int(digits[2:]) * 60.0)


def _by_pattern(texts: pa.Array, pattern: str) -> Days:
    """Days of texts as strptime reads them; 오전 and 오후 are AM and PM."""
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)

    def day(text: str | None) -> float:
        try:
            moment = datetime.strptime((text or "").replace("오전", "AM").replace("오후", "PM"), pattern)
        except ValueError:
            return float("nan")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return (moment - epoch).total_seconds() / SECONDS_A_DAY

    return np.array([day(text) for text in texts.to_pylist()], np.float64)


def _numbers(texts: pa.Array) -> Days:
    """Texts as numbers, NaN for others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = pc.match_substring_regex(texts, r"^[0-9]+(?:\.[0-9]*)?$")
    texts = pc.if_else(pc.fill_null(plain, False), texts, pa.scalar(None, pa.string()))
    return np.array(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False), np.float64)


@dataclass
class DateEvidence:
    """What the texts of a column say about how its dates are written, counted over all rows.

    clear: rows whose dates read in one way only. orders: of the others, how many are dates in each order.
    """

    clear: int = 0
    orders: Counter[Order] = field(default_factory=Counter)

    def add(self, texts: pa.Array, counts: npt.NDArray[np.int64]) -> tuple[Mask, Days | None]:
        """Take in distinct texts (n,) and their counts (n,).

        Returns:
            Which of them are dates in some order, and their days, if each is a date that reads in one way only.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        if (iso := iso_days(texts)) is not None:
            self.clear += int(counts.sum())
            return ~np.isnan(iso), iso
        days = days_of_texts(texts)
        parted = np.asarray(pc.fill_null(pc.match_substring_regex(ascii_forms(texts), THREE_PARTS), False))
        clear = ~np.isnan(days) & ~parted
        self.clear += int(counts[clear].sum())
        rows = np.flatnonzero(parted)
        some = clear.copy()
        for order in ORDERS if len(rows) else ():
            fits = ~np.isnan(days_of_texts(texts.take(pa.array(rows)), order))
            self.orders[order] += int(counts[rows[fits]].sum())
            some[rows[fits]] = True
        return some, days if clear.all() else None

    def possible(self) -> list[Order]:
        """The orders in which most of the unclear rows are dates; several where the rows do not tell."""
        most = max(self.orders.values(), default=0)
        return [order for order in ORDERS if most and self.orders[order] == most]

    @property
    def rows(self) -> int:
        """Rows that are dates in the likeliest order."""
        return self.clear + max(self.orders.values(), default=0)


def numeric_forms(low: float, high: float, whole: bool) -> Iterator[Form]:
    """What numbers from `low` to `high` may be as dates; none where they cannot be any."""
    if whole and low >= 19_000_101 and high <= 21_001_231:
        yield "compact"
    if whole and low >= 19_000_101_000_000 and high <= 21_001_231_235_959:
        yield "compact"
    if SERIALS[0] <= low and high <= SERIALS[1]:
        yield "serial"
    if low >= 1e8 and high < 5e9:
        yield "unix"
    if low >= 1e11 and high < 5e12:
        yield "unix ms"
