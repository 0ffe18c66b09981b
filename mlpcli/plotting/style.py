"""The look of all pictures, fonts for every script, and saving."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import unicodedata
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import UserError
from mlpcli.files import replace_file
from mlpcli.language import current_language, letters_of
from mlpcli.text import did_you_mean, listed, wrapped

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure


# The colours of Okabe and Ito, which people with any colour vision tell apart.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW, BLACK = "#E69F00", "#56B4E9", "#F0E442", "#222222"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)


@dataclass(frozen=True)
class Theme:
    """The colours of a picture, as #RRGGBB."""

    name: str
    background: str
    text: str
    faint: str
    """Of axes, and of lines and texts that only help."""
    fainter: str
    """Of numbers that say nothing, such as the zeros of a matrix; they can still be read."""
    grid: str
    colours: tuple[str, ...]
    """Of curves; of one run, the first is training and the second validation."""
    shades: tuple[str, ...]
    """From nothing, which is near the background, to all; see `colour_map`."""
    on_shade: str
    """Of a text on the strongest shades."""


# As the colour map "Blues" of ColorBrewer.
_BLUES = (
    "#F7FBFF", "#DEEBF7", "#C6DBEF", "#9ECAE1", "#6BAED6", "#4292C6", "#2171B5", "#08519C", "#08306B",
)  # fmt: skip
LIGHT = Theme("light", "#FFFFFF", BLACK, "#8A939C", "#B8C0C8", "#E4E7EB", COLOURS, _BLUES, "#FFFFFF")
# Yellow is dim on white, and the dark blue is dim on black.
_ON_DARK = (SKY, VERMILION, GREEN, PURPLE, ORANGE, YELLOW, "#E6E9EC")
_DARK_BLUES = ("#20262D", "#123A57", "#0B5C8E", "#2E8CC4", "#6FBFEE", "#C9E7FA")
DARK = Theme("dark", "#15191E", "#E6E9EC", "#8A939C", "#66707A", "#2A3038", _ON_DARK, _DARK_BLUES, "#15191E")
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
_current: ContextVar[Theme] = ContextVar("theme", default=LIGHT)


def theme() -> Theme:
    """The theme that pictures are drawn in now."""
    return _current.get()


@contextmanager
def themed(name: str) -> Iterator[None]:
    """A context in which pictures are drawn, and saved, in this theme.

    Raises:
        UserError: there is no such theme.
    """
    if name not in THEMES:
        near = did_you_mean(name, THEMES)
        raise UserError(f'theme: must be one of {listed(list(THEMES))} (got "{name}"){near}')
    before = _current.set(THEMES[name])
    try:
        yield
    finally:
        _current.reset(before)


def colour_map() -> Colormap:
    """Of shares from 0 to 1, for `imshow`: the shades of the theme."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(theme().name, theme().shades)


def _settings(look: Theme) -> dict[str, Any]:
    """What matplotlib calls the look."""
    return {
        "axes.axisbelow": True,
        "axes.edgecolor": look.faint,
        "axes.facecolor": look.background,
        "axes.grid": True,
        "axes.labelcolor": look.text,
        "axes.labelsize": 11,
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.unicode_minus": True,
        "figure.facecolor": look.background,
        "font.size": 10.5,
        "grid.color": look.grid,
        "grid.linewidth": 0.8,
        "legend.fontsize": 10,
        "legend.frameon": False,
        "lines.linewidth": 1.9,
        "lines.solid_capstyle": "round",
        "text.color": look.text,
        "text.parse_math": False,  # a name may hold `$`
        "xtick.color": look.faint,
        "xtick.labelcolor": look.text,
        "ytick.color": look.faint,
        "ytick.labelcolor": look.text,
    }


_TITLE_SIZE = 13.0


@contextmanager
def drawing_style(families: Sequence[str]) -> Iterator[None]:
    """A context with matplotlib's defaults and the theme; the user's settings are restored at the end."""
    import_matplotlib()
    from matplotlib import style

    with quiet_log(), style.context(["default", _settings(theme()) | {"font.family": list(families)}]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) on the Agg canvas, laid out so that nothing is cut off or overlaps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.set(w_pad=0.09, h_pad=0.09)  # type: ignore[call-arg]
    return figure


def set_title(figure: Figure, *parts: str, grow: bool = True) -> None:
    """Add a bold title at the left, each part in lines that fit; the figure grows by those after the first."""
    width = 72 * 0.97 * figure.get_figwidth() / _TITLE_SIZE
    title = "\n".join(wrapped(part, width, title_width) for part in parts if part)
    figure.suptitle(title, x=0.012, ha="left", fontsize=_TITLE_SIZE, fontweight="bold")
    if grow:
        figure.set_figheight(figure.get_figheight() + 1.2 * _TITLE_SIZE / 72 * title.count("\n"))


def import_matplotlib() -> None:
    """Import matplotlib, whatever MPLBACKEND says and even if the home folder is read-only."""
    if "matplotlib" in sys.modules:
        return
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        with quiet_log():
            import matplotlib
        _import_artists()
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    _keep_backend(matplotlib.rcParams, backend)


def _import_artists() -> None:
    """Import the classes of pictures without the help texts of their `set`, but for a notebook.

    matplotlib puts these together from 7,000 docstrings while it is imported (Artist.__init_subclass__), which takes
    nearly half of the import.
    """
    from matplotlib.artist import Artist

    help_texts = "_update_set_signature_and_docstring"
    if "IPython" in sys.modules or help_texts not in vars(Artist):
        return
    real = vars(Artist)[help_texts]
    setattr(Artist, help_texts, classmethod(lambda kind: None))
    try:
        import matplotlib.figure  # noqa: F401
    finally:
        setattr(Artist, help_texts, real)


@contextmanager
def quiet_log() -> Iterator[None]:
    """A context without matplotlib's log messages about fonts and its cache folder; errors still show."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _keep_backend(settings: Any, backend: str | None) -> None:
    """Keep the backend that a notebook chose for its own pictures."""
    if backend:
        with suppress(ValueError):
            settings["backend"] = backend


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
    """Font families in order of preference, and a note for the user if some letters have no font."""

    families: tuple[str, ...]
    note: str | None = None


