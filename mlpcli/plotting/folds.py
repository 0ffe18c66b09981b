"""The folds of a cross-validation: the score of each, and below it the learning curves of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from mlpcli.language import say, term
from mlpcli.plotting.axis_limits import is_bounded
from mlpcli.plotting.curves import run_colours
from mlpcli.plotting.learning_curves import panels_of
from mlpcli.plotting.legend import add_legend, entries_of, legend_height
from mlpcli.plotting.panel import draw_panel
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.runs.read_run import RunCurves
from mlpcli.text import one_line, with_spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 3
"""Metrics that are shown; history.csv and folds.json have all."""
MOST_TICKS = 20


@dataclass(frozen=True)
class FoldRun:
    """The run of one fold. scores: metric to its score on the rows that it held out; empty before it is finished."""

    fold: int
    curves: RunCurves
    scores: dict[str, float]


def folds_figure(runs: Sequence[FoldRun], title: str) -> Figure:
    """Above, a dot for each run at its fold, with the mean and a standard deviation to both sides.

    Raises:
        UserError: the histories have no metrics.
    """
    curves, metrics = panels_of([run.curves for run in runs], None)
    shown = metrics[:MOST_PANELS]
    entries = entries_of(curves, shown)
    with drawing_style(fonts_for([title, *shown, *(entry.label for entry in entries)]).families):
        width = 5.0 * len(shown) + 1.0
        figure = new_figure(width, 6.6 + legend_height(entries, width))
        grid = figure.add_gridspec(2, len(shown), height_ratios=[2.6, 3.6])
        for column, metric in enumerate(shown):
            _draw_scores(figure.add_subplot(grid[0, column]), metric, runs)
            draw_panel(figure.add_subplot(grid[1, column]), metric, curves)
        set_title(figure, title)
        add_legend(figure, entries, width)
        return figure


def _draw_scores(axes: Axes, metric: str, runs: Sequence[FoldRun]) -> None:
    colours = run_colours(len(runs))
    found = [
        (run.fold, run.scores[metric], colour)
        for run, colour in zip(runs, colours, strict=True)
        if metric in run.scores
    ]
    folds = sorted({run.fold for run in runs})
    axes.set_xlim(folds[0] - 0.5, folds[-1] + 0.5)
    axes.set_xticks(folds[:: -(-len(folds) // MOST_TICKS)])
    axes.set_xlabel(say("fold"))
    name = one_line(term(metric).replace("_", " "), 40)
    axes.set_ylabel(name)
    values = [value for _, value, _ in found if isfinite(value)]
    if not values:
        axes.text(0.5, 0.5, say("not scored yet"), transform=axes.transAxes, ha="center", va="center")
        axes.set_yticks([])
        return
    mean, deviation = fmean(values), stdev(values) if len(values) > 1 else None
    around = (mean - (deviation or 0), mean + (deviation or 0))
    _set_limits(axes, metric, [*values, *around])
    axes.axhspan(*around, color=theme().grid, zorder=0, linewidth=0)
    axes.axhline(mean, color=theme().faint, linewidth=1.2, zorder=1)
    look: dict[str, Any] = {"markersize": 7.5, "markeredgecolor": theme().background, "zorder": 3, "clip_on": False}
    for fold, value, colour in found:
        axes.plot([fold], [value], "o", color=colour, **look)
    axes.set_title(say("held-out rows: {score}", score=with_spread(mean, deviation)), loc="left", fontsize="medium")


def _set_limits(axes: Axes, metric: str, values: Sequence[float]) -> None:
    """All values, with air above and below; a share ends at 0 and 1."""
    low, high = min(values), max(values)
    air = AIR * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - air, high + air
    axes.set_ylim(*((max(0.0, low), min(1.0, high)) if is_bounded(metric) else (low, high)))


AIR = 0.1
"""Of the height."""
