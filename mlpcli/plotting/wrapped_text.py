"""Long names in several lines, measured in Latin letters, of which a Hangul syllable takes two."""

from __future__ import annotations

import re

from mlpcli.text import display_width

_WORDS = re.compile(r"[^\s,_-]*[\s,_-]*")


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most `width` letters (at least 2), broken after words, or within one that is longer.

    >>> wrapped("fashion-small, seed 1", 15)
    'fashion-small,\\nseed 1'
    """
    lines = [""]
    for word in _WORDS.findall(text):
        if lines[-1] and display_width((lines[-1] + word).rstrip()) > width:
            lines.append("")
        for piece in _pieces(word, width):
            if display_width((lines[-1] + piece).rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _pieces(word: str, width: int) -> list[str]:
    """A word cut into pieces that fit in a line; the last may be empty."""
    pieces = [""]
    for letter in word:
        if display_width(pieces[-1] + letter) > width and not letter.isspace():
            pieces.append("")
        pieces[-1] += letter
    return pieces
