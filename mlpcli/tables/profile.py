"""Profiles of the columns of a table, counted over all rows in bounded memory, and a summary line for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import pieces
from mlpcli.config.yaml_names import yaml_names
from mlpcli.errors import DataError
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.dates import DateEvidence, Days
from mlpcli.tables.number_evidence import NumberEvidence
from mlpcli.tables.number_format import ascii_forms
from mlpcli.tables.raw_table import gap_mask
from mlpcli.tables.texts import DistinctTexts, Encoded, as_texts
from mlpcli.tables.values import as_numbers, boolean_mask, is_text, plain_numbers, plain_texts
from mlpcli.tables.whole_numbers import MOST_CLASSES
from mlpcli.text import LONGEST_TEXT, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.config.data_words import ColumnKind


MAY_BE_NUMBER = r"^[^0-9]{0,8}[0-9][^:]{0,40}$"
"""Every text that is a number looks like this; most others are ruled out by it, at a tenth of the cost."""
MOST_OTHERS = 100
"""Texts counted that are neither numbers nor dates; a column of more is one of texts."""
KNOWN_GAPS = frozenset({
    *("-", "--", "---", ".", "..", "...", "?", "??", "???", "*", "/", "n/a", "na", "n.a.", "n.a", "nan", "n.d.", "nd"),
    *("null", "none", "nil", "void", "unknown", "missing", "undefined", "not available", "not applicable", "tbd"),
    "\\n",
    *("#n/a", "#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!", "#error!", "#spill!", "#calc!", "####"),
    *("inf", "-inf", "+inf", "infinity", "-infinity", "+infinity", "∞", "-∞"),
    *("없음", "결측", "결측치", "미상", "모름", "해당없음", "해당 없음", "미입력", "알수없음", "알 수 없음"),
})  # fmt: skip
"""Words that stand for a missing value where the others are numbers or dates, in lower case; elsewhere they may be
categories."""
FIRST_ROWS = 1_000
"""Mostly they tell whether a column is one of numbers."""
Place = Callable[[int], str]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class Odd:
    """A value that is not like most: its text, and its row in a batch that knows places."""

    text: str
    batch_place: Place
    row: int

    @property
    def place(self) -> str:
        """Where it is. Only for messages: finding the line may mean reading the file again."""
        return self.batch_place(self.row)


@dataclass
class ColumnProfile:
    """What is known of one column so far.

    rows, missing: all rows, and those without a value; first_gap: the first of these.
    gap_words: how often each of the usual words for a gap came. number_forms, date_forms: how numbers and dates are
    written. others: how often each text came that is neither, up to MOST_OTHERS of them.
    numbers, booleans, dates: how many values could be read as such ("1" counts as a number and as a boolean).
    whole: how many of the numbers have no fraction; low, high: the smallest and the largest of the numbers.
    counting: every number so far is the one before plus 1, as row numbers are.
    no_number, no_date: the first value that is none, where there is one, and that is not a usual word for a gap.
    format: how the cells are to be read, where that is not plain; notes: what people should know of it; both are found
    by `settle`, when all rows were seen.
    seen: the distinct values, as texts. labels: how often each came; None where there are too many to be classes.
    longest: characters of the longest text. words: words in all texts together. last: the last number.
    """

    name: str
    seen: DistinctTexts
    rows: int = 0
    missing: int = 0
    gap_words: Counter[str] = field(default_factory=Counter)
    number_forms: NumberEvidence = field(default_factory=NumberEvidence)
    date_forms: DateEvidence = field(default_factory=DateEvidence)
    others: Counter[str] = field(default_factory=Counter)
    numbers: int = 0
    whole: int = 0
    booleans: int = 0
    dates: int = 0
    low: float = np.inf
    high: float = -np.inf
    counting: bool = True
    no_number: Odd | None = None
    no_date: Odd | None = None
    first_gap: Odd | None = None
    longest: int = 0
    words: int = 0
    labels: Counter[str] | None = field(default_factory=Counter)
    last: float = -np.inf
    format: ColumnFormat | None = None
    notes: tuple[str, ...] = ()

    @property
    def present(self) -> int:
        """Rows that have a value."""
        return self.rows - self.missing

    @property
    def mean_words(self) -> float:
        """Words in a text, on average."""
        return self.words / max(1, self.present - self.numbers)

    def add(
        self, column: pa.ChunkedArray, place: Place, gap_words: Sequence[str], numbers: Floats | None = None
    ) -> Days | None:
        """Take in the next rows of the column (n,), of which these words are gaps.

        numbers: the same rows, NaN for a gap, where all texts are known to be plain numbers, and none a gap word.

        Returns:
            Days since 1970 (n,), NaN for a null, if all texts are dates that read in one way only; otherwise None.
        """
        import pyarrow as pa
        import pyarrow.types as types

        written = column
        if types.is_string(column.type) and numbers is None:
            column = self._without_gaps(column, gap_words)
        gaps = gap_mask(column)
        if gaps.any():
            self.first_gap = self.first_gap or Odd("", place, int(gaps.argmax()))
        self.rows += len(column)
        self.missing += int(gaps.sum())
        values = column.filter(pa.array(~gaps)) if gaps.any() else column
        if len(values) == 0:
            return None
        encoded, days = Encoded(values), None
        numbers = self._all_numbers(values, encoded) if numbers is None else numbers[~gaps]
        if numbers is None:
            rows = np.flatnonzero(~gaps)
            found = self._add_mixed(encoded, rows, place)
            if found is not None and column is written:  # with other words for a gap, its cells may be something else
                days = np.full(len(column), np.nan)
                days[rows] = found[encoded.codes]
        else:
            self._add_numbers(values, numbers)
            self.no_date = self.no_date or Odd(f"{numbers[0]:g}", place, int(gaps.argmin()))
        self.seen.add(values, encoded)
        self._count_labels(encoded)
        return days

    def _count_labels(self, values: Encoded) -> None:
        """How often each value came, for as long as they may be classes."""
        if self.seen.many or len(self.seen) > MOST_CLASSES:
            self.labels = None
        if self.labels is None:
            return
        counts = np.bincount(values.codes, minlength=len(values.distinct)).tolist()
        for text, count in zip(as_texts(values.distinct).to_pylist(), counts, strict=True):
            self.labels[text] += count

    def _without_gaps(self, column: pa.ChunkedArray, gap_words: Sequence[str]) -> pa.ChunkedArray:
        """The column with null for the usual words, which are counted."""
        import pyarrow as pa
        import pyarrow.compute as pc

        is_gap = pc.fill_null(pc.is_in(column, value_set=pa.array(gap_words, column.type)), False)
        if not pc.any(is_gap).as_py():
            return column
        for count in pc.value_counts(column.filter(is_gap)).to_pylist():
            self.gap_words[count["values"]] += count["counts"]
        return pc.if_else(is_gap, pa.scalar(None, column.type), column)

    def _all_numbers(self, values: pa.ChunkedArray, encoded: Encoded) -> Floats | None:
        """The values as numbers (n,), or None where any of them is something else; texts are looked at once each."""
        import pyarrow.types as types

        if types.is_boolean(values.type) or types.is_temporal(values.type):
            return None
        try:
            if not is_text(values):
                return as_numbers(values, self.name, str)
            if (plain := plain_numbers(values)) is not None:
                return plain
            as_numbers(values.slice(0, FIRST_ROWS), self.name, str)  # refused early
            return as_numbers(encoded.distinct, self.name, str)[encoded.codes]
        except DataError:
            return None

    def _add_numbers(self, values: pa.ChunkedArray, numbers: Floats) -> None:
        self.number_forms.add_plain(values if is_text(values) else None, numbers)
        follows = self.last == -np.inf or bool(numbers[0] == self.last + 1)
        self.counting = (
            self.counting
            and follows
            and all(bool((np.diff(numbers[max(0, rows.start - 1) : rows.stop]) == 1).all()) for rows in pieces(numbers))
        )
        for rows in pieces(numbers):
            self.booleans += int(((numbers[rows] == 0) | (numbers[rows] == 1)).sum())
        self.last = float(numbers[-1])

    def _add_mixed(self, values: Encoded, rows: Indices, place: Place) -> Days | None:
        """Values that are not all numbers, and their rows in the batch; each distinct one is looked at once.

        Returns the days of the distinct values, if all are dates that read in one way only.
        """
        import pyarrow.compute as pc

        distinct, codes = values.distinct, values.codes
        texts = as_texts(distinct)
        counts = np.bincount(codes, minlength=len(distinct))
        written = plain_texts(distinct) if is_text(distinct) else texts  # TRUE, not true: as it is written in the file
        forms = self._forms(distinct, written, counts)
        self.booleans += int(counts[forms.booleans].sum())
        self.counting = False
        self._add_others(written, counts, ~(forms.numbers | forms.dates))
        known = _known_gaps(written)
        self.no_number = self.no_number or _first_odd((forms.numbers | known)[codes], codes, written, rows, place)
        self.no_date = self.no_date or _first_odd((forms.dates | known)[codes], codes, written, rows, place)
        self.longest = max(self.longest, pc.max(pc.utf8_length(texts)).as_py())
        words = 1 + np.asarray(pc.count_substring_regex(texts, r"\s+"))
        self.words += int((words * counts)[~forms.numbers].sum())
        return forms.days

    def _forms(self, distinct: pa.ChunkedArray, texts: pa.ChunkedArray, counts: npt.NDArray[np.int64]) -> _Forms:
        """Which of the distinct values can be read as what; takes in how these are written."""
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.types as types

        every = np.ones(len(distinct), bool)
        if types.is_boolean(distinct.type):
            return _Forms(~every, every, ~every)
        if types.is_temporal(distinct.type):
            is_date = types.is_date(distinct.type) or types.is_timestamp(distinct.type)
            self.date_forms.clear += int(counts.sum()) if is_date else 0
            return _Forms(~every, ~every, every if is_date else ~every)
        if not is_text(distinct):  # numbers that float32 does not hold are refused by name when they are read
            self.number_forms.add_plain(None, np.repeat(np.asarray(distinct, np.float64), counts))
            return _Forms(every, ~every, ~every)
        whole = pa.concat_arrays([pc.cast(chunk, pa.string()) for chunk in texts.chunks])
        dates, days = self.date_forms.add(whole, counts)
        numbers, booleans = ~every, ~every
        rest = np.flatnonzero(~dates)
        if len(rest):  # the patterns alone take milliseconds to compile, for each column anew
            whole = _where(~dates, whole)
            booleans[rest] = boolean_mask(pa.chunked_array([whole]))
            digits = np.asarray(pc.match_substring_regex(ascii_forms(whole), MAY_BE_NUMBER), dtype=bool)
            rows = rest[digits]
            if len(rows):
                numbers[rows] = self.number_forms.add(_where(digits, whole), counts[rows])
        return _Forms(numbers, booleans, dates, days)

    def _add_others(self, texts: pa.ChunkedArray, counts: npt.NDArray[np.int64], others: Mask) -> None:
        for row in np.flatnonzero(others):
            if len(self.others) > MOST_OTHERS:
                return
            self.others[texts[int(row)].as_py()] += int(counts[row])


def _where(mask: Mask, texts: pa.Array) -> pa.Array:
    """Some of the texts; no copy where it is all of them."""
    import pyarrow as pa

    return texts if mask.all() else texts.filter(pa.array(mask))


@dataclass(frozen=True)
class _Forms:
    """For each distinct value, whether it can be read as a number, a boolean or a date; days: as of `DateEvidence`."""

    numbers: Mask
    booleans: Mask
    dates: Mask
    days: Days | None = None


def _known_gaps(texts: pa.ChunkedArray) -> Mask:
    """Which of the texts are in KNOWN_GAPS; Python, whose capitals decide, is asked only about those that may be."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = np.array(pc.is_in(pc.utf8_lower(texts), value_set=pa.array(KNOWN_GAPS, texts.type)), bool)
    for row in np.flatnonzero(known):
        known[row] = texts[int(row)].as_py().lower() in KNOWN_GAPS
    return known


