"""The nearest right words for a wrong one, and a user's own text made fit for a message."""

from __future__ import annotations

from collections.abc import Iterable

from mlpcli.artifacts.printable import escaped
from mlpcli.errors import did_you_mean

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
