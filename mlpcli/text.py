"""Text for messages: suggestions, lists, plurals, percentages, and user text with control characters escaped."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

MOST_WORDS = 12
INVISIBLE = "[\u200b\u200e\u200f\u2060\ufeff]"
"""Zero-width blanks, marks of direction, and byte order marks inside of a text: two texts look the same with them."""
ORDINARY = r"\x{0}-\x{7F}\x{A1}-\x{2BB}ぁ-ゖァ-ヺㄱ-ㆎ一-鿿가-힣₩€℃㎡"
"""A class of letters for patterns of RE2: ASCII, Latin, kana, Hangul, CJK. All are visible and composed (NFC), and none
is another form of an ASCII character. Nearly all texts consist of these alone and need no closer look."""
LONGEST_TEXT = 40


def suggestion(word: str, allowed: Iterable[str]) -> str:
    """`; did you mean "x"?`, or if no allowed word is similar, the first twelve of them."""
    words = list(allowed)
    near = did_you_mean(word, words)
    if near or not words:
        return near
    more = ", ..." if len(words) > MOST_WORDS else ""
    return f"; available: {', '.join(words[:MOST_WORDS])}{more}"


def shown(text: str) -> str:
    """The text on one line, cut to 40 characters, with control characters escaped."""
    short = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."
    return escaped(short)


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`; did you mean "x"?` for the most similar allowed word, or "" if none is similar.

    >>> did_you_mean("adm", ["sgd", "adam"])
    '; did you mean "adam"?'
    """
    near = nearest(word, allowed)
    return f'; did you mean "{escaped(near, spaces=True)}"?' if near else ""


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The most similar allowed word, or one that begins like it; None if none is similar."""
    words = list(allowed)
    near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    near = near or [other for other in words if word and other.startswith(word.lower())][:1]
    return near[0] if near else None


def escaped(text: str, spaces: bool = False) -> str:
    """The text on one line, with control characters escaped.

    spaces: keep the spaces of all scripts as they are, so that a path can be copied.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or (spaces and unicodedata.category(letter) == "Zs") else ascii(letter)[1:-1]
        for letter in text
    )


def visible(text: str) -> str:
    """Text of several lines for a terminal: what it would obey or not show is escaped; line breaks and tabs stay.

    >>> visible("a\\x1b[2Jb\\n\\u202e한글")
    'a\\\\x1b[2Jb\\n\\\\u202e한글'
    """
    return "\n".join("\t".join(escaped(part, spaces=True) for part in line.split("\t")) for line in text.split("\n"))


def visible_json(text: str) -> str:
    """JSON with what a terminal would obey, and lone surrogates, as JSON escapes; it means the same."""
    return "\n".join(line if line.isprintable() else "".join(map(_json_escape, line)) for line in text.split("\n"))


def _json_escape(letter: str) -> str:
    if letter.isprintable() or unicodedata.category(letter) == "Zs":
        return letter
    code = ord(letter)
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD800 + (code - 0x10000 >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def printable(value: object, most: int = 80) -> str:
    """A text, number or None as one line of at most `most` characters; for any other value, the name of its type."""
    text = str(value) if isinstance(value, (str, int, float, type(None))) else type(value).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])


MOST_NAMES = 10


def percent(part: int, whole: int) -> str:
    """A share in tenths of a percent, rounded down, so that 100 % means all."""
    tenths = 1000 * part // whole
    return "under 0.1 %" if part and not tenths else f"{tenths / 10:g} %"


def listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """The first names, unescaped; use `quoted` for names from a file."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def quoted(names: Sequence[str]) -> str:
    """The first ten names in quotation marks, with control characters escaped."""
    return listed([f'"{shown(name)}"' for name in names])


def plural(count: int, one: str, many: str) -> str:
    """`1 row`, `1,000 rows`.

    >>> plural(1000, "row", "rows")
    '1,000 rows'
    """
    return f"{count:,} {one if count == 1 else many}"


def first_notes(notes: Sequence[str]) -> list[str]:
    """The first ten notes, and a line with the number of further ones."""
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
    """Width in Latin letters; a Hangul syllable counts as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def number(value: object) -> str:
    """A score with four decimals, or with four significant digits if it is very small or large."""
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.4g}"


def with_spread(mean: float, deviation: float | None) -> str:
    """A score, and the standard deviation over several where there is one.

    >>> with_spread(0.95, 0.01), with_spread(0.95, None)
    ('0.9500 ± 0.0100', '0.9500')
    """
    return number(mean) if deviation is None else f"{number(mean)} ± {number(deviation)}"


def spoken(size: float) -> str:
    """A number of bytes in a readable unit: 5.2 GB."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1e3:.1f} kB"


_FIRST_OF_KS_X_1001 = 0xA1


def rare_syllables(text: str) -> str:
    """The letters that cp949 has beside the 2,350 syllables of KS X 1001 with which Korean is written.

    Where a byte of latin-1 and the ASCII letter after it are taken for one, it is such a letter: `°C` becomes `캜`.

    >>> rare_syllables("온도(캜)")
    '캜'
    """
    beyond = (letter for letter in text if not letter.isascii())
    return "".join(letter for letter in beyond if min(letter.encode("cp949")) < _FIRST_OF_KS_X_1001)


def clean_text(text: str) -> str:
    """A name as one sees it: composed (NFC), without invisible characters, with single blanks.

    >>> clean_text("\u1102\u1161\u110b\u1175\u200b ") == "\ub098\uc774"
    True
    """
    return " ".join(unicodedata.normalize("NFC", re.sub(INVISIBLE, "", text)).split())


_WORDS = re.compile(r".+?(?:(?<=\w)[-_](?=[^\W\d])|\s+|$)")
"""A word with the blanks after it; names end at - and _, too, but numbers (-1, 1e-5) do not."""


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
