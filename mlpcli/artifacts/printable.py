"""Words out of a file that anybody may have made, for messages: control characters could write all over a terminal."""

from __future__ import annotations


def printable(value: object, most: int = 80) -> str:
    """A text on one line, cut to `most` letters; of what is no text, number or null only the kind is named."""
    text = str(value) if isinstance(value, (str, int, float, type(None))) else type(value).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])
