"""In what new rows are unlike the training rows: values that none of these had, so that answers may be worth little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.tables.column_encoders import CategoryColumn, ValueColumn
from mlpcli.tables.date_parts import DateParts
from mlpcli.tables.raw_table import gap_mask
from mlpcli.tables.texts import distinct_texts
from mlpcli.text import listed, quoted, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.tables.preprocessing import Preprocessing
    from mlpcli.tables.raw_table import RawTable


MANY = 0.05
"""The share of the rows from which on it is worth a warning."""
FAR = 1.0
"""A number is far outside the range of training if it lies so many of its spans beyond."""
MOST_COUNTED = 1000
"""Different unseen texts counted, of one column."""
MOST_SHOWN = 5


@dataclass
class _Counts:
    """Of one column: rows; those with a gap, far below or above; and how often each unseen text came."""

    rows: int = 0
    gaps: int = 0
    far: int = 0
    example: float = 0.0
    unseen: Counter[str] = field(default_factory=Counter)


class UnlikeTraining:
    """Counts over all batches; the notes name each column in which many rows are unlike the training rows."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        self._columns = [c for c in preprocessing.columns if isinstance(c, (CategoryColumn, ValueColumn, DateParts))]
        self._counts = {column.name: _Counts() for column in self._columns}

    def add(self, table: RawTable) -> None:
        """Take in rows that could be encoded."""
        for column in self._columns:
            counts = self._counts[column.name]
            counts.rows += len(table)
            if isinstance(column, CategoryColumn):
                _count_texts(column, table.columns[column.name], counts)
            else:
                _count_values(column, table, counts)

    def notes(self) -> list[str]:
        """One line for each column and kind of difference."""
        return [note for column in self._columns for note in _notes(column, self._counts[column.name])]


def _count_texts(column: CategoryColumn, values: pa.ChunkedArray, counts: _Counts) -> None:
    texts, codes = distinct_texts(values)
    if not column.missing:
        counts.gaps += int((codes < 0).sum())
    if column.rare is None:
        return
    known = {*column.categories, *column.rare}
    times = np.bincount(codes[codes >= 0], minlength=len(texts)).tolist()
    for text, count in zip(texts, times, strict=True):
        if (
            count
            and text is not None
            and text not in known
            and (text in counts.unseen or len(counts.unseen) < MOST_COUNTED)
        ):
            counts.unseen[text] += count


def _count_values(column: ValueColumn | DateParts, table: RawTable, counts: _Counts) -> None:
    if not column.indicator:
        counts.gaps += int(gap_mask(table.columns[column.name]).sum())
    if column.low is None or column.high is None or column.kind == "boolean":
        return
    numbers = table.numbers(column.name, column.kind)
    reach = FAR * max(column.high - column.low, abs(column.high) * 0.01)
    far = (numbers < column.low - reach) | (numbers > column.high + reach)
    if far.any():
        counts.far += int(far.sum())
        counts.example = float(numbers[int(far.argmax())])


def _notes(column: CategoryColumn | ValueColumn | DateParts, counts: _Counts) -> Iterable[str]:
    name, least = shown(column.name), max(1, MANY * counts.rows)
    unseen = counts.unseen.total()
    if isinstance(column, CategoryColumn) and unseen >= least:
        found = quoted([text for text, _ in counts.unseen.most_common(MOST_SHOWN)])
        yield (
            f"{name}: {unseen:,} of {counts.rows:,} values are in no training row: {found}; training had"
            f" {listed([shown(text) for text in column.categories], MOST_SHOWN)}{_respelled(column, counts.unseen)}"
        )
    if counts.gaps >= least:
        yield f"{name}: {counts.gaps:,} of {counts.rows:,} rows have no value, but every training row had one"
    if not isinstance(column, CategoryColumn) and counts.far >= least:
        unit = " (days since 1970)" if column.kind == "date" else ""
        yield (
            f"{name}: {counts.far:,} of {counts.rows:,} values are far outside the training rows' range, such as"
            f" {counts.example:g}; training had {column.low:g} to {column.high:g}{unit}"
        )


def _respelled(column: CategoryColumn, unseen: Iterable[str]) -> str:
    """What to do, where unseen texts are known ones that are written in another way."""
    folded = {category.casefold(): category for category in column.categories}
    bare = {category.lstrip("0"): category for category in column.categories if category.startswith("0")}
    for text in unseen:
        if (known := folded.get(text.casefold())) is not None:
            return f'; write "{shown(known)}" for "{shown(text)}", as in training'
        if (known := bare.get(text)) is not None:
            return f'; the zeros in front are lost: write "{shown(known)}" for "{shown(text)}"'
    return ""
