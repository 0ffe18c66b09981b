"""Profiles of the columns of a table, counted over all rows in bounded memory, and a summary line for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlpcli.config.yaml_writer import yaml_names
from mlpcli.errors import DataError
from mlpcli.tables.raw_table import RawTable, gap_mask
from mlpcli.tables.texts import DistinctTexts, as_texts, distinct_values, texts_kept
from mlpcli.tables.values import as_numbers, boolean_mask, date_mask, is_text, number_mask, plain_texts
from mlpcli.text import LONGEST_TEXT, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.config.sections import ColumnKind


INFINITE = r"(?i)^[+-]?inf(inity)?$"
"""Counts as a number here, so that the column is one of numbers and the value is then refused by name."""
Place = Callable[[int], str]
Mask = npt.NDArray[np.bool_]
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
    numbers, booleans, dates: how many values could be read as such ("1" counts as a number and as a boolean).
    whole: how many of the numbers have no fraction; low, high: the smallest and the largest of the numbers.
    counting: every number so far is the one before plus 1, as row numbers are.
    no_number, no_date: the first value that is not a number, not a date; None if there is none.
    seen: the distinct values, as texts. longest: characters of the longest text. words: words in all texts together.
    """

    name: str
    seen: DistinctTexts
    rows: int = 0
    missing: int = 0
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

    @property
    def present(self) -> int:
        """Rows that have a value."""
        return self.rows - self.missing

    @property
    def mean_words(self) -> float:
        """Words in a text, on average."""
        return self.words / max(1, self.present - self.numbers)

    def add(self, column: pa.ChunkedArray, place: Place) -> None:
        """Take in the next rows of the column."""
        import pyarrow as pa
        import pyarrow.types as types

        gaps = gap_mask(column)
        if gaps.any():
            self.first_gap = self.first_gap or Odd("", place, int(gaps.argmax()))
        self.rows += len(column)
        self.missing += int(gaps.sum())
        values = column.filter(pa.array(~gaps)) if gaps.any() else column
        if len(values) == 0:
            return
        typed = types.is_boolean(column.type) or types.is_temporal(column.type)
        numbers = None if typed else self._all_numbers(values)
        rows = np.flatnonzero(~gaps)
        if numbers is None:
            self._add_mixed(values, rows, place)
        else:
            self._add_numbers(numbers)
            self.no_date = self.no_date or Odd(f"{numbers[0]:g}", place, int(rows[0]))
        self.seen.add(values)

    def _all_numbers(self, values: pa.ChunkedArray) -> npt.NDArray[np.float64] | None:
        """The values as numbers (n,), or None where any of them is something else."""
        try:
            return as_numbers(values, self.name, str)
        except DataError:
            return None

    def _add_numbers(self, numbers: npt.NDArray[np.float64]) -> None:
        self.numbers += len(numbers)
        self.booleans += int(((numbers == 0) | (numbers == 1)).sum())
        self.whole += int((numbers == np.floor(numbers)).sum())
        follows = self.high == -np.inf or bool(numbers[0] == self.high + 1)
        self.counting = self.counting and follows and bool((np.diff(numbers) == 1).all())
        self.low, self.high = min(self.low, float(numbers.min())), max(self.high, float(numbers.max()))

    def _add_mixed(self, values: pa.ChunkedArray, rows: Indices, place: Place) -> None:
        """Values that are not all numbers, and their rows in the batch; each distinct one is looked at once."""
        import pyarrow.compute as pc

        distinct, codes = distinct_values(values)
        texts = as_texts(distinct)
        forms = _forms(distinct, texts)
        counts = np.bincount(codes, minlength=len(distinct))
        self.numbers += int(counts[forms.numbers].sum())
        self.booleans += int(counts[forms.booleans].sum())
        self.dates += int(counts[forms.dates].sum())
        self.counting = False
        written = plain_texts(distinct) if is_text(distinct) else texts  # TRUE, not true: as it is written in the file
        self.no_number = self.no_number or _first_odd(forms.numbers[codes], codes, written, rows, place)
        self.no_date = self.no_date or _first_odd(forms.dates[codes], codes, written, rows, place)
        self.longest = max(self.longest, pc.max(pc.utf8_length(texts)).as_py())
        words = 1 + np.asarray(pc.count_substring_regex(texts, r"\s+"))
        self.words += int((words * counts)[~forms.numbers].sum())


def profile_columns(batches: Iterable[RawTable]) -> dict[str, ColumnProfile]:
    """Profiles of all columns, in the order of the file."""
    profiles: dict[str, ColumnProfile] = {}
    for batch in batches:
        kept = texts_kept(len(batch.names))
        for name, column in zip(batch.names, batch.columns.columns, strict=True):
            profile = profiles.setdefault(name, ColumnProfile(name, DistinctTexts(kept)))
            profile.add(column, batch.place)
    return profiles


@dataclass(frozen=True)
class _Forms:
    """For each distinct value, whether it can be read as a number, a boolean or a date."""

    numbers: Mask
    booleans: Mask
    dates: Mask


def _forms(distinct: pa.ChunkedArray, texts: pa.ChunkedArray) -> _Forms:
    import pyarrow.compute as pc
    import pyarrow.types as types

    every = np.ones(len(distinct), bool)
    if types.is_boolean(distinct.type):
        return _Forms(~every, every, ~every)
    if types.is_temporal(distinct.type):
        dates = every if types.is_date(distinct.type) or types.is_timestamp(distinct.type) else ~every
        return _Forms(~every, ~every, dates)
    numbers, booleans, dates = (
        np.asarray(mask(distinct), dtype=bool) for mask in (number_mask, boolean_mask, date_mask)
    )
    return _Forms(numbers | np.asarray(pc.match_substring_regex(texts, INFINITE), dtype=bool), booleans, dates)


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
    profiles: Mapping[str, ColumnProfile], kinds: Mapping[str, ColumnKind], target: str | None = None
) -> list[ColumnSummary]:
    """One summary per column of the file, in its order; columns without a kind are "dropped"."""
    return [
        _summary(profile, "target" if name == target else kinds.get(name, "dropped"))
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


def mixed_message(profile: ColumnProfile) -> str:
    """The first odd value in a column of numbers or dates, its place, and the ways out."""
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
