"""The nearest right words for a wrong one, and a user's own text made fit for a message."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

MOST_WORDS = 12
LONGEST_TEXT = 40


def suggestion(word: str, allowed: Iterable[str]) -> str:
    """`; did you mean "x"?`, or where nothing is near the words that are known, at most a dozen of them."""
    words = list(allowed)
    near = did_you_mean(word, words)
    if near or not words:
        return near
    more = ", ..." if len(words) > MOST_WORDS else ""
    return f"; known are {', '.join(words[:MOST_WORDS])}{more}"


def shown(text: str) -> str:
    """One short line of it: what a terminal would obey instead of show is escaped."""
    short = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."
    return escaped(short)


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest of the allowed words, or nothing where none is near."""
    words = list(allowed)
    near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    near = near or [other for other in words if word and other.startswith(word.lower())][:1]
    return f'; did you mean "{near[0]}"?' if near else ""


def escaped(text: str, spaces: bool = False) -> str:
    """A text on one line: what a terminal would obey instead of show is written as an escape.

    spaces: keep the spaces of all scripts as they are, so that a path can be copied.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or (spaces and unicodedata.category(letter) == "Zs") else ascii(letter)[1:-1]
        for letter in text
    )


def printable(value: object, most: int = 80) -> str:
    """A text on one line, cut to `most` letters; of what is no text, number or null only the kind is named."""
    text = str(value) if isinstance(value, (str, int, float, type(None))) else type(value).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])


MOST_NAMES = 10


def percent(part: int, whole: int) -> str:
    """A share in tenths of a percent, rounded down, so that only everything is 100 %."""
    tenths = 1000 * part // whole
    return "under 0.1 %" if part and not tenths else f"{tenths / 10:g} %"


def listed(names: Sequence[str]) -> str:
    """The first ten, as they are; `quoted` for names that a file brings."""
    return ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")


def quoted(names: Sequence[str]) -> str:
    """The first ten in quotation marks, without what a terminal would obey."""
    return listed([f'"{shown(name)}"' for name in names])


def plural(count: int, one: str, many: str) -> str:
    """`1 row`, `1,000 rows`."""
    return f"{count:,} {one if count == 1 else many}"


def first_notes(notes: Sequence[str]) -> list[str]:
    """The first ten notes, and how many there are more: ten thousand columns would fill the screen."""
    more = len(notes) - MOST_NAMES
    return [*notes[:MOST_NAMES], *([f"... and {plural(more, 'note', 'notes')} like these"] if more > 0 else [])]


_UNDRAWABLE = {"Cc", "Cs", "Zl", "Zp"}


def one_line(text: object, longest: int = 60) -> str:
    """The text with line breaks and control characters as spaces, cut with an ellipsis at `longest` Latin letters."""
    drawable = (" " if unicodedata.category(letter) in _UNDRAWABLE else letter for letter in str(text))
    line = " ".join("".join(drawable).split())
    if display_width(line) <= longest:
        return line
    line = line[:longest]
    while display_width(line) > longest - 1:
        line = line[:-1]
    return line.rstrip() + "…"


def display_width(line: str) -> int:
    """Width in Latin letters; a Hangul syllable is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def spoken(size: float) -> str:
    """A number of bytes in the unit that people say: 5.2 GB."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1e3:.1f} kB"
