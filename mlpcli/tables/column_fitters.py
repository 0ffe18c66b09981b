"""Learns from training rows, batch by batch, how to encode a column: medians, categories, missing values."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import pieces
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn
from mlpcli.tables.texts import distinct_texts
from mlpcli.tables.values import ValueKind
from mlpcli.text import shown

if TYPE_CHECKING:
    from mlpcli.config.data_words import ColumnKind
    from mlpcli.tables.raw_table import RawTable


MOST_CATEGORIES = 50
"""One-hot columns of one column of the table; the most frequent categories get them."""
LEAST_SHARE, FEWEST_ROWS, ENOUGH_ROWS = 0.01, 5, 100
"""A category gets a column with 1 % of the rows, but not with fewer than 5, and in any case with 100."""
SMALL_SHARE = 0.05
"""In fewer than 100 rows, 5 % of them take the place of the 5 rows."""
MOST_RARE = 1000
"""Rare categories whose names are kept, so that new rows can be told from those of training."""
MOST_ROUNDED = 0.01
"""A share of a column's range; a larger rounding error in 32-bit numbers is reported."""
MOST_COUNTED = 100_000
MOST_COUNTED_IN_ALL = 2_000_000
"""Distinct texts counted at a time, of one column and of all; beyond that the rarest are forgotten."""


class ColumnFitter(Protocol):
    """Takes in training rows, and then knows how to encode a column."""

    def add(self, table: RawTable) -> None:
        """Take in the next rows.

        Raises:
            DataError: a value of the wrong kind; names place, column and value.
        """

    def finish(self) -> tuple[ColumnEncoder | None, str]:
        """The encoder, None where there is nothing to learn from; and a note for the user, or ""."""