def fonts_for(texts: Iterable[str]) -> FontChoice:
    """Choose fonts that together have the letters of `texts` and of the current language.

    Global settings do not change.
    """
    import_matplotlib()
    words = [*texts, letters_of(current_language())]
    letters = frozenset(letter for text in words for letter in text if letter.isprintable() and not letter.isspace())
    missing = letters - _having(DEFAULT, letters)
    if not missing:
        return FontChoice((DEFAULT,))
    with quiet_log():
        return _fallbacks(missing)


@lru_cache(maxsize=32)
def _fallbacks(missing: frozenset[str]) -> FontChoice:
    """DejaVu Sans, then fonts chosen greedily, each with the most letters still missing."""
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
    """Maps families to the letters they have, known families first; stops at one that has all."""
    found: dict[str, frozenset[str]] = {}
    for search in (_listed_families, _families_installed_since):
        for name in search():
            found[name] = _having(name, letters)
            if found[name] == letters:
                return found
    return found


def _listed_families() -> list[str]:
    """Upright families in matplotlib's list, known ones first; "last resort" fonts, which draw boxes, are left out."""
    from matplotlib.font_manager import fontManager

    names = {entry.name for entry in fontManager.ttflist if entry.style == "normal" and entry.name[0] != "."}
    names = {name for name in names if not name.startswith(("Last Resort", "LastResort", "Adobe Blank"))}
    known = [name for name in KNOWN if name in names]
    return known + sorted(names - set(known))


def _families_installed_since() -> list[str]:
    """Families installed after matplotlib cached its list of fonts, which it does not refresh."""
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
    """The letters that the family's regular font has."""
    from matplotlib.font_manager import FontProperties, fontManager
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(fontManager.findfont(FontProperties(family=[family]), fallback_to_default=False))
    except (ValueError, RuntimeError, OSError):
        return frozenset()  # removed since the list was written
    return frozenset(letter for letter in letters if font.get_char_index(ord(letter)))


_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_FOR_HANGUL = {
    "win32": 'add "Korean Supplemental Fonts" under Settings > System > Optional features',
    "darwin": "switch on Apple SD Gothic Neo in Font Book, or: brew install --cask font-nanum-gothic",
    "linux": "sudo apt install fonts-nanum (Fedora: sudo dnf install google-noto-sans-cjk-fonts;"
    " Colab: !apt-get install -y fonts-nanum)",
}
"""What to do about it, by sys.platform; the next picture finds the fonts."""


def _note(missing: frozenset[str]) -> str:
    shown = " ".join(sorted(missing)[:_SHOWN_LETTERS]) + (" …" if len(missing) > _SHOWN_LETTERS else "")
    advice = "install one, such as a Noto font"
    if any(map(_HANGUL.match, missing)):
        advice = _FOR_HANGUL.get(sys.platform, _FOR_HANGUL["linux"])
    return f"no installed font has {shown}, so boxes are drawn; {advice}; then plot again"


