"""A figure written to a file in one piece: PNG, SVG or PDF, the same bytes each time."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.artifacts.files import replace_file
from mlpcli.errors import UserError
from mlpcli.plotting.fonts import fonts_for
from mlpcli.plotting.style import drawing_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
DOTS_PER_INCH = 150
_NO_DATES: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def check_format(word: str, where: str) -> str:
    """The format in lower case.

    Raises:
        UserError: it is none of png, svg, pdf; `where` says what was given.
    """
    if word.lower() in FORMATS:
        return word.lower()
    given = f'"{word}"' if word else "nothing"
    raise UserError(f"{where}: the format must be one of {', '.join(FORMATS)} (got {given})")


def save_figure(figure: Figure, path: Path) -> str | None:
    """Write the figure in the format of the path's extension; returns a note where letters have no font.

    Raises:
        UserError: the extension is none of .png, .svg, .pdf.
        OutputError: the file cannot be written; what stood there before is untouched.
    """
    file_format = check_format(path.suffix[1:], str(path))
    fonts = fonts_for(texts_of(figure))
    with drawing_style(fonts.families), warnings.catch_warnings():
        # Said once, in the note, instead of once a letter.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from", category=UserWarning)
        replace_file(path, lambda temporary: _write(figure, temporary, file_format))
    return fonts.note


def texts_of(figure: Figure) -> list[str]:
    """Every text that stands in the figure."""
    from matplotlib.text import Text

    return [item.get_text() for item in figure.findobj(Text) if isinstance(item, Text)]


def _write(figure: Figure, path: Path, file_format: str) -> None:
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "mlpcli"}):
        figure.savefig(path, format=file_format, dpi=DOTS_PER_INCH, metadata=_NO_DATES[file_format])
