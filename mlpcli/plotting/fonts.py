"""Fonts for every script: DejaVu Sans, and where it lacks a letter the first installed font that has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mlpcli.plotting.style import import_matplotlib, quiet_log

DEFAULT = "DejaVu Sans"
KNOWN = (
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "NanumGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "UnDotum",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
)
_SHOWN_LETTERS = 5


@dataclass(frozen=True)
class FontChoice:
    """Font families in the order of asking, and a line for the user where letters stay without a font."""

    families: tuple[str, ...]
    note: str | None = None


def fonts_for(texts: Iterable[str]) -> FontChoice:
    """Choose the fonts that together have the letters of `texts`. No global setting changes."""
    import_matplotlib()
    letters = frozenset(letter for text in texts for letter in text if letter.isprintable() and not letter.isspace())
    missing = letters - _having(DEFAULT, letters)
    if not missing:
        return FontChoice((DEFAULT,))
    with quiet_log():
        return _fallbacks(missing)


def use_font_for(texts: Iterable[str]) -> str | None:
    """The line for the user where no installed font has some letter of `texts`, else None."""
    return fonts_for(texts).note


@lru_cache(maxsize=32)
def _fallbacks(missing: frozenset[str]) -> FontChoice:
    """DejaVu Sans, then fonts picked one by one, each the one that has most of what is still missing."""
    having = _fonts_having(missing)
    families = [DEFAULT]
    while missing and having:
        best = max(having, key=lambda name: len(having[name] & missing))
        if not having[best] & missing:
            break
        families.append(best)
        missing = missing - having[best]
    return FontChoice(tuple(families), _note(missing) if missing else None)


def _fonts_having(letters: frozenset[str]) -> dict[str, frozenset[str]]:
    """Family to the letters it has, known families first; stops at the first that has them all."""
    found: dict[str, frozenset[str]] = {}
    for search in (_listed_families, _families_installed_since):
        for name in search():
            found[name] = _having(name, letters)
            if found[name] == letters:
                return found
    return found


def _listed_families() -> list[str]:
    """Upright families in matplotlib's list, known ones first; "last resort" fonts have a box for every letter."""
    from matplotlib.font_manager import fontManager

    names = {entry.name for entry in fontManager.ttflist if entry.style == "normal" and entry.name[0] != "."}
    names = {name for name in names if not name.startswith(("Last Resort", "LastResort", "Adobe Blank"))}
    known = [name for name in KNOWN if name in names]
    return known + sorted(names - set(known))


def _families_installed_since() -> list[str]:
    """Families installed after matplotlib wrote its list of fonts, which it never looks over again by itself."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    listed = {entry.fname for entry in fontManager.ttflist}
    before = set(_listed_families())
    for path in sorted(set(findSystemFonts()) - listed):
        try:
            fontManager.addfont(path)
        except (RuntimeError, OSError, NotImplementedError, ValueError):
            continue  # matplotlib leaves such files out of its list, too
    return [name for name in _listed_families() if name not in before]


def _having(family: str, letters: frozenset[str]) -> frozenset[str]:
    """Those of the letters that the family's regular font has."""
    from matplotlib.font_manager import FontProperties, fontManager
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(fontManager.findfont(FontProperties(family=[family]), fallback_to_default=False))
    except (ValueError, RuntimeError, OSError):
        return frozenset()  # removed since the list was written
    return frozenset(letter for letter in letters if font.get_char_index(ord(letter)))


def _note(missing: frozenset[str]) -> str:
    shown = " ".join(sorted(missing)[:_SHOWN_LETTERS]) + (" …" if len(missing) > _SHOWN_LETTERS else "")
    return f"no installed font has {shown}, drawn as boxes; install one, for example the package fonts-nanum for Hangul"