FORMATS = ("png", "svg", "pdf")
DOTS_PER_INCH = 150
_NO_DATES: dict[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def check_format(word: str, where: str) -> str:
    """The format in lower case.

    Raises:
        UserError: it is not png, svg or pdf; `where` begins the message.
    """
    if word.lower() in FORMATS:
        return word.lower()
    given = f'"{word}"' if word else "nothing"
    raise UserError(f"{where}: the format must be one of {', '.join(FORMATS)} (got {given})")


def save_figure(figure: Figure, path: Path) -> str | None:
    """Write the figure in the format of the path's extension; returns a note if letters have no font.

    Raises:
        UserError: the extension is not .png, .svg or .pdf.
        OutputError: the file cannot be written; an earlier file is unchanged.
    """
    file_format = check_format(path.suffix[1:], str(path))
    with _fonts_of(figure) as fonts:
        replace_file(path, lambda temporary: _write(figure, temporary, file_format))
    return fonts.note


@dataclass
class Drawn:
    """Paths of the pictures written, and notes for the user, each only once."""

    paths: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def save(self, figure: Figure, path: Path) -> None:
        """Write a figure and keep its path and note (raises as `save_figure`)."""
        note = save_figure(figure, path)
        self.paths.append(path)
        self.add_note(note)

    def add_note(self, note: str | None) -> None:
        """Keep the note unless it is there already."""
        if note and note not in self.notes:
            self.notes.append(note)


def png_of(figure: Figure, dots_per_inch: int) -> tuple[bytes, str | None]:
    """The figure as a PNG picture within a page, and a note if letters have no font."""
    content = io.BytesIO()
    with _fonts_of(figure) as fonts:
        _lay_out(figure, dots_per_inch)
        _write_png(figure, content, dots_per_inch)
    return content.getvalue(), fonts.note


@contextmanager
def _fonts_of(figure: Figure) -> Iterator[FontChoice]:
    """A context in which all letters of the figure have a font, if there is one."""
    fonts = fonts_for(texts_of(figure))
    with drawing_style(fonts.families), warnings.catch_warnings():
        # Said once, in the note, instead of once a letter.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from", category=UserWarning)
        yield fonts


def texts_of(figure: Figure) -> list[str]:
    """All texts in the figure, but for the numbers of axes."""
    return list(_texts_within(figure))


def _texts_within(artist: Artist) -> Iterator[str]:
    """Each Axis is asked for its words alone: otherwise it makes all ticks, minor ones too, for nothing."""
    from matplotlib.axis import Axis
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter

    if isinstance(artist, Text):
        yield artist.get_text()
    elif isinstance(artist, Axis):
        yield artist.label.get_text()
        words = artist.get_major_formatter()
        if isinstance(words, FixedFormatter):
            yield from map(str, words.seq)
    else:
        for child in artist.get_children():
            yield from _texts_within(child)


def _write(figure: Figure, path: Path, file_format: str) -> None:
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "mlpcli"}):
        _lay_out(figure, DOTS_PER_INCH)
        if file_format == "png":
            _write_png(figure, path, DOTS_PER_INCH)
        else:
            figure.savefig(path, format=file_format, dpi=DOTS_PER_INCH, metadata=_NO_DATES[file_format])


def _write_png(figure: Figure, target: Path | io.BytesIO, dots_per_inch: int) -> None:
    """Draw the figure, which is laid out for so many dots, and write it without a layer of transparency.

    zlib looks for nothing but repeated bytes, which pictures of flat colours have: half the time of savefig's, and a
    file of about the size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(dots_per_inch)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    rgba = canvas.buffer_rgba()
    height, width, _ = rgba.shape
    pixels = Image.frombytes("RGB", (width, height), rgba, "raw", "RGBX")
    pixels.save(target, "png", dpi=(dots_per_inch, dots_per_inch), compress_type=zlib.Z_RLE)


def _lay_out(figure: Figure, dots_per_inch: float) -> None:
    """Place everything once, and for good: where a layout is left to do, savefig draws all artists twice for it."""
    engine = figure.get_layout_engine()
    if engine is not None:
        figure.set_dpi(dots_per_inch)
        engine.execute(figure)
        figure.set_layout_engine(None)


def number(value: float) -> str:
    """Four significant digits: 0.9722, 12.35, 1.234e-05; from 10,000 to a billion, all before the point."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"


_NARROW = frozenset(" .,:;'!|()[]ijlI-")


def title_width(line: str) -> float:
    """About the width of bold DejaVu Sans in em, a little more than it is."""
    return sum(map(_em, line))


def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.42 if letter in _NARROW else 0.8 if letter.isupper() else 0.7
