"""What the columns of a table hold: counts over all rows, gathered batch by batch in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlpcli.data.tables.cells import is_text, plain_texts
from mlpcli.data.tables.conversion import as_numbers, as_texts, boolean_mask, date_mask, number_mask
from mlpcli.data.tables.distinct import DistinctTexts, distinct_values, texts_kept
from mlpcli.data.tables.raw_table import RawTable
from mlpcli.data.tables.usable_rows import gap_mask
from mlpcli.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

INFINITE = r"(?i)^[+-]?inf(inity)?$"
"""Counts as a number here, so that the column is one of numbers and the value is then refused by name."""
Place = Callable[[int], str]
Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class Odd:
    """A value that is not what most are: its text, and its row in a batch that knows places."""

    text: str
    batch_place: Place
    row: int

    @property
    def place(self) -> str:
        """Where it stands. Only for messages: finding it may mean to read the file again."""
        return self.batch_place(self.row)


@dataclass
class ColumnProfile:
    """What is known of one column so far.

    rows, missing: all rows, and those without a value; first_gap: the first of these.
    numbers, booleans, dates: how many values could be read as such ("1" counts as a number and as a boolean).
    whole: how many of the numbers have no fraction; low, high: the smallest and the largest of the numbers.
    counting: every number so far is the one before plus 1, as row numbers are.
    no_number, no_date: the first value that is none, where there is one.
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
        written = plain_texts(distinct) if is_text(distinct) else texts  # TRUE, not true: as it stands in the file
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
    """Which of the distinct values can be read as what."""

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
