"""Draws the confusion matrix: true classes down, predicted classes across.

Of more classes than have room for numbers, those that are confused with each other stand together. The order is that
of a tree: the two groups of classes that are confused most, on average over their pairs, become one, until nothing is
confused any more (average linkage).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say, term
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import colour_map, drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.text import display_width, one_line, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


COUNTS_UP_TO = 20  # classes; with more, the cells are too small for numbers
NAMES_UP_TO = 60  # classes; with more, every second, third ... name is written
CELLS_UP_TO = 600  # in a row; the picture has some 1,800 pixels for them
LONGEST_NAME = 22
ARRANGED_UP_TO = 200  # classes; with more, those within a group are in no particular order, which would take minutes
MOST_PAIRS = 6  # that are named above the matrix
_STRONG_FROM = 0.55  # share of the row from which the shade is so strong that its number needs the other colour
_RATE_SIZE = 0.72  # of the size of the number above it
_PAIRS_SIZE = 10.0
Counts = NDArray[np.float64]


def confusion_matrix_figure(evaluation: Mapping[str, Any], run: str = "") -> Figure:
    """Counts and rates by true (rows) and predicted (columns) class, coloured by their share of the row.

    Many classes have no numbers; they are sorted, and the classes that are confused most are named above them. More
    classes than pixels are drawn in groups of neighbours, and the axes say so.

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
    many = len(names) > COUNTS_UP_TO
    confused = most_confused(counts, names) if many else ""
    if confused:
        order = confusion_order(counts)
        counts, names = counts[np.ix_(order, order)], [names[place] for place in order]
    group = max(1, -(-len(names) // CELLS_UP_TO))
    counts, names = _grouped(counts, group), names[::group]
    side = _inches(len(names))
    with drawing_style(fonts_for([run, *names]).families):
        figure = new_figure(side + 2.4, side + 1.6)
        axes = figure.add_subplot()
        _draw_cells(figure, axes, counts, many)
        if confused:
            letters = 72 * side / (0.55 * _PAIRS_SIZE)
            axes.set_title(wrapped(confused, letters), loc="left", fontsize=_PAIRS_SIZE)
        _write_names(axes, names, group)
        set_title(figure, one_line(run, LONGEST_TITLE), title)
    return figure


def title_of(counts: Counts, split: str) -> str:
    """For example `test: accuracy 0.9722 on 360 rows`."""
    rows = int(counts.sum())
    if not rows:
        score = say("no rows")
    else:
        accuracy = number(float(np.trace(counts)) / rows)
        score = say("accuracy {accuracy} on {rows:,} rows", accuracy=accuracy, rows=rows)
    return f"{term(split)}: {score}" if split else score


def row_shares(counts: Counts) -> Counts:
    """Each row divided by its sum; a class without rows stays zero. Same shape."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.zeros_like(counts)
    np.divide(counts, totals, out=shares, where=totals > 0)
    return shares


def most_confused(counts: Counts, names: Sequence[str]) -> str:
    """The most frequent mistakes in words; "" where there is none."""
    mistakes = counts * (1 - np.eye(len(counts)))
    places = np.argsort(-mistakes, axis=None, kind="stable")[:MOST_PAIRS]
    pairs = [divmod(int(place), len(counts)) for place in places]
    named = [
        say(
            "{true} taken for {predicted} ({mistakes:,} of {rows:,})",
            true=names[true],
            predicted=names[predicted],
            mistakes=int(mistakes[true, predicted]),
            rows=int(rows),
        )
        for true, predicted in pairs
        if mistakes[true, predicted] and (rows := counts[true].sum())
    ]
    if not named:
        return ""
    return say("Classes that are confused stand together. Most often: {pairs}", pairs=", ".join(named))


def confusion_order(counts: Counts) -> list[int]:
    """The classes, those that are confused side by side; groups with the most mistakes first, then the rest in order.

    Groups are the clusters of SciPy's average linkage; the alikeness of two classes is the sum of both shares.
    """
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
    from scipy.spatial.distance import squareform

    shares = row_shares(counts)
    distances = 2 - (shares + shares.T)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=len(counts) <= ARRANGED_UP_TO)
    clusters = fcluster(tree, 2 * (1 - 1e-9), "distance")  # 2 is the distance of classes that are never confused
    groups: dict[int, list[int]] = {}
    for leaf in leaves_list(tree).tolist():
        groups.setdefault(int(clusters[leaf]), []).append(leaf)
    turned = [group if group[0] <= group[-1] else group[::-1] for group in groups.values()]
    mistakes = {min(group): int(counts[np.ix_(group, group)].sum() - counts[group, group].sum()) for group in turned}
    ranked = sorted(turned, key=lambda group: (-mistakes[min(group)], min(group)))
    return [number for group in ranked for number in group]


def _grouped(counts: Counts, group: int) -> Counts:
    """The sums of blocks of group x group cells; the last ones may be smaller."""
    starts = np.arange(0, len(counts), group)
    rows = np.add.reduceat(counts, starts, axis=0)
    sums: Counts = np.add.reduceat(rows, starts, axis=1)
    return sums if group > 1 else counts


def _inches(classes: int) -> float:
    """Width and height in inches: large cells for a few classes, a limited size for many."""
    return float(np.clip(0.62 * classes, 3.2, 12.0))


def _draw_cells(figure: Figure, axes: Axes, counts: Counts, many: bool) -> None:
    from matplotlib.colors import PowerNorm

    shares = row_shares(counts)
    # Without numbers, the colours alone must show mistakes of a few percent.
    look: dict[str, Any] = {"cmap": colour_map(), "norm": PowerNorm(0.4 if many else 1.0, vmin=0.0, vmax=1.0)}
    if many:
        cells: Any = axes.imshow(shares, **look)
    else:  # an image would be enlarged to the size of the picture, as numbers
        edges = np.arange(len(counts) + 1) - 0.5
        cells = axes.pcolormesh(edges, edges, shares, **look)
        axes.set(aspect="equal", ylim=edges[[-1, 0]])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(cells, ax=axes, shrink=0.7, aspect=25, pad=0.03)
    bar.set_label(say("share of the true class"))
    bar.outline.set_visible(False)
    if not many:
        _separate_cells(axes, len(counts))
        _write_counts(axes, counts, shares)


def _separate_cells(axes: Axes, classes: int) -> None:
    """Two artists; a minor tick for each line would take some 50 ms."""
    edges = np.arange(1, classes) - 0.5
    look: dict[str, Any] = {"color": theme().background, "linewidth": 1.5}
    axes.hlines(edges, -0.5, classes - 0.5, **look)
    axes.vlines(edges, -0.5, classes - 0.5, **look)


def _write_counts(axes: Axes, counts: Counts, shares: Counts) -> None:
    """Write each count and its rate, small enough for the cell.

    Zeros off the diagonal are faint, so that mistakes stand out.
    """
    look = theme()
    digits = len(f"{int(counts.max(initial=0)):,}")
    cell_points = 72 * _inches(len(counts)) / len(counts)
    size = min(12.0, 0.8 * cell_points / (0.62 * digits))
    for (row, column), count in np.ndenumerate(counts):
        plain = look.text if count or row == column else look.fainter
        colour = look.on_shade if shares[row, column] >= _STRONG_FROM else plain
        # The layout need not measure texts that lie within the axes anyway.
        look_of: dict[str, Any] = {"ha": "center", "color": colour, "in_layout": False}
        if count:
            axes.text(column, row + 0.02, f"{int(count):,}", va="bottom", fontsize=size, **look_of)
            axes.text(
                column, row + 0.08, rate(float(shares[row, column])), va="top", fontsize=_RATE_SIZE * size, **look_of
            )
        else:
            axes.text(column, row, "0", va="center", fontsize=size, **look_of)


def rate(share: float) -> str:
    """A share above 0 in tenths of a percent; only all is 100 %."""
    tenths = round(1000 * share)
    if tenths == 0:
        return "<0.1 %"
    return f"{(min(tenths, 999) if share < 1 else 1000) / 10:g} %"


def _write_names(axes: Axes, names: Sequence[str], group: int) -> None:
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
    axes.set_xlabel(say("predicted ({group} neighbouring classes a cell)" if group > 1 else "predicted", group=group))
    axes.set_ylabel(say("true ({group} neighbouring classes a cell)" if group > 1 else "true", group=group))
