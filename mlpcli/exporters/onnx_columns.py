"""The columns of a table as inputs of an ONNX graph, and the nodes that encode them as training does.

A column of numbers is an input of doubles (n, 1), with NaN for a gap; dates are days since 1970-01-01. A column of
categories or of true and false is an input of texts (n, 1), with "" for a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.exporters.onnx_graph import DOUBLE, FLOAT, ML, Graph
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn
from mlpcli.tables.column_format import PLAIN_FORMAT
from mlpcli.tables.date_parts import FARTHEST, MONDAY, DateParts
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import RawTable
from mlpcli.tables.texts import as_texts
from mlpcli.tables.values import FALSE, TRUE


def takes_text(column: ColumnEncoder) -> bool:
    """Whether the input is of texts; otherwise it is of doubles."""
    return isinstance(column, CategoryColumn) or (isinstance(column, ValueColumn) and column.kind == "boolean")


def cells(column: ColumnEncoder, table: RawTable) -> Array:
    """The column of a table as the graph takes it, (n, 1)."""
    cell = table.columns[column.name]
    if isinstance(column, CategoryColumn):
        return np.array([text or "" for text in as_texts(cell).to_pylist()], object)[:, np.newaxis]
    assert column.kind != "category"
    values = table.numbers(column.name, column.kind)[:, np.newaxis]
    if takes_text(column):
        return np.where(np.isnan(values), "", np.where(values == 1, "true", "false")).astype(object)
    return values


def add_columns(graph: Graph, preprocessing: Preprocessing) -> str:
    """Add the nodes that turn all columns into the network's inputs, (n, width) float32; their name."""
    filled = preprocessing.missing == "impute"
    encoded = []
    for number, column in enumerate(preprocessing.columns):
        graph.scope = f"column {number}"
        if isinstance(column, DateParts):
            encoded.append(_date_parts(graph, column, filled))
        elif takes_text(column):
            encoded.append(_looked_up(graph, column, preprocessing))
        else:
            assert isinstance(column, ValueColumn)
            encoded.append(_values(graph, column, filled))
    return graph.add("Concat", *encoded, axis=1)


def _looked_up(graph: Graph, column: ColumnEncoder, preprocessing: Preprocessing) -> str:
    """Each known text has a row of numbers; the last row is for all others."""
    keys: dict[str, int] = {}
    known: Sequence[Sequence[str]]
    if isinstance(column, CategoryColumn):
        known = [_spellings(category) for category in column.categories]
        rows = np.eye(len(known) + column.other + column.missing, dtype=np.float32)
        unseen = len(known) if column.other else len(rows)
        gap = len(known) + column.other if column.missing else unseen
        rows = np.vstack([rows, np.zeros_like(rows[:1])])
    else:
        assert isinstance(column, ValueColumn)
        known = [[way for word in words for way in _cases(word)] for words in (FALSE, TRUE)]
        rows = np.array([[0, 0], [1, 0], [column.fill, 1]], np.float32)[:, : 1 + column.indicator]
        unseen = gap = 2
    for place, texts in enumerate(known):
        keys |= {text: place for text in texts if text not in keys}
    keys |= {text: gap for text in _gap_words(column.name, preprocessing) if text not in keys}
    codes = graph.add(
        "LabelEncoder", column.name, domain=ML,
        keys_strings=[key.encode() for key in keys], values_int64s=list(keys.values()), default_int64=unseen,
    )  # fmt: skip
    flat = graph.add("Reshape", codes, graph.integers(-1))
    return graph.add("Gather", graph.constant(rows), flat, axis=0)


def _spellings(category: str) -> list[str]:
    """Texts that training takes for the same category: see `mlpcli.tables.texts.as_texts`."""
    if category in ("true", "false"):
        return _cases(category)
    return [category, f"{category}.0"] if category.lstrip("+-").isdecimal() else [category]


def _cases(word: str) -> list[str]:
    """1 and 1.0, true and True and TRUE."""
    return [word, f"{word}.0"] if word.isdecimal() else [*dict.fromkeys((word, word.capitalize(), word.upper()))]


def _gap_words(name: str, preprocessing: Preprocessing) -> list[str]:
    options = preprocessing.options
    form = (options.formats or {}).get(name, PLAIN_FORMAT)
    return ["", *(word for word in (*options.gap_words, *form.gaps) if word not in form.values)]


def _double(graph: Graph, values: Any) -> str:
    return graph.constant(values, np.float64)


def _without_gaps(graph: Graph, name: str, fill: float, filled: bool) -> tuple[str, str]:
    """The numbers with `fill` for gaps, where training filled them; and where the gaps are, as float32."""
    gaps = graph.add("IsNaN", name)
    values = graph.add("Where", gaps, _double(graph, fill), name) if filled else name
    return values, graph.add("Cast", gaps, to=FLOAT)


def _values(graph: Graph, column: ValueColumn, filled: bool) -> str:
    values, gaps = _without_gaps(graph, column.name, column.fill, filled)
    parts = [graph.add("Cast", values, to=FLOAT), *([gaps] if column.indicator else [])]
    return graph.add("Concat", *parts, *_bins(graph, values, column.edges), axis=1)


