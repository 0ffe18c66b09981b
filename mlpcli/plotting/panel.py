"""One panel: the curves of a metric, the best epoch, and the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say, term
from mlpcli.plotting.axis_limits import Scale, choose_scale, epoch_ticks, given_scale
from mlpcli.plotting.curves import Curve, curves_of, run_colours, smoothed, stretch_of, thinned
from mlpcli.plotting.picture_options import NO_OPTIONS, PictureOptions
from mlpcli.plotting.style import number, theme
from mlpcli.runs.read_run import RunCurves
from mlpcli.text import one_line, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DOTS_UP_TO = 15  # epochs; with more, the dots run into each other
CARET_UP, CARET_DOWN = 6, 7  # markers of matplotlib whose tip is on the point
MOST_TICKS = 10
NEAR_THE_SIDE = 0.1  # of the panel's width; a centred text would stand out
THIN_FROM = 500  # epochs; the noise of many would make a broad band


def draw_panel(axes: Axes, metric: str, runs: Sequence[RunCurves], options: PictureOptions = NO_OPTIONS) -> None:
    """Draw `metric` and `val_` + metric of every run that has them, as the options say.

    Raises:
        UserError: nothing is to be seen within the limits, or the scale does not fit the values.
    """
    ylim, smooth = options.ylim, options.smooth
    alone = len(runs) == 1
    of_runs = [
        curves_of(run, metric, None if alone else colour)
        for run, colour in zip(runs, run_colours(len(runs)), strict=True)
    ]
    drawn = [curve for curves in of_runs for curve in curves]
    best = [spot for run, curves in zip(runs, of_runs, strict=True) if (spot := _spot_at(run.best_epoch, curves))]
    values = [curve.values.tolist() for curve in drawn]
    kept = [spot.value for spot in best]
    scale = (
        given_scale(metric, values, *ylim, options.scale) if ylim else choose_scale(metric, values, kept, options.scale)
    )
    for curve in drawn:
        shown = thinned(_on_chart(curve, scale))
        _draw_curve(axes, shown, behind=smooth is not None)
        if smooth is not None:
            _draw_curve(axes, thinned(_on_chart(smoothed(curve, smooth), scale)), dots=False)
    for spot in best:
        _mark_best(axes, spot, alone)
    if alone and runs[0].stopped_of is not None and (end := _spot_at(int(drawn[-1].epochs[-1]), drawn)):
        edge: dict[str, Any] = {"markeredgecolor": theme().background, "markeredgewidth": 1.2}
        axes.plot([end.epoch], [end.value], "s", color=theme().faint, markersize=6.5, zorder=3, **edge)
    _finish(axes, metric, drawn, scale)
    if alone and best:
        _write_best(axes, best[0])


def _on_chart(curve: Curve, scale: Scale | None) -> Curve:
    """The curve without what leaves the chart: a line to it would look like a jump."""
    if scale is None or not scale.off_chart:
        return curve
    inside = (curve.values >= scale.low) & (curve.values <= scale.high)
    return replace(curve, values=np.where(inside, curve.values, np.nan))


def draw_rates(axes: Axes, curves: Sequence[Curve]) -> None:
    """The learning rates of the runs, on a scale of their own."""
    for curve in curves:
        _draw_curve(axes, thinned(curve), dots=False)
    scale = choose_scale("learning_rate", [curve.values.tolist() for curve in curves])
    _finish(axes, "learning_rate", curves, scale)


def _draw_curve(axes: Axes, curve: Curve, dots: bool = True, behind: bool = False) -> None:
    """behind: as the faint curve behind its mean."""
    there = np.isfinite(curve.values)
    shown = there if dots and len(there) <= DOTS_UP_TO and not behind else _between_gaps(there)
    axes.plot(
        curve.epochs,
        curve.values,
        curve.dash,
        color=curve.colour,
        linewidth=1.0 if len(there) > THIN_FROM or behind else 1.3 if curve.faint else 1.9,
        alpha=0.3 if behind else 0.6 if curve.faint else 1.0,
        marker="o",
        markersize=3.5,
        markevery=[int(place) for place in np.flatnonzero(shown)],
    )


def _between_gaps(there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which values have no neighbour (boolean, same shape): a line would not show them."""
    padded = np.concatenate([[False], there, [False]])
    neighbours: NDArray[np.bool_] = padded[:-2] | padded[2:]
    return there & ~neighbours


@dataclass(frozen=True)
class _Spot:
    """An epoch on a curve."""

    epoch: int
    value: float
    colour: str


def _spot_at(epoch: int | None, curves: Sequence[Curve]) -> _Spot | None:
    """An epoch on the last of a run's curves, which is validation if there is one; None if it has no value."""
    if epoch is None or not curves:
        return None
    curve = curves[-1]
    places = np.flatnonzero((curve.epochs == epoch) & np.isfinite(curve.values))
    return _Spot(epoch, float(curve.values[places[0]]), curve.colour) if places.size else None


