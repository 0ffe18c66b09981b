"""Long names and titles in several lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from mlpcli.text import display_width

_NARROW = frozenset(" .,:;'!|()[]ijlI-")
_WORDS = re.compile(r"[^\s,_-]*[\s,_-]*")


def wrapped(text: str, width: float, measure: Callable[[str], float] = display_width) -> str:
    """The text in lines of at most `width` (at least 2), broken after words, or within one that is longer.

    measure: how wide a text is; by default in Latin letters, of which a Hangul syllable takes two.

    >>> wrapped("fashion-small, seed 1", 15)
    'fashion-small,\\nseed 1'
    """
    lines = [""]
    for word in _WORDS.findall(text):
        if lines[-1] and measure((lines[-1] + word).rstrip()) > width:
            lines.append("")
        for piece in _pieces(word, width, measure):
            if measure((lines[-1] + piece).rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _pieces(word: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """A word cut into pieces that fit in a line; the last may be empty."""
    pieces = [""]
    for letter in word:
        if measure(pieces[-1] + letter) > width and not letter.isspace():
            pieces.append("")
        pieces[-1] += letter
    return pieces


def title_width(line: str) -> float:
    """About the width of bold DejaVu Sans in em, a little more than it is."""
    return sum(map(_em, line))


def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.42 if letter in _NARROW else 0.8 if letter.isupper() else 0.7
