"""Encoders that turn one column of a table into columns of the network's input, as learnt from training rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import row_chunks
from mlpcli.tables.texts import distinct_texts
from mlpcli.tables.values import ValueKind

if TYPE_CHECKING:
    from mlpcli.config.data_words import ColumnKind
    from mlpcli.tables.raw_table import RawTable


Floats = npt.NDArray[np.float32]
Cells = npt.NDArray[Any]
MOST_DIGITS = 1e15
"""Whole numbers below it are written out."""
OTHER, MISSING = "(other)", "(missing)"


class ColumnEncoder(Protocol):
    """Encodes one column.

    feature_names: of the columns that it becomes, in order. pass_through: which of them lie between 0 and 1 and stay
    unscaled. bins: how many of the last of them are bins, and say nothing that the others do not.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> ColumnKind: ...
    @property
    def feature_names(self) -> tuple[str, ...]: ...
    @property
    def pass_through(self) -> tuple[bool, ...]: ...
    @property
    def bins(self) -> int: ...

    def cells(self, table: RawTable) -> Cells:
        """What `encode_cells` takes (n,): float64 numbers, NaN for a gap, or the positions of categories.

        Raises:
            DataError: a value of the wrong kind; names place, column and value.
        """

    def encode_cells(self, cells: Cells, out: Floats) -> None:
        """Write some rows of what `cells` gave (n,) into zeros `out` (n, len(feature_names))."""

    def text_of(self, encoded: Floats) -> str:
        """What stood in the cell, as far as the row (len(feature_names),) tells."""

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""


@dataclass(frozen=True)
class ValueColumn:
    """Numbers as they are, booleans as 0 and 1, dates as days since 1970-01-01.

    fill: replaces a missing value: the median of the training rows; for booleans what most of them are.
    low, high: the range of the training rows; None where it is not known.
    indicator: whether a second column is 1 where the value was missing; so if training rows had gaps.
    edges: of bins, ascending: three or more, or none (`bin_shares`).

    >>> ValueColumn("age", "number", 30.0, False, edges=(18.0, 25.0, 40.5)).feature_names
    ('age', 'age from 18 to 25', 'age from 25 to 40.5')
    """

    name: str
    kind: ValueKind
    fill: float
    indicator: bool
    low: float | None = None
    high: float | None = None
    edges: tuple[float, ...] = ()

    @property
    def bins(self) -> int:
        return max(0, len(self.edges) - 1)

    @property
    def feature_names(self) -> tuple[str, ...]:
        missing = (f"{self.name} is missing",) if self.indicator else ()
        return (self.name, *missing, *bin_names(self.name, self.edges))

    @property
    def pass_through(self) -> tuple[bool, ...]:
        return (self.kind == "boolean", *(True,) * (self.indicator + self.bins))

    def cells(self, table: RawTable) -> Cells:
        return table.numbers(self.name, self.kind)

    def encode_cells(self, cells: Cells, out: Floats) -> None:
        values, gaps = cells, np.isnan(cells)
        if gaps.any():
            values = np.where(gaps, self.fill, values)
            if self.indicator:
                out[:, 1] = gaps
        out[:, 0] = values
        if self.edges:
            bin_shares(values, self.edges, out[:, 1 + self.indicator :])

    def text_of(self, encoded: Floats) -> str:
        value = float(encoded[0])
        if self.indicator and encoded[1]:
            return MISSING
        if self.kind == "boolean":
            return "true" if value else "false"
        return date_text(value) if self.kind == "date" else number_text(value)

    def as_json(self) -> dict[str, Any]:
        learnt = {"fill": self.fill, "indicator": self.indicator, "low": self.low, "high": self.high}
        return {"name": self.name, "kind": self.kind, **learnt, **({"edges": list(self.edges)} if self.edges else {})}


