"""Which character stands between the values of a CSV, and whether its numbers have a decimal comma."""

from __future__ import annotations

import itertools
import re
from collections import Counter

from mlpcli.data.tables.records import records

SEPARATORS = (",", ";", "\t", "|")
MOST_LOOKED_AT = 200
"""Records, from the beginning of the file."""


def find_separator(lines: list[str], usual: str) -> str:
    """The separator with which most of the first records have as many values as the first; then, the most values.

    Args:
        lines: the beginning of the file, whole lines with their ends.
        usual: what to take for a file of one column.
    """
    best, highest = usual, (0.0, 1)
    for separator in sorted(SEPARATORS, key=lambda letter: letter != usual):
        counts = [record.values for record in itertools.islice(records(lines, separator), MOST_LOOKED_AT)]
        if not counts or counts[0] < 2:
            continue
        score = (Counter(counts)[counts[0]] / len(counts), counts[0])
        if score > highest:
            best, highest = separator, score
    return best


def has_decimal_comma(lines: list[str], separator: str) -> bool:
    """Whether numbers are written 1,5: some are, with other than three digits after the comma, and none is written 1.5.

    Where the comma separates the values, or where every comma may part thousands (1,000), the answer is no.
    """
    if separator == ",":
        return False
    values = [value.strip(' "\r\n') for line in lines[1 : MOST_LOOKED_AT + 1] for value in line.split(separator)]
    if any(re.fullmatch(r"[+-]?[0-9]+\.[0-9]+", value) for value in values):
        return False
    return any(re.fullmatch(r"[+-]?(0,[0-9]+|[0-9]+,([0-9]{1,2}|[0-9]{4,}))", value) for value in values)