def _bins(graph: Graph, values: str, edges: Sequence[float]) -> list[str]:
    """How much of each bin lies below the values; nothing without bins."""
    if not edges:
        return []
    low, width = np.array(edges[:-1]), np.diff(edges)
    shares = graph.add("Div", graph.add("Sub", values, _double(graph, low)), _double(graph, width))
    return [graph.add("Cast", graph.add("Clip", shares, _double(graph, 0), _double(graph, 1)), to=FLOAT)]


def _date_parts(graph: Graph, column: DateParts, filled: bool) -> str:
    values, gaps = _without_gaps(graph, column.name, column.fill, filled)
    calendar = _Calendar(graph, values)
    parts = [graph.add("Cast", calendar.part(part, column.low), to=FLOAT) for part in column.parts]
    since = calendar.arithmetic("Sub", calendar.days, column.low)
    indicator = [gaps] if column.indicator else []
    return graph.add("Concat", *parts, *indicator, *_bins(graph, since, column.edges), axis=1)


class _Calendar:
    """The parts of dates, from days since 1970-01-01: `mlpcli.tables.date_parts` in the operators of ONNX.

    The years begin in March, so that a leap day is the last of its year (Howard Hinnant, "chrono-compatible low-level
    date algorithms"). All is done in doubles, which hold whole numbers exactly.
    """

    def __init__(self, graph: Graph, days: str) -> None:
        self.graph = graph
        self.days = graph.add("Clip", days, _double(graph, -FARTHEST), _double(graph, FARTHEST))
        self.whole = graph.add("Floor", self.days)
        since = self.arithmetic("Add", self.whole, 719_468)  # from 0000-03-01
        era = self._whole_part(since, 146_097)  # 400 years
        day = self.arithmetic("Sub", since, self.arithmetic("Mul", era, 146_097))
        leaps = self.arithmetic("Sub", self._whole_part(day, 36_524), self._whole_part(day, 1_460))
        leaps = self.arithmetic("Sub", leaps, self._whole_part(day, 146_096))
        year = self._whole_part(self.arithmetic("Add", day, leaps), 365)
        before = self.arithmetic("Sub", self._whole_part(year, 4), self._whole_part(year, 100))
        before = self.arithmetic("Add", self.arithmetic("Mul", year, 365), before)
        self._in_year = self.arithmetic("Sub", day, before)
        month = self._whole_part(self.arithmetic("Add", self.arithmetic("Mul", self._in_year, 5), 2), 153)
        self._next_year = graph.add("GreaterOrEqual", month, _double(graph, 10))  # January and February
        self.month = self._choose(self.arithmetic("Sub", month, 10), self.arithmetic("Add", month, 2))
        year = self.arithmetic("Add", year, self.arithmetic("Mul", era, 400))
        self.year = self._choose(self.arithmetic("Add", year, 1), year)

    def arithmetic(self, operator: str, left: str, right: str | float) -> str:
        """An operator on a value and a value or a number."""
        return self.graph.add(operator, left, right if isinstance(right, str) else _double(self.graph, right))

    def part(self, part: str, low: float) -> str:
        """The values of a part; the trend is days since `low`."""
        if part == "trend":
            return self.arithmetic("Sub", self.days, low)
        if part == "year":
            return self.year
        circle, _, side = part.rpartition(" ")
        turns = {"month": self._month, "day of year": self._day_of_year, "weekday": self._weekday, "time": self._time}
        return self.graph.add("Sin" if side == "sin" else "Cos", self.arithmetic("Mul", turns[circle](), 2 * np.pi))

    def _month(self) -> str:
        return self.arithmetic("Div", self.month, 12)

    def _day_of_year(self) -> str:
        leap = self._leap()
        day = self._choose(
            self.arithmetic("Sub", self._in_year, 306), self.arithmetic("Add", self._in_year, self._plus(leap, 59))
        )
        return self.arithmetic("Div", day, self._plus(leap, 365))

    def _weekday(self) -> str:
        day = self.arithmetic("Add", self.whole, MONDAY)
        week = self.arithmetic("Mul", self._whole_part(day, 7), 7)
        return self.arithmetic("Div", self.arithmetic("Sub", day, week), 7)

    def _time(self) -> str:
        return self.arithmetic("Sub", self.days, self.whole)

    def _leap(self) -> str:
        """1 in leap years, else 0."""
        fourth, hundredth, four_hundredth = (
            self.graph.add("Cast", self._divides(count), to=DOUBLE) for count in (4, 100, 400)
        )
        return self.arithmetic("Add", self.arithmetic("Sub", fourth, hundredth), four_hundredth)

    def _divides(self, count: int) -> str:
        multiple = self.arithmetic("Mul", self._whole_part(self.year, count), count)
        return self.graph.add("Equal", multiple, self.year)

    def _plus(self, value: str, number: float) -> str:
        return self.arithmetic("Add", value, number)

    def _whole_part(self, value: str, divisor: float) -> str:
        return self.graph.add("Floor", self.arithmetic("Div", value, divisor))

    def _choose(self, in_next_year: str, else_: str) -> str:
        return self.graph.add("Where", self._next_year, in_next_year, else_)
