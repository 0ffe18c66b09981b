"""Whether whole numbers are classes or amounts: the same rule for tables, .npz and IDX files."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CLASSES = 1000
SURELY_CLASSES, FEW_CLASSES = 10, 20
"""Up to so many different values are classes where they repeat; between the two, where they count on from 0 or 1."""
FEWEST_REPEATS, FEWEST_REPEATS_OF_MANY = 3, 5
"""Rows per value, on average: classes come again and again, amounts mostly do not."""
GAPLESS = 0.8
"""The share of the numbers from the lowest to the highest that must occur, where many are classes."""
LABEL_NAME = re.compile(
    r"(?i:^(label|labels|class|classes|class_?id|category|cluster|digit|letter|species|target_?class|y_?class)$)"
    r"|(라벨|레이블|클래스|분류|품종|등급)$"
)
"""Columns that are called so hold classes, even many of them."""
LIKELY_NAME = re.compile(r"(?i:^(y|target|output|answer)$)|^(정답|타깃|타겟)$")
"""Columns that are called so may."""


@dataclass(frozen=True)
class WholeNumbers:
    """A target of numbers. rows: with a value. distinct: different values; 0 where not all are whole, or too many.

    low, high: the smallest and the largest.

    >>> WholeNumbers("label", rows=480, distinct=24, low=0, high=24).classes
    True
    >>> WholeNumbers("weight", rows=15, distinct=15, low=115, high=172).classes
    False
    """

    name: str
    rows: int
    distinct: int
    low: float
    high: float

    @property
    def classes(self) -> bool:
        """Whether they are classes, by these rules in this order.

        1. One value, none, or more than 1,000 are not. Two are, where one of them comes twice.
        2. Values that come less than three times on average are amounts, whatever they are called; up to 10 that count
           on from 0 or 1 without a gap need come twice only.
        3. Up to 10 values are classes.
        4. Up to 20 are where they count on from 0 or 1.
        5. More are where the column is called label, class ..., the values count on from 0 or 1 with few gaps, and come
           five times on average; in a column called y or target, without any gap.
        """
        if not 1 < self.distinct <= MOST_CLASSES:
            return False
        if self.distinct == 2 and self.rows > 2:
            return True
        repeats, span = self.rows / self.distinct, self.high - self.low + 1
        if self.distinct <= SURELY_CLASSES:
            return repeats >= FEWEST_REPEATS or (repeats >= 2 and self.low in (0, 1) and span == self.distinct)
        if repeats < FEWEST_REPEATS:
            return False
        if self.low not in (0, 1) or self.distinct < GAPLESS * span:
            return False
        if self.distinct <= FEW_CLASSES:
            return True
        named = LABEL_NAME.search(self.name) or (self.distinct == span and LIKELY_NAME.search(self.name))
        return named is not None and repeats >= FEWEST_REPEATS_OF_MANY

    def verdict(self) -> str:
        """For notes: what they are taken for, and the setting that reads them in the other way."""
        if self.classes:
            return f"holds {self.distinct} whole numbers: classes; data.task: regression reads them as amounts"
        few = 1 < self.distinct <= MOST_CLASSES
        other = f"; data.task: classification reads its {self.distinct:,} values as classes" if few else ""
        return f"is a number: regression{other}"