def _first_odd(fits: Mask, codes: Indices, texts: pa.ChunkedArray, rows: Indices, place: Place) -> Odd | None:
    """The first value that does not fit; `fits`, `codes` (into texts) and `rows` are per value."""
    if fits.all():
        return None
    first = int(fits.argmin())
    return Odd(texts[int(codes[first])].as_py(), place, int(rows[first]))


@dataclass(frozen=True)
class ColumnSummary:
    """name: the column's. kind: number, category, boolean, date, "target" or "dropped".

    missing: rows without a value. distinct: how many values differ ("10,000+" where counting ended there).
    example: the range of numbers, else the first few values.
    """

    name: str
    kind: str
    missing: int
    distinct: int | str
    example: str


def column_lines(
    profiles: Mapping[str, ColumnProfile], kinds: Mapping[str, ColumnKind], targets: Collection[str] = ()
) -> list[ColumnSummary]:
    """One summary per column of the file, in its order; columns without a kind are "dropped"."""
    return [
        _summary(profile, "target" if name in targets else kinds.get(name, "dropped"))
        for name, profile in profiles.items()
    ]


def _summary(profile: ColumnProfile, kind: str) -> ColumnSummary:
    distinct = f"{profile.seen.most:,}+" if profile.seen.many else len(profile.seen)
    return ColumnSummary(profile.name, kind, profile.missing, distinct, _example(profile, kind))


