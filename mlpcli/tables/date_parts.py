"""A column of dates as year, month, day of the year, weekday, time of day and trend, as learnt from training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from mlpcli.tables.column_encoders import MISSING, Cells, ColumnEncoder, Floats, bin_names, bin_shares, date_text
from mlpcli.tables.column_fitters import ValueSample
from mlpcli.tables.dates import Days
from mlpcli.text import shown

if TYPE_CHECKING:
    from mlpcli.tables.raw_table import RawTable


DatePart = Literal[
    "year", "month sin", "month cos", "day of year sin", "day of year cos", "weekday sin", "weekday cos",
    "time sin", "time cos", "trend",
]  # fmt: skip
PARTS: tuple[DatePart, ...] = get_args(DatePart)
LEAST_SPAN = 1e-6
"""A part that varies by less is constant: the sine of half a turn is 1e-16, and Keras divides by 1e-7 at least."""
FARTHEST = 1e8
"""Days from 1970, some 270,000 years: later and earlier dates count as this one, which calendars can still tell."""
MONDAY = 3
"""1970-01-01 was a Thursday."""


@dataclass(frozen=True)
class DateParts:
    """Dates as those of their parts that differ among the training rows.

    Month, day of the year, weekday and time of day go round: each is the sine and the cosine of the share of its
    circle that is over, which is 0 in January, on the first day of the year, on Monday, at midnight. The year is a
    number. The trend is days since the first training date, subtracted in float64, so that float32 keeps the time.
    All are of UTC where a zone was written, else as written.

    parts: in the order of the columns. fill: the date for a missing value, the median of the training rows. indicator:
    whether a column after the parts is 1 where the value was missing. low, high: the first and last training date. All
    dates are in days since 1970-01-01. edges: of the bins of the trend, in days since the first training date: three or
    more, ascending, or none.
    """

    name: str
    parts: tuple[DatePart, ...]
    fill: float
    indicator: bool
    low: float
    high: float
    edges: tuple[float, ...] = ()
    kind: ClassVar[Literal["date"]] = "date"

    @property
    def bins(self) -> int:
        return max(0, len(self.edges) - 1)

    @property
    def feature_names(self) -> tuple[str, ...]:
        missing = (f"{self.name} is missing",) if self.indicator else ()
        bins = bin_names(f"{self.name} trend", self.edges)
        return (*(f"{self.name} {part}" for part in self.parts), *missing, *bins)

    @property
    def pass_through(self) -> tuple[bool, ...]:
        return (False,) * len(self.parts) + (True,) * (self.indicator + self.bins)

    def cells(self, table: RawTable) -> Cells:
        return table.numbers(self.name, "date")

    def encode_cells(self, cells: Cells, out: Floats) -> None:
        gaps = np.isnan(cells)
        calendar = _Calendar(np.where(gaps, self.fill, cells))
        for position, part in enumerate(self.parts):
            values = calendar.part(part)
            out[:, position] = values - self.low if part == "trend" else values
        if self.indicator:
            out[:, len(self.parts)] = gaps
        if self.edges:
            bin_shares(calendar.days - self.low, self.edges, out[:, len(self.parts) + self.indicator :])

    def text_of(self, encoded: Floats) -> str:
        if self.indicator and encoded[len(self.parts)]:
            return MISSING
        since = float(encoded[self.parts.index("trend")]) if "trend" in self.parts else 0.0
        return date_text(self.low + since)

    def as_json(self) -> dict[str, Any]:
        learnt = {"fill": self.fill, "indicator": self.indicator, "low": self.low, "high": self.high}
        edges = {"edges": list(self.edges)} if self.edges else {}
        return {"name": self.name, "kind": self.kind, "parts": list(self.parts), **learnt, **edges}


class DatePartsFitter:
    """Learns which parts of the dates differ, the first, last and median date, edges of bins, and where gaps are."""

    def __init__(self, name: str, number: int, columns: int, bins: int = 0) -> None:
        self._name, self._bins = name, bins
        self._sample = ValueSample(number, columns)
        self._origin = 0.0
        self._gaps = False
        self._low, self._high = np.full(len(PARTS), np.inf), np.full(len(PARTS), -np.inf)

    def add(self, table: RawTable) -> None:
        days = table.numbers(self._name, "date")
        gaps = np.isnan(days)
        self._gaps = self._gaps or bool(gaps.any())
        calendar = _Calendar(days[~gaps])
        if not len(calendar.days):
            return
        if not self._sample.rows:
            self._origin = float(calendar.days[0])
        # The sample is of float32, which has seconds a year from the origin, but only minutes fifty years from it.
        self._sample.add(calendar.days - self._origin)
        for position, part in enumerate(PARTS):
            values = calendar.part(part)
            self._low[position] = min(self._low[position], values.min())
            self._high[position] = max(self._high[position], values.max())

    def finish(self) -> tuple[ColumnEncoder | None, str]:
        if self._sample.rows == 0:
            return None, f'column "{shown(self._name)}" has no value in the training rows and is left out'
        differ = self._high - self._low > LEAST_SPAN
        parts = tuple(part for part, differs in zip(PARTS, differ, strict=True) if differs)
        if not (parts or self._gaps):
            return None, f'column "{shown(self._name)}" has one date only in the training rows and is left out'
        low, high = float(self._low[-1]), float(self._high[-1])
        fill = min(max(self._origin + self._sample.median(), low), high)
        return DateParts(self._name, parts, fill, self._gaps, low, high, self._edges(low, high)), ""

    def _edges(self, low: float, high: float) -> tuple[float, ...]:
        """Of the bins of the trend; three days that float32 takes for two after the first one have none."""
        if not self._bins:
            return ()
        edges = self._sample.edges(self._bins, low - self._origin, high - self._origin)
        since = np.unique((np.array(edges) + (self._origin - low)).astype(np.float32)).tolist()
        return tuple(since) if len(since) > 2 else ()


class _Calendar:
    """Dates (n,) in days since 1970, none of them NaN, and their parts."""

    def __init__(self, days: Days) -> None:
        self.days = np.clip(days, -FARTHEST, FARTHEST)
        self._whole = np.floor(self.days)
        self._day = self._whole.astype(np.int64).astype("M8[D]")

    def part(self, part: DatePart) -> Days:
        """The values of a part (n,), float64; of the trend the days since 1970."""
        if part == "trend":
            return self.days
        if part == "year":
            return (self._day.astype("M8[Y]").astype(np.int64) + 1970).astype(np.float64)
        circle, _, side = part.rpartition(" ")
        angle = 2 * np.pi * self._turn(circle)
        return np.sin(angle) if side == "sin" else np.cos(angle)

    def _turn(self, circle: str) -> Days:
        """How much of the circle is over, from 0 to below 1."""
        if circle == "month":
            return self._day.astype("M8[M]").astype(np.int64) % 12 / 12
        if circle == "day of year":
            year = self._day.astype("M8[Y]")
            first, next_first = year.astype("M8[D]"), (year + 1).astype("M8[D]")
            share: Days = (self._day - first) / (next_first - first)
            return share
        if circle == "weekday":
            return (self._whole + MONDAY) % 7 / 7
        return self.days - self._whole
