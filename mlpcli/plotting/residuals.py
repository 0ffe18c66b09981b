"""Draws the residuals of a regression against what was predicted: where errors are larger, or of one sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say
from mlpcli.plotting.axis_limits import drawable
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.predicted_against_true import (
    MOST_DOTS,
    MOST_IN_A_ROW,
    MOST_PANELS,
    columns,
    known_targets,
    panel_names,
    scores_of,
    title_of,
)
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


PANEL = (5.0, 3.9)
"""Inches, of one of several."""
BARS = 30
FAR = 5.0
"""Times the residual that 98 of 100 rows stay below: what lies beyond would flatten the rest and leaves the chart."""
Values = NDArray[np.float64]


def residuals_figure(evaluation: Mapping[str, Any], run: str = "") -> Figure:
    """A dot per row, true less predicted against predicted, and how often each residual occurs; a panel per target.

    Args:
        evaluation: as `predicted_against_true_figure` takes it, and `largest_errors` with `true` and `predicted` like
            `sample`, where they are known: they are marked.
        run: its name, which goes into the title.

    Raises:
        ValueError: the numbers of true and predicted values differ.
    """
    true, predicted = _pair(evaluation["sample"])
    largest = _pair(evaluation.get("largest_errors") or {"true": [], "predicted": []}, true.shape[1])
    evaluation = {"rows": len(true), **evaluation}
    targets, step = true.shape[1], max(1, -(-len(true) // MOST_DOTS))
    known = known_targets(evaluation)
    names = panel_names(known, targets)
    across = min(targets, MOST_IN_A_ROW)
    down = -(-min(targets, MOST_PANELS) // across)
    with drawing_style(fonts_for([run, *names]).families):
        figure = new_figure(7.2, 5.0) if targets == 1 else new_figure(PANEL[0] * across, PANEL[1] * down + 0.4)
        grid = figure.add_gridspec(down, 2 * across, width_ratios=[4.5, 1] * across)
        for index, name in enumerate(names):
            place, column = divmod(index, across)
            axes = figure.add_subplot(grid[place, 2 * column])
            beside = figure.add_subplot(grid[place, 2 * column + 1], sharey=axes)
            marked = _residuals(largest[0][:, index], largest[1][:, index])
            _draw(axes, beside, _residuals(true[::step, index], predicted[::step, index]), marked, targets == 1)
            axes.set_xlabel(say("predicted {name}", name=name))
            axes.set_ylabel(say("true − predicted {name}", name=name))
            if targets > 1 and index < len(known):
                axes.set_title(scores_of(known[index]), fontsize=10)
                axes.locator_params(axis="x", nbins=4)  # large numbers would overlap in so narrow a panel
        mean = say(", mean of {targets} targets", targets=targets) if targets > 1 else ""
        set_title(figure, one_line(run, LONGEST_TITLE), f"{title_of(evaluation, len(true[::step]))}{mean}")
    return figure


def _pair(values: Mapping[str, Any], targets: int = 1) -> tuple[Values, Values]:
    """True and predicted values (rows, targets)."""
    true, predicted = (columns(values[key]) for key in ("true", "predicted"))
    if true.shape != predicted.shape or (true.size and true.shape[1] < targets):
        raise ValueError(f"there are {true.size} true and {predicted.size} predicted values")
    return (true, predicted) if true.size else (np.zeros((0, targets)), np.zeros((0, targets)))


def _residuals(true: Values, predicted: Values) -> tuple[Values, Values]:
    """What was predicted (n,), and what the truth has more than that (n,); without what cannot be drawn."""
    shown = drawable(true) & drawable(predicted)
    return predicted[shown], true[shown] - predicted[shown]


def _draw(axes: Axes, beside: Axes, dots: tuple[Values, Values], marked: tuple[Values, Values], labelled: bool) -> None:
    predicted, residuals = dots
    limit = limit_of(residuals, marked[1])
    axes.axhline(0, color=theme().faint, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    crowd = float(np.clip(8.0 / np.sqrt(max(predicted.size, 1)), 0.15, 0.75))
    axes.scatter(predicted, residuals, s=26, color=theme().colours[0], alpha=crowd, linewidths=0)
    _mark(axes, marked, limit, labelled)
    beside.hist(
        residuals, bins=BARS, range=(-limit, limit), orientation="horizontal", color=theme().colours[0], alpha=0.75
    )
    beside.tick_params(labelleft=False, labelbottom=False, length=0)
    beside.grid(visible=False)
    beside.spines["bottom"].set_visible(False)
    axes.set_ylim(-limit, limit)


def limit_of(residuals: Values, largest: Values) -> float:
    """Where the axis ends, up and down: beyond all residuals, unless a few are so far off that they leave it."""
    sizes = np.abs(np.concatenate([residuals, largest]))
    if not sizes.size or not sizes.max():
        return 1.0
    usual = float(np.quantile(np.abs(residuals), 0.98)) if residuals.size else 0.0
    beyond = usual > 0 and sizes.max() > FAR * usual
    return 1.1 * (max(2 * usual, float(sizes[sizes <= FAR * usual].max())) if beyond else float(sizes.max()))


def _mark(axes: Axes, marked: tuple[Values, Values], limit: float, labelled: bool) -> None:
    """Rings around the largest residuals, or arrows at the edge of the chart; the largest of all has its value."""
    colour = theme().colours[1]
    middle = sum(axes.get_xlim()) / 2
    for place, (predicted, residual) in enumerate(zip(*marked, strict=True)):
        inside = abs(residual) <= limit
        height = residual if inside else np.sign(residual) * 0.96 * limit
        ring: dict[str, Any] = {"marker": "o", "markerfacecolor": "none", "markeredgewidth": 1.5}
        ring = ring if inside else {"marker": "^" if residual > 0 else "v"}
        if residual:
            axes.plot([predicted], [height], linestyle="none", color=colour, markersize=8, **ring)
        if residual and labelled and place == 0:
            text = f"{'+' if residual > 0 else '−'}{number(abs(residual))}"
            left, side = (-8, "right") if predicted > middle else (8, "left")
            axes.annotate(
                text, (predicted, height), (left, 0), textcoords="offset points",
                ha=side, va="center", fontsize=9, color=colour,
            )  # fmt: skip
