"""Encoders that turn one column of a table into columns of the network's input, as learnt from training rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from mlpcli.tables.texts import distinct_texts
from mlpcli.tables.values import as_booleans, as_dates, as_numbers

if TYPE_CHECKING:
    import pyarrow as pa


Place = Callable[[int], str]
Floats = npt.NDArray[np.float32]
ValueKind = Literal["number", "boolean", "date"]
CONVERSIONS: dict[ValueKind, Callable[[Any, str, Place], npt.NDArray[np.float64]]] = {
    "number": as_numbers,
    "boolean": as_booleans,
    "date": as_dates,
}


class ColumnEncoder(Protocol):
    """Encodes one column.

    feature_names: of the columns that it becomes, in order. pass_through: which of them are 0 or 1 and stay unscaled.
    """

    @property
    def name(self) -> str: ...
    @property
    def feature_names(self) -> tuple[str, ...]: ...
    @property
    def pass_through(self) -> tuple[bool, ...]: ...

    def encode(self, column: pa.ChunkedArray, place: Place, out: Floats) -> None:
        """Write the values of a column (n,) into zeros `out` (n, len(feature_names)).

        Raises:
            DataError: a value of the wrong kind; names place, column and value.
        """

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""


@dataclass(frozen=True)
class ValueColumn:
    """Numbers as they are, booleans as 0 and 1, dates as days since 1970-01-01.

    fill: replaces a missing value: the median of the training rows; for booleans what most of them are.
    low, high: the range of the training rows; None where it is not known.
    indicator: whether a second column is 1 where the value was missing; so if training rows had gaps.
    """

    name: str
    kind: ValueKind
    fill: float
    indicator: bool
    low: float | None = None
    high: float | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        return (self.name, f"{self.name} is missing") if self.indicator else (self.name,)

    @property
    def pass_through(self) -> tuple[bool, ...]:
        return (self.kind == "boolean", True) if self.indicator else (self.kind == "boolean",)

    def encode(self, column: pa.ChunkedArray, place: Place, out: Floats) -> None:
        values = CONVERSIONS[self.kind](column, self.name, place)
        gaps = np.isnan(values)
        if gaps.any():
            values = np.where(gaps, self.fill, values)
            if self.indicator:
                out[:, 1] = gaps
        out[:, 0] = values

    def as_json(self) -> dict[str, Any]:
        learnt = {"fill": self.fill, "indicator": self.indicator, "low": self.low, "high": self.high}
        return {"name": self.name, "kind": self.kind, **learnt}


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

    @property
    def feature_names(self) -> tuple[str, ...]:
        last = [word for word, there in (("(other)", self.other), ("(missing)", self.missing)) if there]
        return tuple(f"{self.name} = {category}" for category in (*self.categories, *last))

    @property
    def pass_through(self) -> tuple[bool, ...]:
        return (True,) * (len(self.categories) + self.other + self.missing)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {category: index for index, category in enumerate(self.categories)}

    def encode(self, column: pa.ChunkedArray, place: Place, out: Floats) -> None:
        unseen = len(self.categories) if self.other else -1
        gap = len(self.categories) + self.other if self.missing else unseen
        texts, codes = distinct_texts(column)
        targets = np.array([*(gap if text is None else self._positions.get(text, unseen) for text in texts), gap])
        positions = targets[codes]
        rows = np.flatnonzero(positions >= 0)
        out[rows, positions[rows]] = 1

    def as_json(self) -> dict[str, Any]:
        rare = None if self.rare is None else list(self.rare)
        kept = {"categories": list(self.categories), "other": self.other, "missing": self.missing, "rare": rare}
        return {"name": self.name, "kind": "category", **kept}
