"""Draws loss and metrics against epochs, for one run or several, with a legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.errors import UserError
from mlpcli.language import say
from mlpcli.plotting.curves import (
    ON_REQUEST,
    SHORT_NAMES,
    VALIDATION,
    metrics_of,
    rates_of,
    run_colours,
    with_same_names,
)
from mlpcli.plotting.legend import LegendEntry, add_legend, entries_of, legend_height
from mlpcli.plotting.panel import draw_panel, draw_rates
from mlpcli.plotting.picture_options import LONGEST_TITLE, NO_OPTIONS, Pair, PictureOptions
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.runs.read_run import RunCurves
from mlpcli.text import did_you_mean, listed, one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MOST_PANELS = 24


def learning_curves(
    runs: Sequence[RunCurves],
    metric: str | None = None,
    title: str | None = None,
    options: PictureOptions = NO_OPTIONS,
) -> Figure:
    """One panel per metric, or the panel of `metric` alone, with training and validation in the same panel.

    What is too much to be seen is thinned out, and the picture says so: metrics from the 25th on, and of thousands of
    epochs all but the lowest and highest value of each stretch.

    One run: a colour each for training and validation, and the best epoch marked. Several: a colour per run,
    training dashed, and a legend of their labels. The title is the run's label unless given; the one among the
    options goes before it.

    Raises:
        UserError: no run has the metric, or none has any; or an option does not fit the picture: limits for several
            panels or without a value, other than a name per curve (of several runs: per run), too small a size.
    """
    runs, every = panels_of(runs, metric)
    metrics = every[:MOST_PANELS]
    if options.ylim and len(metrics) > 1:
        choice = f"choose one, such as --metric {metrics[-1]}"
        raise UserError(f"--ylim: works only with one panel, but there are {len(metrics)}; {choice}")
    title = options.title or _title(runs, title, len(metrics), len(every))
    entries = entries_of(runs, metrics, options.legend)
    with drawing_style(fonts_for([title, *metrics, *(entry.label for entry in entries)]).families):
        return _compose(runs, metrics, title, entries, options)


def panels_of(runs: Sequence[RunCurves], metric: str | None) -> tuple[list[RunCurves], list[str]]:
    """The runs with the same names for the same metrics, and the metrics, or the one that shows `metric`.

    Raises:
        UserError: no run has the metric, or none has any.
    """
    runs = with_same_names(runs)
    metrics = [_known(metric, runs)] if metric else metrics_of(runs)
    if not metrics:
        raise UserError("the history has no metrics, only epochs; train again")
    return runs, metrics


def _title(runs: Sequence[RunCurves], title: str | None, shown: int, metrics: int) -> str:
    title = one_line(title or (runs[0].label if len(runs) == 1 else say("{runs} runs", runs=len(runs))), LONGEST_TITLE)
    if shown == metrics:
        return title
    return say(
        "{title} ({shown} of {metrics:,} metrics; --metric draws any other)", title=title, shown=shown, metrics=metrics
    )


def _compose(
    runs: Sequence[RunCurves],
    metrics: Sequence[str],
    title: str,
    entries: Sequence[LegendEntry],
    options: PictureOptions,
) -> Figure:
    """Up to three panels in a row (four make a square), a title above, the legend below."""
    columns = 2 if len(metrics) == 4 else min(len(metrics), 3)
    rows = -(-len(metrics) // columns)
    width, height = options.size or (5.0 * columns + 1.0, 0.0)
    if options.size:
        _check_size(options.size, columns, rows, entries)
    colours = run_colours(len(runs)) if len(runs) > 1 else theme().colours[2:3]  # one that no curve of a run has
    rates = rates_of(runs, colours) if len(metrics) > 1 and not options.any_of_panels else []
    below = RATES_INCHES if rates else 0.0
    figure = new_figure(width, height or 3.6 * rows + below + 0.5 + legend_height(entries, width))
    heights = [3.6] * rows + [below] * bool(rates)
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    for place, metric in enumerate(metrics):
        draw_panel(figure.add_subplot(grid[place // columns, place % columns]), metric, runs, options)
    if rates:
        draw_rates(figure.add_subplot(grid[rows, :]), rates)
    set_title(figure, title, grow=options.size is None)
    add_legend(figure, entries, width)
    return figure


RATES_INCHES = 1.7
"""Height of the panel of learning rates."""


LEAST_PANEL = (1.9, 1.5)  # inches; in less, the axis has no room beside its labels


def _check_size(size: Pair, columns: int, rows: int, entries: Sequence[LegendEntry]) -> None:
    """Refuse a size that cannot hold the panels, the title and the legend."""
    wide = max(LEAST_PANEL[0] * columns, size[0])
    high = max(LEAST_PANEL[1] * rows + 0.4 + legend_height(entries, wide), size[1])
    if size != (wide, high):
        least = f"{np.ceil(10 * wide) / 10:g}x{np.ceil(10 * high) / 10:g}"
        fewer = ", or choose one panel with --metric" if columns > 1 else ""
        raise UserError(f"--size: {size[0]:g}x{size[1]:g} inches are too small for this picture; give {least}{fewer}")


def _known(metric: str, runs: Sequence[RunCurves]) -> str:
    """The panel that shows `metric`; `val_loss` shares one with `loss`, and `acc` with `accuracy`."""
    there = metrics_of(runs)
    on_request = [name for name in ON_REQUEST if any(name in run.history for run in runs)]
    name = metric.removeprefix(VALIDATION)
    name = SHORT_NAMES.get(name, name) if name not in there else name
    if name in there or metric in on_request:
        return name
    known = [*there, *on_request]
    near = did_you_mean(name, known)
    raise UserError(f'metric "{metric}" is not in the history; available: {listed(known, MOST_PANELS)}{near}')
