"""What a column is, judged by its values alone: a kind, or why it cannot be used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlpcli.config.suggestions import LONGEST_TEXT, shown
from mlpcli.data.tables.profile import ColumnProfile
from mlpcli.data.wording import yaml_list

if TYPE_CHECKING:
    from mlpcli.config.data import ColumnKind

MOSTLY = 0.8
"""From this share of numbers on, a column is one of numbers with mistakes in it, and not one of texts."""
MOST_CODES = 20
"""Whole numbers that are codes become categories; more distinct ones than this stay numbers."""
FEWEST_FOR_ID = 10
"""In fewer rows, values that all differ say nothing."""
FREE_WORDS, FREE_SHARE, FREE_DISTINCT = 3, 0.5, 50
"""Free text: three words or more on average, and distinct texts in more than half of the rows, and in 50 at least."""
CODE_NAME = re.compile(r"(?i:(^|[ _.-])(code|zip|zipcode|postcode|type)$)|(코드|유형|우편번호)$")
ID_NAME = re.compile(r"(?i:(^|[ _.-])(id|idx|index|no|uuid|key)$)|[a-z](Id|ID)$|(번호|아이디)$")
"""Names as they end: zip_code and "Zip Code", customer_id, customerId, 고객번호."""

Trouble = Literal["empty", "constant", "id", "free text", "mixed"]


@dataclass(frozen=True)
class Verdict:
    """kind: None where the column cannot be used as it is. trouble: why not. note: what people should know."""

    kind: ColumnKind | None
    trouble: Trouble | None = None
    note: str = ""


def judge(profile: ColumnProfile, gaps_tell: bool = True) -> Verdict:
    """The kind of a column, by these rules in this order.

    1. No value at all, or the same one everywhere: nothing to learn from. Where gaps_tell, one value and gaps are a
       category, since the gaps then tell rows apart.
    2. All values are true/false words (yes/no, 예/아니오 ...), and not all numbers: boolean.
    3. All are numbers: number. But at most 20 distinct whole numbers are categories where they are codes: written with
       leading zeros (007), or in a column called code, zip, type, 코드 ...
    4. All are dates: date.
    5. Most, but not all, are numbers (or dates): a mistake in the file ("mixed").
    6. Texts: free text and identifiers are of no use; all others are categories.
    """
    present, seen = profile.present, profile.seen
    if present == 0:
        return Verdict(None, "empty")
    if len(seen) == 1 and not seen.many:
        return Verdict("category") if profile.missing and gaps_tell else Verdict(None, "constant")
    if profile.booleans == present > profile.numbers:
        return Verdict("boolean")
    if profile.numbers == present:
        return _numbers(profile)
    if profile.dates == present:
        return Verdict("date")
    if max(profile.numbers, profile.dates) >= MOSTLY * present:
        return Verdict(None, "mixed")
    return _texts(profile)


def is_whole(profile: ColumnProfile) -> bool:
    """Whether all values are whole numbers."""
    return 0 < profile.present == profile.whole


def mixed_message(profile: ColumnProfile) -> str:
    """The first odd value in a column of numbers or dates, its place, and the ways out."""
    numbers = profile.numbers >= profile.dates
    kind, fitting, odd = (
        ("number", profile.numbers, profile.no_number) if numbers else ("date", profile.dates, profile.no_date)
    )
    place, text = (odd.place, odd.text) if odd else ("", "")
    rest = profile.present - fitting
    gap = f": {yaml_list([text])}" if len(text) <= LONGEST_TEXT else ""
    return (
        f'{place}: {shown(profile.name)}: "{shown(text)}" is no {kind}, but {fitting:,} of {profile.present:,} values'
        f" are; correct the {rest:,}, or say data.na_values{gap} where it stands for a gap,"
        f" or data.types: {{{yaml_list([profile.name])[1:-1]}: category}}"
    )


def _numbers(profile: ColumnProfile) -> Verdict:
    name, seen = profile.name, profile.seen
    if is_whole(profile):
        if len(seen) <= MOST_CODES and not seen.many and len(seen) > 2 and _are_codes(profile):
            return Verdict("category", note=f"{len(seen)} whole numbers that look like codes are read as categories")
        if seen.all_differ and profile.present >= FEWEST_FOR_ID and (profile.counting or ID_NAME.search(name)):
            note = "every row has its own number, as row numbers and identifiers have"
            return Verdict("number", note=f"{note}; data.exclude: {yaml_list([name])}?")
    return Verdict("number")


def _are_codes(profile: ColumnProfile) -> bool:
    return CODE_NAME.search(profile.name) is not None or profile.seen.any_matches(r"^[+-]?0\d")


def _texts(profile: ColumnProfile) -> Verdict:
    seen = profile.seen
    if profile.mean_words >= FREE_WORDS and len(seen) > max(FREE_DISTINCT, FREE_SHARE * seen.rows):
        return Verdict(None, "free text", f"{profile.mean_words:.0f} words on average, {len(seen):,} distinct texts")
    if seen.all_differ and profile.present >= FEWEST_FOR_ID:
        return Verdict(None, "id")
    return Verdict("category")
