"""Words out of a file that anybody may have made, for messages: control characters could write all over a terminal."""

from __future__ import annotations

import unicodedata


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