def bin_shares(values: npt.NDArray[np.float64], edges: tuple[float, ...], out: Floats) -> None:
    """Write how much of each bin lies below each value: (value - low) / (high - low), not below 0 and not above 1.

    The piecewise-linear encoding of Gorishniy et al. ("On Embeddings for Numerical Features in Tabular Deep Learning",
    2022). There the first bin goes on below 0 and the last one above 1; here the value itself stands beside the bins.

    Args:
        values: (n,), finite.
        edges: ascending.
        out: (n, len(edges) - 1).

    >>> out = np.zeros((4, 2), np.float32)
    >>> bin_shares(np.array([5.0, 15.0, 30.0, 99.0]), (10.0, 20.0, 40.0), out)
    >>> out.tolist()
    [[0.0, 0.0], [0.5, 0.0], [1.0, 0.5], [1.0, 1.0]]
    """
    low, width = np.array(edges[:-1]), np.diff(edges)
    for rows in row_chunks(out):
        np.clip((values[rows, np.newaxis] - low) / width, 0, 1, out=out[rows], casting="same_kind")


def bin_names(name: str, edges: tuple[float, ...]) -> tuple[str, ...]:
    """The columns of the bins between the edges: "age from 18 to 25"."""
    return tuple(f"{name} from {low} to {high}" for low, high in pairwise(number_text(edge) for edge in edges))


def number_text(value: float) -> str:
    """The shortest text that is this float32: no two of them share it."""
    return str(int(value)) if value.is_integer() and abs(value) < MOST_DIGITS else str(np.float32(value))


def date_text(days: float) -> str:
    """Days since 1970 as a date, with hours and minutes where there are some.

    >>> date_text(365.0), date_text(365.75)
    ('1971-01-01', '1971-01-01 18:00')
    """
    minutes = np.datetime64(round(days * MINUTES), "m")
    day, time = str(minutes).split("T")
    return day if time == "00:00" else f"{day} {time}"


MINUTES = 24 * 60


@dataclass(frozen=True)
class CategoryColumn:
    """One-hot: a column for each category, then one for all others and one for gaps, if training rows had such.

    An unseen category counts as one of the others; without a column for others, all columns are 0.
    rare: those of training that have no column of their own; None where they are not known, or too many.
    A gap that comes where training rows had none is treated in the same way.

    >>> CategoryColumn("port", ("C", "S"), other=True, missing=False).feature_names
    ('port = C', 'port = S', 'port = (other)')
    """

    name: str
    categories: tuple[str, ...]
    other: bool
    missing: bool
    rare: tuple[str, ...] | None = None
    kind: ClassVar[Literal["category"]] = "category"

    @property
    def bins(self) -> int:
        return 0

    @property
    def feature_names(self) -> tuple[str, ...]:
        last = [word for word, there in ((OTHER, self.other), (MISSING, self.missing)) if there]
        return tuple(f"{self.name} = {category}" for category in (*self.categories, *last))

    @property
    def pass_through(self) -> tuple[bool, ...]:
        return (True,) * (len(self.categories) + self.other + self.missing)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {category: index for index, category in enumerate(self.categories)}

    def cells(self, table: RawTable) -> Cells:
        """The column of `out` that is 1 (n,); -1 where none is."""
        unseen = len(self.categories) if self.other else -1
        gap = len(self.categories) + self.other if self.missing else unseen
        texts, codes = distinct_texts(table.columns[self.name])
        targets = np.array([*(gap if text is None else self._positions.get(text, unseen) for text in texts), gap])
        return targets[codes]

    def encode_cells(self, cells: Cells, out: Floats) -> None:
        rows = np.flatnonzero(cells >= 0)
        out[rows, cells[rows]] = 1

    def text_of(self, encoded: Floats) -> str:
        if not encoded.any():
            return OTHER  # unseen in training, or a gap where training had none
        found, names = int(encoded.argmax()), len(self.categories)
        return self.categories[found] if found < names else OTHER if self.other and found == names else MISSING

    def as_json(self) -> dict[str, Any]:
        rare = None if self.rare is None else list(self.rare)
        kept = {"categories": list(self.categories), "other": self.other, "missing": self.missing, "rare": rare}
        return {"name": self.name, "kind": self.kind, **kept}