def _mark_best(axes: Axes, spot: _Spot, alone: bool) -> None:
    """Mark the best epoch with a dot, and for a single run with a thin vertical line."""
    edge: dict[str, Any] = {"markeredgecolor": theme().background, "markeredgewidth": 1.4}
    axes.plot([spot.epoch], [spot.value], "o", color=spot.colour, markersize=7.5, zorder=4, **edge)
    if alone:
        axes.axvline(spot.epoch, color=theme().faint, linewidth=1, linestyle=(0, (4, 3)), zorder=1)


def _write_best(axes: Axes, spot: _Spot) -> None:
    """Write the value at the best epoch above the panel, where its dashed line ends and no curve can run."""
    first, last = axes.get_xlim()
    across = (spot.epoch - first) / (last - first)
    axes.annotate(
        number(spot.value),
        (spot.epoch, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        ha="left" if across < NEAR_THE_SIDE else "right" if across > 1 - NEAR_THE_SIDE else "center",
        va="bottom",
        fontweight="bold",
        color=spot.colour,
        annotation_clip=False,
    )


def _finish(axes: Axes, metric: str, curves: Sequence[Curve], scale: Scale | None) -> None:
    """Set the limits, ticks and labels of the axes."""
    label = one_line(term(metric).replace("_", " "), 40)
    if scale is None:
        axes.text(
            0.5, 0.5, say("no finite value"), transform=axes.transAxes, ha="center", va="center", color=theme().faint
        )
        axes.set_yticks([])
    else:
        _draw_scale(axes, scale, curves)
    axes.set_ylabel(f"{label} ({scale.remark})" if scale and scale.remark else label)
    stretch = max(map(stretch_of, curves))
    below = say("epoch (lowest and highest of every {epochs:,})" if stretch > 1 else "epoch", epochs=stretch)
    letters = 11 * _inches_across(axes)
    axes.set_xlabel("\n".join(wrapped(line, letters) for line in (below, scale.off_chart if scale else "") if line))
    first, last = min(curve.epochs.min() for curve in curves), max(curve.epochs.max() for curve in curves)
    air = 0.02 * (last - first) or 0.5
    axes.set_xlim(first - min(air, 0.5), last + air)
    _draw_epoch_ticks(axes, int(first), int(last))


def _draw_scale(axes: Axes, scale: Scale, curves: Sequence[Curve]) -> None:
    """Set scale and limits; what leaves the chart gets a triangle on its edge."""
    if scale.log:
        plain_log_ticks(axes)
    axes.set_ylim(scale.low, scale.high)
    axes.yaxis.get_offset_text().set_horizontalalignment("right")  # beside the value of a best epoch at the left
    if scale.off_chart:
        for curve in curves:
            _mark_off_chart(axes, curve, curve.values < scale.low, scale.low, CARET_DOWN)
            _mark_off_chart(axes, curve, curve.values > scale.high, scale.high, CARET_UP)


def plain_log_ticks(axes: Axes) -> None:
    """Make the y axis logarithmic, with plain numbers (0.01, 20) instead of powers of ten.

    They stand at 1, 2 and 5, or where there is no room at 1 alone; the room is known when the figure is drawn.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    class Ticks(LogLocator):
        def tick_values(self, vmin: float, vmax: float) -> Any:
            close = 1.4 * axes.yaxis.get_tick_space()  # it leaves a line between two numbers
            self.set_params(subs=(1.0, 2.0, 5.0) if 3 * math.log10(vmax / vmin) <= close else (1.0,))
            return super().tick_values(vmin, vmax)

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(Ticks(numticks=9))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _mark_off_chart(axes: Axes, curve: Curve, off: NDArray[np.bool_], edge: float, marker: int) -> None:
    """A triangle per value, with its tip on the edge of the chart."""
    epochs = curve.epochs[off]
    if epochs.size:
        look: dict[str, Any] = {"marker": marker, "markersize": 8, "linestyle": "none", "color": curve.colour}
        axes.plot(epochs, np.full_like(epochs, edge), **look, clip_on=False, zorder=5)


def _draw_epoch_ticks(axes: Axes, first: int, last: int) -> None:
    """As many as have room."""
    room = int(_inches_across(axes) / (0.1 + 0.085 * len(f"{last:,}")))
    ticks = epoch_ticks(first, last, min(MOST_TICKS, max(3, room)))
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])


def _inches_across(axes: Axes) -> float:
    """What the layout will leave of a narrow panel."""
    return 0.85 * axes.bbox.width / axes.figure.dpi
