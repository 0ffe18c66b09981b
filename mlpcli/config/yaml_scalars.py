"""A word of a YAML file to a value: YAML 1.2's core schema, without what two programs would read differently."""

from __future__ import annotations

import re

LONGEST_NUMBER = 300
"""Digits; more than any float has, and few enough for int() to be quick."""

FORBIDDEN_CHARACTER = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of characters, which come from escapes only: no file name or title can hold them."""

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?\d+\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?\Z", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_ODD_NUMBER = re.compile(r"[-+]?(0\d+|0[oOxXbB][0-9a-fA-F_]+|\d[\d_]*_[\d_]*|\d+(:[0-5]?\d)+)\Z", re.ASCII)


class ScalarError(ValueError):
    """The word cannot be read without guessing; the text says what to write instead."""


def read_scalar(text: str, plain: bool) -> str | int | float | bool | None:
    """The value of a scalar; quoted and block text (not `plain`) stays text.

    Raises:
        ScalarError: it holds a forbidden character, or is a number that could be read in two ways or has no end.
    """
    if FORBIDDEN_CHARACTER.search(text):
        raise ScalarError(f"holds the character {FORBIDDEN_CHARACTER.findall(text)[0]!r}; delete it")
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _ODD_NUMBER.match(text) or _FLOAT.match(text):
        return _read_number(text)
    if _NOT_FINITE.match(text):
        return float(text.replace(".", ""))
    return text


def _read_number(text: str) -> int | float:
    if len(text) > LONGEST_NUMBER:
        raise ScalarError(f"is a number of {len(text)} digits; no setting is that long")
    if _ODD_NUMBER.match(text):
        number = _plainly(text)
        raise ScalarError(f"`{text}` is read as different numbers by different programs; write {number}, or quote it")
    return int(text) if _INTEGER.match(text) else float(text)


def _plainly(text: str) -> str:
    """The decimal number that is most likely meant."""
    digits = text.replace("_", "")
    try:
        return str(int(digits) if digits.lstrip("+-").isdigit() else int(digits, 0))
    except ValueError:
        return "a plain decimal number"
