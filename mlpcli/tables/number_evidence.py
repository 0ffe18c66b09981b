"""What the values of a column say about how its numbers are written: units, separators, words among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import pieces
from mlpcli.tables.number_format import SCALES, Decimal, Floats, NumberFormat, split_numbers, unit_key

if TYPE_CHECKING:
    import pyarrow as pa


Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
DECIMALS: tuple[Decimal, Decimal] = (".", ",")
FEWEST_GROUPED = 3
"""From so many numbers like 5.100 on, which nobody writes for 5.1, the point separates thousands."""
ROWS_COUNTED = 1 << 16
"""Plain numbers; of more, one with a clear point is enough."""
LEAST_UNITED = 0.05
"""A unit on less than this share of the plain numbers may be a typing mistake, such as 465O for 4650."""
MOST_UNITS = 5
"""Numbers with more units than this are a text: 1 Main Street, 2 Oak Avenue."""


@dataclass
class Reading:
    """The numbers of a column, read with one decimal sign. low, high: the smallest and the largest."""

    rows: int = 0
    whole: int = 0
    low: float = np.inf
    high: float = -np.inf

    def add(self, numbers: Floats, counts: Counts | int = 1) -> None:
        """Take in numbers (n,), each so many times; NaN are passed over."""
        known = ~np.isnan(numbers)
        if not known.any():
            return
        times = np.broadcast_to(np.asarray(counts, np.int64), numbers.shape)
        self.rows += int(times[known].sum())
        self.whole += int(times[known & (numbers == np.floor(numbers))].sum())
        self.low = min(self.low, float(numbers[known].min()))
        self.high = max(self.high, float(numbers[known].max()))

    def merge(self, other: Reading) -> None:
        """Take in what was found of other rows."""
        self.rows, self.whole = self.rows + other.rows, self.whole + other.whole
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)


def _points(texts: pa.ChunkedArray) -> tuple[int, int]:
    """How many of these texts, all of them plain numbers, have a point, and in how many it is unclear: 5.125 may be
    5125.

    Looks at their letters where Arrow holds them, since a pattern would be compiled for each of many pieces; and from
    ROWS_COUNTED on only until a point is clear, since the rest would not change any decision.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = unclear = rows = 0
    for chunk in pc.cast(texts, pa.string()).chunks:
        if rows >= ROWS_COUNTED and found > unclear:
            break
        rows += len(chunk)
        _, ends, letters = chunk.buffers()
        if letters is None or len(chunk) == 0:
            continue
        ends = np.frombuffer(ends, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        letters = np.frombuffer(letters, np.uint8)[: ends[-1]]
        found += int(np.count_nonzero(letters[ends[0] :] == ord(".")))  # a number has one at most
        point = ends[1:] - 4
        three = (letters[np.maximum(point, 0)] == ord(".")) & (point > ends[:-1])
        unclear += _unclear(letters, ends[:-1][three], point[three]) if three.any() else 0
    return found, unclear


def _unclear(letters: npt.NDArray[np.uint8], start: npt.NDArray[np.int32], point: npt.NDArray[np.int32]) -> int:
    """How many are like 5.125 and -512.500: numbers that begin at `start` (n,), with three letters behind `point`."""
    first = start + ((letters[start] == ord("+")) | (letters[start] == ord("-")))
    lead, last = letters[np.minimum(first, point)], letters[point + np.array([[1], [2], [3]])]
    digits = ((last >= ord("0")) & (last <= ord("9"))).all(axis=0)
    whole = (point - first >= 1) & (point - first <= 3) & (lead >= ord("1")) & (lead <= ord("9"))
    return int((digits & whole).sum())


@dataclass
class NumberEvidence:
    """Counted over all rows, both ways of reading at once, since the last row may decide.

    rows: numbers with one sign or the other. clear: those that are numbers with this decimal sign only; unclear: those
    like 5.125 and 5,125, by the sign in them.
    grouped: rows with thousands separators, where this is the decimal sign. padded: unclear ones like 5.100.
    small: rows with whole numbers below 1000. dressed: rows that are more than digits, a point and a sign.
    units: rows by unit, "" for none; spellings: how it is written, most often.
    told: the decimal sign in data.decimal. elsewhere: that of the other columns, where they are clear.
    """

    readings: dict[Decimal, Reading] = field(default_factory=lambda: {sign: Reading() for sign in DECIMALS})
    rows: int = 0
    clear: Counter[Decimal] = field(default_factory=Counter)
    unclear: Counter[Decimal] = field(default_factory=Counter)
    grouped: Counter[Decimal] = field(default_factory=Counter)
    padded: int = 0
    small: int = 0
    dressed: int = 0
    units: Counter[str] = field(default_factory=Counter)
    spellings: dict[str, Counter[tuple[str, bool]]] = field(default_factory=dict)
    told: Decimal | None = None
    elsewhere: Decimal | None = None

    @property
    def decimal(self) -> Decimal:
        """The decimal sign: as the clear rows have it; where there are none, as told, else the likelier one."""
        if self.clear[","] and not self.clear["."]:
            return ","
        if self.clear["."] or not self.unclear.total():
            return "."
        if self.told is not None:
            return self.told
        if self.elsewhere is not None:
            return self.elsewhere
        thousands = self.padded and self.small and self.unclear["."] >= FEWEST_GROUPED and not self.unclear[","]
        return "," if thousands else "."

    @property
    def guessed(self) -> bool:
        """Whether no row tells which sign is the decimal one, and commas or groups are there to be misread."""
        plain = self.decimal == "." and not self.unclear[","]
        told = self.told or self.elsewhere
        return told is None and self.unclear.total() > 0 and not self.clear.total() and not plain

    @property
    def reading(self) -> Reading:
        """The numbers, read as decided."""
        return self.readings[self.decimal]

    @property
    def format(self) -> NumberFormat | None:
        """How the numbers are written; None where they are plain."""
        decimal = self.decimal
        unit = next((unit for unit, _ in self.units.most_common() if unit), "")
        if not self.dressed and decimal == ".":
            return None
        spelling, first = self.spellings[unit].most_common(1)[0][0] if unit else ("", False)
        return NumberFormat(decimal, spelling, first, self.grouped[decimal] > 0)

    @property
    def mixture(self) -> str:
        """What is mixed in a way that nobody can guess the right value, in words; "" where nothing is."""
        if self.clear["."] and self.clear[","]:
            return (
                f"numbers are written in two ways: {self.clear['.']:,} with a decimal point (1.5) and"
                f" {self.clear[',']:,} with a decimal comma (1,5)"
            )
        united = [(unit, rows) for unit, rows in self.units.most_common() if unit]
        bare = self.units[""]
        rare = len(united) == 1 and united[0][1] < LEAST_UNITED * bare
        if len(united) > 1 or rare or (united and bare and united[0][0] in SCALES):
            counts = [f"{self.spellings[unit].most_common(1)[0][0][0]} {rows:,}" for unit, rows in united]
            units = ", ".join(counts + ([f"none {bare:,}"] if bare else []))
            return f"numbers have different units: {units}{' (a typing mistake?)' if rare else ''}"
        return ""

    @property
    def of_many_units(self) -> bool:
        """Whether the texts are rather words after a number: house numbers, sizes of many kinds."""
        return len([unit for unit in self.units if unit]) > MOST_UNITS

    def add_plain(self, texts: pa.ChunkedArray | None, numbers: Floats) -> None:
        """Take in rows (n,) of plain numbers; texts: None where the file itself says that they are numbers."""
        import pyarrow.compute as pc

        if texts is None or self.clear["."]:  # then the point is the decimal sign, or the column is a mixture
            self.clear["."] += len(numbers) if texts is None else 0
            self._add_bare(numbers, (".",))
            return
        pointed, unclear = _points(texts)
        if pointed:
            if pointed == unclear:
                distinct = pc.value_counts(texts)
                self.add(distinct.field("values"), np.asarray(distinct.field("counts"), np.int64))
                return
            self.clear["."] += pointed - unclear
        self._add_bare(numbers, DECIMALS if not pointed else (".",))

    def _add_bare(self, numbers: Floats, signs: tuple[Decimal, ...]) -> None:
        self.rows += len(numbers)
        self.units[""] += len(numbers)
        for rows in pieces(numbers):
            values = numbers[rows]
            whole, low, high = int((values == np.floor(values)).sum()), float(values.min()), float(values.max())
            for sign in signs:
                self.readings[sign].merge(Reading(len(values), whole, low, high))
            self.small += int((np.abs(values) < 1000).sum())

    def add(self, texts: pa.Array, counts: Counts) -> Mask:
        """Take in distinct texts (n,) and their counts (n,); which of them are numbers with one sign or the other."""
        import pyarrow.compute as pc

        parts = split_numbers(texts)
        values = {sign: parts.values(sign) for sign in DECIMALS}
        known = {sign: ~np.isnan(values[sign]) for sign in DECIMALS}
        some = known["."] | known[","]
        signs = {sign: np.asarray(pc.match_substring(parts.body, sign), dtype=bool) for sign in DECIMALS}
        spaced = np.asarray(pc.match_substring_regex(parts.body, "[ ']"), dtype=bool)
        both = known["."] & known[","]
        self.rows += int(counts[some].sum())
        for sign, other in (DECIMALS, DECIMALS[::-1]):
            self.readings[sign].add(values[sign], counts)
            self.clear[sign] += int(counts[known[sign] & ~known[other]].sum())
            self.unclear[sign] += int(counts[both & signs[sign]].sum())
            self.grouped[sign] += int(counts[known[sign] & (signs[other] | spaced)].sum())
        self.padded += int(counts[both & signs["."] & np.asarray(pc.ends_with(parts.body, "0"), dtype=bool)].sum())
        self.small += int(counts[both & ~signs["."] & ~signs[","] & (np.abs(values["."]) < 1000)].sum())
        plain = np.asarray(pc.match_substring_regex(texts, PLAIN), dtype=bool)
        self.dressed += int(counts[some & ~plain].sum())
        rows = np.bincount(parts.unit_codes[some], counts[some], len(parts.unit_texts)).astype(int).tolist()
        for (unit, first), count in zip(parts.units(), rows, strict=True):
            if count:
                self.units[unit_key(unit)] += count
                self.spellings.setdefault(unit_key(unit), Counter())[unit, first] += count
        return some


PLAIN = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
