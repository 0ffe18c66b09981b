"""Draws the worst mistakes: pictures side by side, or rows of a table below each other."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import retold, say, term
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.text import display_width, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS, MOST_PICTURES = 5, 20
TILE, GAP, CAPTION = 100, 24, 62
"""Of the mosaic: a picture's side, what is between pictures, and the space for three lines below each."""
MOST_LETTERS = 17
"""Of a caption's line."""
MOST_ROWS, MOST_COLUMNS, WIDEST_CELL, TABLE_INCHES = 15, 10, 18, 11.0
LETTER_INCHES = 0.088
Pixels = NDArray[np.uint8]


def mistakes_figure(found: Mapping[str, Any], run: str = "") -> Figure | None:
    """What mistakes.json holds; None where nothing is wrong, or nothing can be shown of the rows.

    Args:
        found: `mistakes`, the worst first, each with `place`, `true`, `predicted`, `probability` (or None), and
            `picture` (PNG in base64) or `cells` (pairs of texts); `wrong`, `rows`, `split`; `predicts`: classes or
            number.
        run: its name, which goes into the title.

    Raises:
        KeyError, TypeError, ValueError, OSError: something is missing or damaged.
    """
    mistakes = found["mistakes"]
    if not mistakes:
        return None
    title = title_of(found)
    texts = [str(value) for one in mistakes for value in (one["place"], one["true"], one["predicted"])]
    texts += [text for one in mistakes for cell in one.get("cells", ()) for text in cell]
    with drawing_style(fonts_for([run, title, *texts]).families):
        if "picture" in mistakes[0]:
            figure = _gallery(mistakes[:MOST_PICTURES])
        else:
            figure = _table(mistakes[:MOST_ROWS], found["predicts"] == "number")
        set_title(figure, one_line(run, LONGEST_TITLE), title)
    return figure


def title_of(found: Mapping[str, Any]) -> str:
    """For example `test: the most confident of 12 mistakes in 360 rows`."""
    wrong, rows, split = int(found["wrong"]), int(found["rows"]), term(one_line(str(found["split"])))
    if found["predicts"] == "number":
        return say("{split}: the largest errors of {rows:,} rows", split=split, rows=rows)
    return say(
        "{split}: {wrong:,} of {rows:,} rows are wrong; the most confident first", split=split, wrong=wrong, rows=rows
    )


def _gallery(mistakes: Sequence[Mapping[str, Any]]) -> Figure:
    """All pictures in one axes, which is drawn far faster than an axes for each."""
    across = min(ACROSS, len(mistakes))
    down = -(-len(mistakes) // across)
    figure = new_figure(max(4.2, 1.75 * across), 2.25 * down + 0.6)
    axes = figure.add_subplot()
    for place, one in enumerate(mistakes):
        left, top = GAP + place % across * (TILE + GAP), place // across * (TILE + CAPTION)
        _tile(axes, _pixels(one["picture"]), left, top)
        _caption(axes, one, left, top + TILE + 6)
    axes.set(xlim=(0, across * (TILE + GAP) + GAP), ylim=(down * (TILE + CAPTION), 0), aspect="equal")
    axes.set_axis_off()
    axes.set(xticks=[], yticks=[])  # they would be made all the same
    return figure


def _tile(axes: Axes, pixels: Pixels, left: float, top: float) -> None:
    """One picture, TILE long on its longer side. Each is its own image: what is between them is not enlarged, too."""
    height, width = pixels.shape[:2]
    scale = TILE / max(height, width)
    extent = (left, left + scale * width, top + scale * height, top)
    axes.imshow(pixels, extent=extent, interpolation="nearest")


def _caption(axes: Axes, one: Mapping[str, Any], left: float, top: float) -> None:
    probability = "" if one["probability"] is None else f", {100 * float(one['probability']):.0f} %"
    said = one_line(str(one["predicted"]), MOST_LETTERS - len(probability)) + probability
    lines = (
        (say("said {answer}", answer=said), theme().text, "bold"),
        (say("is {answer}", answer=one_line(str(one["true"]), MOST_LETTERS)), theme().text, "normal"),
        (_end(retold(str(one["place"]))), theme().faint, "normal"),
    )
    for number, (text, colour, weight) in enumerate(lines):
        size = 8.0 if number < 2 else 7.0
        axes.text(left, top + 17 * number, text, color=colour, weight=weight, fontsize=size, va="top", in_layout=False)


def _end(place: str) -> str:
    """The end of a long path, where the file's name is."""
    line = one_line(place, 1000)
    return line if len(line) <= MOST_LETTERS + 4 else "…" + line[-(MOST_LETTERS + 3) :]


def _pixels(picture: str) -> Pixels:
    """(height, width, 4), opaque."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture)), formats=["PNG"]).convert("RGBA"))


def _table(mistakes: Sequence[Mapping[str, Any]], numbers: bool) -> Figure:
    columns = [say("row"), say("true"), say("predicted")]
    columns += [] if mistakes[0]["probability"] is None else [say("probability")]
    cells = [[_end(retold(str(one["place"]))), str(one["true"]), str(one["predicted"])] for one in mistakes]
    for one, row in zip(mistakes, cells, strict=True):
        row += [] if one["probability"] is None else [f"{100 * float(one['probability']):.0f} %"]
    named = [name for name, _ in mistakes[0].get("cells", ())][: MOST_COLUMNS - len(columns)]
    for one, row in zip(mistakes, cells, strict=True):
        row += [text for _, text in one.get("cells", ())][: len(named)]
    table = [[one_line(text, WIDEST_CELL) for text in row] for row in ([*columns, *named], *cells)]
    widths = [2 + max(display_width(row[place]) for row in table) for place in range(len(table[0]))]
    while len(widths) > len(columns) and sum(widths) * LETTER_INCHES > TABLE_INCHES:
        widths.pop()
    figure = new_figure(max(4.0, sum(widths) * LETTER_INCHES + 0.3), 0.27 * len(table) + 0.9)
    axes = figure.add_subplot()
    axes.set(xlim=(0, sum(widths)), ylim=(len(table), 0))
    axes.set_axis_off()
    starts = np.cumsum([0, *widths[:-1]])
    for down, row in enumerate(table):
        for place, (start, text) in enumerate(zip(starts, row, strict=False)):
            answer = place in (1, 2)
            colour = theme().text if down == 0 or answer else theme().faint
            look: dict[str, Any] = {"color": colour, "weight": "bold" if down == 0 else "normal"}
            axes.text(float(start), down + 0.5, text, fontsize=9, va="center", in_layout=False, **look)
    axes.axhline(1.0, color=theme().grid, linewidth=1.0)
    return figure
