"""Names as a picture can show them: one line, not too long, nothing that cannot be drawn."""

from __future__ import annotations

import unicodedata

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


def number(value: float) -> str:
    """Four digits that matter: 0.9722, 12.35, 1.234e-05."""
    return f"{value:.4g}"
