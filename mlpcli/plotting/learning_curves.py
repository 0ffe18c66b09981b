"""Draws loss and metrics against epochs, for one run or several, with a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mlpcli.errors import UserError
from mlpcli.plotting.axis_limits import Scale, choose_scale, drawable
from mlpcli.plotting.picture_options import LONGEST_NAME, LONGEST_TITLE, NO_OPTIONS, Pair, PictureOptions
from mlpcli.plotting.style import (
    BLUE,
    COLOURS,
    FAINT,
    TEXT,
    VERMILION,
    drawing_style,
    fonts_for,
    integer_ticks,
    new_figure,
    number,
    plain_log_ticks,
    set_title,
)
from mlpcli.runs.read_run import RunCurves
from mlpcli.text import did_you_mean, display_width, listed, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


ON_REQUEST = ("learning_rate", "seconds")  # columns that are not metrics, drawn only on request
MOST_PANELS = 24


def metrics_of(runs: Sequence[RunCurves]) -> list[str]:
    """The metrics of all the runs, loss first, without `val_`."""
    columns = dict.fromkeys(column.removeprefix(VALIDATION) for run in runs for column in run.history)
    return sorted((name for name in columns if name not in ("epoch", *ON_REQUEST)), key=lambda name: name != "loss")


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
            panels, other than a name per curve (several runs: per run), a size too small for the panels.
    """
    every = [_known(metric, runs)] if metric else metrics_of(runs)
    metrics = every[:MOST_PANELS]
    if not metrics:
        raise UserError("the history has no metrics, only epochs; train again")
    if options.ylim and len(metrics) > 1:
        raise UserError(f"--ylim: is for one panel, and there are {len(metrics)}; add --metric, such as {metrics[-1]}")
    title = one_line(
        options.title or title or (runs[0].label if len(runs) == 1 else f"{len(runs)} runs"), LONGEST_TITLE
    )
    if len(metrics) < len(every) and not options.title:
        title = f"{title} ({len(metrics)} of {len(every):,} metrics; --metric draws any other)"
    entries = entries_of(runs, metrics) if options.legend is None else _renamed(runs, metrics, options.legend)
    with drawing_style(fonts_for([title, *metrics, *(entry.label for entry in entries)]).families):
        return _compose(runs, metrics, title, entries, options)


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
    figure = new_figure(width, height or 3.6 * rows + 0.5 + legend_height(entries, width))
    for place, metric in enumerate(metrics, start=1):
        draw_panel(figure.add_subplot(rows, columns, place), metric, runs, options.ylim)
    set_title(figure, title)
    add_legend(figure, entries, width)
    return figure


LEAST_PANEL = (1.9, 1.5)  # inches; in less, the axis has no room beside its labels


def _check_size(size: Pair, columns: int, rows: int, entries: Sequence[LegendEntry]) -> None:
    """Refuse a size that cannot hold the panels, the title and the legend."""
    wide = max(LEAST_PANEL[0] * columns, legend_width(entries))
    high = LEAST_PANEL[1] * rows + 0.4 + legend_height(entries, max(size[0], wide))
    if size[0] >= wide and size[1] >= high:
        return
    least = f"{np.ceil(10 * wide) / 10:g}x{np.ceil(10 * high) / 10:g}"
    fewer = "; or --metric for one panel" if columns > 1 else ""
    raise UserError(
        f"--size: {size[0]:g}x{size[1]:g} inches are too small for this picture; give at least {least}{fewer}"
    )


def _known(metric: str, runs: Sequence[RunCurves]) -> str:
    """The panel that shows `metric`; `val_loss` shares one with `loss`."""
    there = metrics_of(runs)
    on_request = [name for name in ON_REQUEST if any(name in run.history for run in runs)]
    name = metric.removeprefix(VALIDATION)
    if name in there or metric in on_request:
        return name
    known = [*there, *on_request]
    near = did_you_mean(name, known)
    raise UserError(f'metric "{metric}" is not in the history; available: {listed(known, MOST_PANELS)}{near}')


DOTS_UP_TO = 15  # epochs; with more, the dots run into each other
THIN_FROM = 500  # epochs; the noise of many would make a broad band
MOST_POINTS = 4000  # of a curve; a panel is some 600 pixels wide


def draw_panel(axes: Axes, metric: str, runs: Sequence[RunCurves], ylim: Pair | None = None) -> None:
    """Draw `metric` and `val_` + metric of every run that has them, within limits that may be given."""
    drawn = []
    for run, colour in zip(runs, run_colours(len(runs)), strict=True):
        curves = curves_of(run, metric, None if len(runs) == 1 else colour)
        for curve in curves:
            _draw_curve(axes, _thinned(curve))
        if curves:
            _mark_best(axes, run.best_epoch, curves[-1], alone=len(runs) == 1)
        drawn += curves
    _finish(axes, metric, drawn, ylim)
    if len(runs) == 1:
        _write_best(axes, runs[0].best_epoch, drawn)