def _example(profile: ColumnProfile, kind: str) -> str:
    if profile.present and profile.numbers == profile.present and kind != "category":
        return f"{profile.low:.6g} to {profile.high:.6g}" if profile.low < profile.high else f"{profile.low:.6g}"
    return ", ".join(profile.seen.starts(3))


MOSTLY = 0.8
"""From this share of numbers on, a column is one of numbers with mistakes in it, and not one of texts."""


def is_whole(profile: ColumnProfile) -> bool:
    """Whether all values are whole numbers."""
    return 0 < profile.present == profile.whole


def is_mixture(profile: ColumnProfile) -> bool:
    """Whether most values are numbers, but with units or decimal signs that do not go together."""
    return bool(profile.number_forms.mixture) and 0 < MOSTLY * profile.present <= profile.number_forms.rows


def mixed_message(profile: ColumnProfile) -> str:
    """The first odd value in a column of numbers or dates, or what is mixed and how much, and the ways out."""
    if is_mixture(profile):
        column = yaml_names([profile.name])[1:-1]
        return (
            f"{shown(profile.name)}: {profile.number_forms.mixture}; convert them to one, or set data.types:"
            f" {{{column}: category}}, or data.exclude: [{column}]"
        )
    numbers = profile.numbers >= profile.dates
    kind, fitting, odd = (
        ("number", profile.numbers, profile.no_number) if numbers else ("date", profile.dates, profile.no_date)
    )
    place, text = (odd.place, odd.text) if odd else ("", "")
    rest = profile.present - fitting
    gap = f": {yaml_names([text])}" if len(text) <= LONGEST_TEXT else ""
    return (
        f'{place}: {shown(profile.name)}: "{shown(text)}" is not a {kind}, but {fitting:,} of {profile.present:,}'
        f" values are; correct the {rest:,}, or set data.na_values{gap} if it means a missing value,"
        f" or data.types: {{{yaml_names([profile.name])[1:-1]}: category}}"
    )
