"""Draws the confusion matrix: true classes down, predicted classes across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import colour_map, drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.text import display_width, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


COUNTS_UP_TO = 20  # classes; with more, the cells are too small for numbers
NAMES_UP_TO = 60  # classes; with more, every second, third ... name is written
CELLS_UP_TO = 600  # in a row; the picture has some 1,800 pixels for them
LONGEST_NAME = 22
_STRONG_FROM = 0.55  # share of the row from which the shade is so strong that its number needs the other colour
Counts = NDArray[np.float64]


def confusion_matrix_figure(evaluation: Mapping[str, Any], run: str = "") -> Figure:
    """Counts by true (rows) and predicted (columns) class, coloured by their share of the row.

    More classes than pixels are drawn in groups of neighbours, and the axes say so.

    Args:
        evaluation: `confusion_matrix` (classes x classes, whole numbers), `class_names`, and `split` for the title.
        run: its name, which goes into the title.

    Raises:
        ValueError: the matrix is not square, or the names are not as many as its rows.
    """
    counts = np.array(evaluation["confusion_matrix"], dtype=np.float64)
    names = [one_line(name, LONGEST_NAME) for name in evaluation["class_names"]]
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(names) != len(counts):
        raise ValueError(f"confusion_matrix has the shape {counts.shape}, but there are {len(names)} class names")
    title = title_of(counts, one_line(evaluation.get("split", "")))
    group = max(1, -(-len(names) // CELLS_UP_TO))
    counts, names = _grouped(counts, group), names[::group]
    side = _inches(len(names))
    with drawing_style(fonts_for([run, *names]).families):
        figure = new_figure(side + 2.4, side + 1.6)
        axes = figure.add_subplot()
        _draw_cells(figure, axes, counts)
        _write_names(axes, names, f" ({group} neighbouring classes a cell)" if group > 1 else "")
        set_title(figure, one_line(run, LONGEST_TITLE), title)
    return figure


def title_of(counts: Counts, split: str) -> str:
    """For example `test: accuracy 0.9722 on 360 rows`."""
    rows = int(counts.sum())
    score = f"accuracy {number(float(np.trace(counts)) / rows)} on {rows:,} rows" if rows else "no rows"
    return f"{split}: {score}" if split else score


def row_shares(counts: Counts) -> Counts:
    """Each row divided by its sum; a class without rows stays zero. Same shape."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.zeros_like(counts)
    np.divide(counts, totals, out=shares, where=totals > 0)
    return shares


def _grouped(counts: Counts, group: int) -> Counts:
    """The sums of blocks of group x group cells; the last ones may be smaller."""
    starts = np.arange(0, len(counts), group)
    rows = np.add.reduceat(counts, starts, axis=0)
    sums: Counts = np.add.reduceat(rows, starts, axis=1)
    return sums if group > 1 else counts


def _inches(classes: int) -> float:
    """Width and height in inches: large cells for a few classes, a limited size for many."""
    return float(np.clip(0.62 * classes, 3.2, 12.0))


def _draw_cells(figure: Figure, axes: Axes, counts: Counts) -> None:
    shares = row_shares(counts)
    image = axes.imshow(shares, cmap=colour_map(), vmin=0.0, vmax=1.0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, aspect=25, pad=0.03)
    bar.set_label("share of the true class")
    bar.outline.set_visible(False)
    if len(counts) <= COUNTS_UP_TO:
        _separate_cells(axes, len(counts))
        _write_counts(axes, counts, shares)


def _separate_cells(axes: Axes, classes: int) -> None:
    edges = np.arange(classes + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(visible=True, which="minor", color=theme().background, linewidth=1.5)
    axes.tick_params(which="minor", length=0)


def _write_counts(axes: Axes, counts: Counts, shares: Counts) -> None:
    """Write each count, small enough for its cell; zeros off the diagonal are faint, so that mistakes stand out."""
    look = theme()
    digits = len(f"{int(counts.max(initial=0)):,}")
    cell_points = 72 * _inches(len(counts)) / len(counts)
    size = min(12.0, 0.8 * cell_points / (0.62 * digits))
    for (row, column), count in np.ndenumerate(counts):
        plain = look.text if count or row == column else look.fainter
        colour = look.on_shade if shares[row, column] >= _STRONG_FROM else plain
        axes.text(column, row, f"{int(count):,}", ha="center", va="center", color=colour, fontsize=size)


def _write_names(axes: Axes, names: Sequence[str], remark: str) -> None:
    step = -(-len(names) // NAMES_UP_TO)
    places = list(range(0, len(names), step))
    shown = [names[place] for place in places]
    size = float(np.clip(72 * _inches(len(names)) / len(places) * 0.62, 5.0, 10.5))
    slanted = max(map(display_width, shown)) * 0.6 * size > 72 * _inches(len(names)) / len(places) * 0.9
    axes.set_xticks(places, shown, fontsize=size, rotation=45 if slanted else 0, ha="right" if slanted else "center")
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor" if slanted else "default")
    axes.set_yticks(places, shown, fontsize=size)
    axes.tick_params(which="major", length=0)
    axes.set_xlabel(f"predicted{remark}")
    axes.set_ylabel(f"true{remark}")