def _thinned(curve: Curve) -> Curve:
    """Of too many epochs the lowest and the highest value of each stretch, in their order; a stretch of gaps is one."""
    step = _stretch(curve)
    kept: list[int] = []
    for start in range(0, len(curve.values), step) if step > 1 else ():
        piece = curve.values[start : start + step]
        there = np.flatnonzero(np.isfinite(piece))
        extremes = {there[piece[there].argmin()], there[piece[there].argmax()]} if there.size else {0}
        kept += sorted(start + int(place) for place in extremes)
    return replace(curve, epochs=curve.epochs[kept], values=curve.values[kept]) if step > 1 else curve


def _stretch(curve: Curve) -> int:
    """How many epochs are drawn as two."""
    return -(-len(curve.values) // (MOST_POINTS // 2)) if len(curve.values) > MOST_POINTS else 1


def _draw_curve(axes: Axes, curve: Curve) -> None:
    there = np.isfinite(curve.values)
    dots = there if len(there) <= DOTS_UP_TO else _between_gaps(there)
    axes.plot(
        curve.epochs,
        curve.values,
        curve.dash,
        color=curve.colour,
        linewidth=1.0 if len(there) > THIN_FROM else 1.3 if curve.faint else 1.9,
        alpha=0.6 if curve.faint else 1.0,
        marker="o",
        markersize=3.5,
        markevery=[int(place) for place in np.flatnonzero(dots)],
    )


def _between_gaps(there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which values have no neighbour (boolean, same shape): a line would not show them."""
    padded = np.concatenate([[False], there, [False]])
    neighbours: NDArray[np.bool_] = padded[:-2] | padded[2:]
    return there & ~neighbours


def _mark_best(axes: Axes, best_epoch: int | None, curve: Curve, alone: bool) -> None:
    """Mark the best epoch with a dot, and for a single run with a thin vertical line."""
    value = _value_at(curve, best_epoch)
    if best_epoch is None or value is None:
        return
    edge: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 1.4}
    axes.plot([best_epoch], [value], "o", color=curve.colour, markersize=7.5, zorder=4, **edge)
    if alone:
        axes.axvline(best_epoch, color=FAINT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)


def _write_best(axes: Axes, best_epoch: int | None, curves: Sequence[Curve]) -> None:
    """Write the value at the best epoch next to its dot, on the side away from the other curve."""
    value, other = _value_at(curves[-1], best_epoch), _value_at(curves[0], best_epoch)
    if best_epoch is None or value is None:
        return
    across, height = axes.transAxes.inverted().transform(axes.transData.transform((best_epoch, value)))
    below = height > 0.9 or (other is not None and other > value and height > 0.1)
    _write_value(axes, best_epoch, value, left=across > 0.84, below=below)


def _value_at(curve: Curve, epoch: int | None) -> float | None:
    """The curve's value at an epoch; None if it has none."""
    places = np.flatnonzero((curve.epochs == epoch) & np.isfinite(curve.values))
    return float(curve.values[places[0]]) if places.size else None


def _write_value(axes: Axes, epoch: int, value: float, left: bool, below: bool) -> None:
    axes.annotate(
        number(value),
        (epoch, value),
        xytext=(-8 if left else 8, -9 if below else 9),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top" if below else "bottom",
        fontweight="bold",
        color=TEXT,
        bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
        zorder=5,
    )


def _finish(axes: Axes, metric: str, curves: Sequence[Curve], ylim: Pair | None) -> None:
    """Set the limits, ticks and labels of the axes."""
    label = one_line(metric.replace("_", " "), 40)
    scale = choose_scale(metric, [curve.values.tolist() for curve in curves])
    if scale is not None and ylim is not None:
        log = scale.log and ylim[0] > 0
        scale = Scale(*ylim, log=log, remark=scale.remark if log else "")
    if scale is None:
        axes.text(0.5, 0.5, "no finite value", transform=axes.transAxes, ha="center", va="center", color=FAINT)
        axes.set_yticks([])
    else:
        if scale.log:
            plain_log_ticks(axes)
        axes.set_ylim(scale.low, scale.high)
    axes.set_ylabel(f"{label} ({scale.remark})" if scale and scale.remark else label)
    stretch = max(map(_stretch, curves))
    axes.set_xlabel(f"epoch (lowest and highest of every {stretch:,})" if stretch > 1 else "epoch")
    first, last = min(curve.epochs.min() for curve in curves), max(curve.epochs.max() for curve in curves)
    air = 0.02 * (last - first) or 0.5
    axes.set_xlim(first - min(air, 0.5), last + air)
    integer_ticks(axes)


Dash = Literal["-", "--", "none"]
MOST_RUNS = 24
BEST = "best epoch"
_LINE_HEIGHT, _LETTER_WIDTH, _HANDLE_WIDTH = 0.23, 0.088, 0.75  # inches


@dataclass(frozen=True)
class LegendEntry:
    """A line of the legend, as (handle, label)."""

    label: str
    colour: str
    dash: Dash = "-"
    marker: str = ""


def entries_of(runs: Sequence[RunCurves], metrics: Sequence[str]) -> list[LegendEntry]:
    """One run: training, validation, best epoch. Several: each run, then what dashes and dots mean."""
    training = any(name in run.history for run in runs for name in metrics)
    validation = any(VALIDATION + name in run.history for run in runs for name in metrics)
    best = [run.best_epoch for run in runs if run.best_epoch is not None]
    if len(runs) > 1:
        return [*_run_entries(runs), *_key_entries(training and validation, bool(best))]
    entries = [LegendEntry("training", BLUE)] if training else []
    entries += [LegendEntry("validation", VERMILION)] if validation else []
    return entries + [LegendEntry(f"{BEST}: {epoch}", FAINT, "--") for epoch in best]


def _renamed(runs: Sequence[RunCurves], metrics: Sequence[str], names: Sequence[str]) -> list[LegendEntry]:
    """The entries with other names for the curves of one run, or for several runs; what else there is keeps its own.

    Raises:
        UserError: not as many names as curves or runs.
    """
    entries = entries_of(runs, metrics)
    curves = sum(not entry.label.startswith(BEST) for entry in entries)
    expected = curves if len(runs) == 1 else len(runs)
    if len(names) != expected:
        labels = listed([entry.label for entry in entries[:curves]], 3)
        what = f"the curves {labels}" if len(runs) == 1 else f"{expected} runs"
        raise UserError(f"--legend: give one name for each of {what}, separated by commas (got {len(names)})")
    if len(runs) > 1:
        return entries_of([replace(run, label=name) for run, name in zip(runs, names, strict=True)], metrics)
    named = [replace(entry, label=name) for entry, name in zip(entries, names, strict=False)]
    return named + entries[curves:]


def legend_width(entries: Sequence[LegendEntry]) -> float:
    """Inches that the longest line of the legend needs."""
    return 0.2 + _HANDLE_WIDTH + _LETTER_WIDTH * max((display_width(entry.label) for entry in entries), default=0)


def legend_height(entries: Sequence[LegendEntry], width: float) -> float:
    """Inches that the legend needs in a figure of that width."""
    return 0.15 + _LINE_HEIGHT * -(-len(entries) // _columns(entries, width))


def add_legend(figure: Figure, entries: Sequence[LegendEntry], width: float) -> None:
    """Draw it below the panels, in as many columns as fit."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=entry.colour, linestyle=entry.dash, marker=entry.marker, markeredgecolor="white")
        for entry in entries
    ]
    labels = [entry.label for entry in entries]
    figure.legend(handles, labels, loc="outside lower left", ncols=_columns(entries, width), columnspacing=1.8)


def _run_entries(runs: Sequence[RunCurves]) -> list[LegendEntry]:
    colours = run_colours(len(runs))
    entries = [
        LegendEntry(one_line(run.label, LONGEST_NAME), colour) for run, colour in zip(runs, colours, strict=True)
    ]
    if len(entries) > MOST_RUNS:
        more = len(entries) - MOST_RUNS + 1
        entries[MOST_RUNS - 1 :] = [LegendEntry(f"and {more} more", FAINT, "none")]
    return entries


def _key_entries(both: bool, best: bool) -> list[LegendEntry]:
    entries = [LegendEntry("training", FAINT, "--"), LegendEntry("validation", FAINT)] if both else []
    return entries + ([LegendEntry(BEST, FAINT, "none", "o")] if best else [])


def _columns(entries: Sequence[LegendEntry], width: float) -> int:
    longest = max((display_width(entry.label) for entry in entries), default=0)
    return max(1, min(len(entries), int((width - 0.2) / (_HANDLE_WIDTH + _LETTER_WIDTH * longest))))


VALIDATION = "val_"
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One line: its epochs and values (same shape, NaN where there is a gap) and its look."""

    epochs: Values
    values: Values
    colour: str
    dash: str = "-"
    faint: bool = False


def curves_of(run: RunCurves, metric: str, colour: str | None) -> list[Curve]:
    """The training and validation curves that exist; without a colour for the run, each has its own."""
    curves = []
    if metric in run.history:
        behind = colour is not None and VALIDATION + metric in run.history
        curves.append(_curve(run, metric, colour or BLUE, "--" if behind else "-", behind))
    if VALIDATION + metric in run.history:
        curves.append(_curve(run, VALIDATION + metric, colour or VERMILION))
    return curves


def run_colours(count: int) -> list[str]:
    """A colour per run: up to seven that colour-blind readers can tell apart, else a scale of brightness."""
    if count <= len(COLOURS):
        return list(COLOURS[:count])
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["viridis"](place)) for place in np.linspace(0.0, 0.92, count)]


def _curve(run: RunCurves, column: str, colour: str, dash: str = "-", faint: bool = False) -> Curve:
    values = np.array(run.history[column], dtype=np.float64)
    epochs = np.array(run.history.get("epoch", range(1, len(values) + 1)), dtype=np.float64)
    return Curve(epochs, np.where(drawable(values), values, np.nan), colour, dash, faint)