def fitter_for(name: str, kind: ColumnKind, number: int, columns: int, bins: int = 0) -> ColumnFitter:
    """A fitter for one column of so many; `number` is its place among them, `bins` are the most of a number or date."""
    if kind == "category":
        return CategoryFitter(name, max(1000, min(MOST_COUNTED, MOST_COUNTED_IN_ALL // columns)))
    return ValueFitter(name, kind, number, columns, 0 if kind == "boolean" else bins)


def least_rows(rows: int) -> int:
    """The number of training rows that a category must have to get its own column."""
    return math.ceil(min(ENOUGH_ROWS, max(LEAST_SHARE * rows, min(FEWEST_ROWS, SMALL_SHARE * rows))))


class ValueFitter:
    """For numbers, booleans and dates: learns the median or the most frequent value, edges of bins, and about gaps."""

    def __init__(self, name: str, kind: ValueKind, number: int, columns: int, bins: int = 0) -> None:
        self._name, self._kind, self._bins = name, kind, bins
        self._sample = ValueSample(number, columns)
        self._gaps = False
        self._low, self._high, self._rounded = math.inf, -math.inf, 0.0

    def add(self, table: RawTable) -> None:
        values = table.numbers(self._name, self._kind)
        gaps = np.isnan(values)
        if gaps.any():
            self._gaps, values = True, values[~gaps]
        if len(values):
            self._low, self._high = min(self._low, float(values.min())), max(self._high, float(values.max()))
            for rows in pieces(values):
                rounded = np.abs(values[rows] - values[rows].astype(np.float32)).max()
                self._rounded = max(self._rounded, float(rounded))
        self._sample.add(values)

    def finish(self) -> tuple[ColumnEncoder | None, str]:
        if self._sample.rows == 0:
            return None, f'column "{shown(self._name)}" has no value in the training rows and is left out'
        # Booleans, by their median: 1 where most are true, 0 where as many are false.
        fill = self._sample.median()
        fill = float(fill > 0.5) if self._kind == "boolean" else fill
        edges = self._sample.edges(self._bins, self._low, self._high) if self._bins else ()
        return ValueColumn(self._name, self._kind, fill, self._gaps, self._low, self._high, edges), self._lost()

    def _lost(self) -> str:
        """A note on large values that differ by little (Unix times, order numbers, dates within an hour), or ""."""
        spread = self._high - self._low
        if not self._rounded > MOST_ROUNDED * spread:
            return ""
        dates, unit = self._kind == "date", " days" if self._kind == "date" else ""
        return (
            f'column "{shown(self._name)}": the network\'s 32-bit numbers round its values by up to'
            f" {self._rounded:.3g}{unit}, but they span only {spread:.3g}{unit};"
            f" {'data.dates: parts keeps the times' if dates else 'use their difference from the lowest value instead'}"
        )


class CategoryFitter:
    """Counts the categories; the frequent ones get columns."""

    def __init__(self, name: str, most_counted: int = MOST_COUNTED) -> None:
        self._name, self._most_counted = name, most_counted
        self._counts: Counter[str] = Counter()
        self._rows = self._gaps = 0
        self._forgotten = False

    def add(self, table: RawTable) -> None:
        texts, codes = distinct_texts(table.columns[self._name])
        there = np.bincount(codes[codes >= 0], minlength=len(texts))
        order = np.flatnonzero(there)  # of a part of the rows, not all of the texts
        if len(self._counts) + len(order) > self._most_counted:
            order = order[np.argsort(_first_rows(codes, len(texts))[order])]  # which are forgotten depends on it
        gaps = int((codes < 0).sum())
        counts = self._counts
        for code, count in zip(order.tolist(), there[order].tolist(), strict=True):
            text = texts[code]
            if text is None:
                gaps += count
            else:
                counts[text] = counts.get(text, 0) + count
        self._rows += len(codes)
        self._gaps += gaps
        if len(self._counts) > self._most_counted:
            self._counts = Counter(dict(self._counts.most_common(self._most_counted // 2)))
            self._forgotten = True

    def finish(self) -> tuple[ColumnEncoder | None, str]:
        least = least_rows(self._rows)
        # Ties go by the text, so that the order of the rows does not matter.
        frequent = [(-count, text) for text, count in self._counts.items() if count >= least]
        kept = sorted(text for _, text in sorted(frequent)[:MOST_CATEGORIES])
        grouped = len(self._counts) - len(kept)
        others = None if self._forgotten or grouped > MOST_RARE else tuple(sorted(self._counts.keys() - set(kept)))
        column = CategoryColumn(self._name, tuple(kept), grouped > 0 or self._forgotten, self._gaps > 0, others)
        name = f'column "{shown(self._name)}"'
        if len(column.feature_names) < 2:
            what = "one value only" if kept else "no frequent category" if self._counts else "no value"
            return None, f"{name} has {what} in the training rows and is left out"
        if not grouped:
            return column, ""
        many = "more than " if self._forgotten else ""
        rare = f"{grouped:,} of {len(self._counts):,} categories {'is' if grouped == 1 else 'are'} rare"
        return column, f"{name}: {many}{rare} and {'is' if grouped == 1 else 'are'} treated as one, (other)"


def _first_rows(codes: npt.NDArray[np.int64], texts: int) -> npt.NDArray[np.int64]:
    """The first row of each of so many codes."""
    first = np.zeros(texts + 1, np.int64)  # the last one for gaps, whose code is -1
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first[:-1]


MOST_VALUES = 1_000_000
MOST_VALUES_IN_ALL = 20_000_000
FEWEST_VALUES = 1_000
"""Values kept of one column, at most and of all columns together, and at least: quantiles are exact up to here, and
those of a sample beyond, which are off by about 0.05 % of the rows where a million values are kept, and 1.6 % where a
thousand are. In all they take 4 bytes each, and 300 MB where columns are sampled."""
STREAM = 1_296_385_106
"""Separates the random draws here from those of splits and epochs."""


class ValueSample:
    """All values, or of very many a random sample that depends on nothing but the values' order.

    Each value draws a random key, and those with the smallest keys stay: where batches begin does not matter.
    Values are kept as float32, which is what the network gets, in arrays that are reused: the C library does not return
    the memory of many small ones.
    """

    def __init__(self, number: int = 0, columns: int = 1) -> None:
        self.rows = 0
        self._most = max(FEWEST_VALUES, min(MOST_VALUES, MOST_VALUES_IN_ALL // columns))
        self._limit = self._most + self._most // 4
        self._generator = np.random.default_rng([STREAM, number])
        self._values = np.empty(0, np.float32)
        self._keys = np.empty(0)
        self._kept = self._keyed = 0
        self._largest_key = math.inf

    def add(self, values: npt.NDArray[np.float64]) -> None:
        """Take in more values (n,), none of them NaN."""
        self.rows += len(values)
        for start in range(0, len(values), self._most):  # bounds the memory for the keys
            self._add(values[start : start + self._most])

    def _add(self, values: npt.NDArray[np.float64]) -> None:
        """Keep the values whose keys can still be among the smallest: of very many values, fewer and fewer."""
        keys = np.empty(0)
        while len(values):
            if self._largest_key < math.inf:
                keys = keys if len(keys) else self._generator.random(len(values))
                small = keys < self._largest_key
                values, keys = values[small], keys[small]
            room = self._make_room(len(values))
            end = self._kept + min(room, len(values))
            self._values[self._kept : end] = values[:room]
            if len(keys):
                self._keys[self._kept : end] = keys[:room]
                self._keyed = end
            self._kept = end
            values, keys = values[room:], keys[room:]
            if len(values):
                self._shrink()

    def _make_room(self, more: int) -> int:
        """Make room for so many more values, up to the limit; returns for how many there is room."""
        if len(self._values) < min(self._limit, self._kept + more):
            larger = np.empty(min(self._limit, max(2 * len(self._values), self._kept + more)), np.float32)
            larger[: self._kept] = self._values[: self._kept]
            self._values = larger
        return len(self._values) - self._kept

    def median(self) -> float:
        """The median of the values kept; NaN if there are none."""
        if self.rows == 0:
            return float("nan")
        values = self._sampled()
        middle = [(len(values) - 1) // 2, len(values) // 2]
        return float(np.partition(values, middle)[middle].astype(np.float64).mean())

    def edges(self, bins: int, low: float, high: float) -> tuple[float, ...]:
        """Edges of at most so many bins, each with as many of the values kept, from the lowest to the highest value.

        Quantiles that are equal are one edge, so that values with ties have fewer bins. An edge is a value that occurs
        (as float32), not one between two. A single bin would be the value over again: then there are none.
        """
        inner = np.quantile(self._sampled().astype(np.float64), np.linspace(0, 1, bins + 1)[1:-1], method="nearest")
        found = np.unique(np.array([low, *inner, high], np.float32)).tolist()
        return tuple(found) if len(found) > 2 else ()

    def _sampled(self) -> npt.NDArray[np.float32]:
        if self._kept > self._most:
            self._shrink()
        return self._values[: self._kept]

    def _shrink(self) -> None:
        """Values without a key draw theirs now: the draws are the same whenever that is."""
        if not len(self._keys):
            self._keys = np.empty(self._limit)
        self._keys[self._keyed : self._kept] = self._generator.random(self._kept - self._keyed)
        keys = self._keys[: self._kept]
        self._largest_key = float(np.partition(keys, self._most - 1)[self._most - 1])
        smallest = np.flatnonzero(keys <= self._largest_key)[: self._most]
        self._values[: self._most], self._keys[: self._most] = self._values[smallest], keys[smallest]
        self._kept = self._keyed = self._most
