"""One panel: the curves of a metric, the best epoch, and the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.plotting.axis_limits import Scale, choose_scale, epoch_ticks
from mlpcli.plotting.curves import Curve, curves_of, run_colours, stretch_of, thinned
from mlpcli.plotting.picture_options import Pair
from mlpcli.plotting.style import FAINT, number, plain_log_ticks
from mlpcli.runs.read_run import RunCurves
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DOTS_UP_TO = 15  # epochs; with more, the dots run into each other
MOST_TICKS = 10
NEAR_THE_SIDE = 0.1  # of the panel's width; a centred text would stand out
THIN_FROM = 500  # epochs; the noise of many would make a broad band


def draw_panel(axes: Axes, metric: str, runs: Sequence[RunCurves], ylim: Pair | None = None) -> None:
    """Draw `metric` and `val_` + metric of every run that has them, within limits that may be given."""
    drawn = []
    for run, colour in zip(runs, run_colours(len(runs)), strict=True):
        curves = curves_of(run, metric, None if len(runs) == 1 else colour)
        for curve in curves:
            _draw_curve(axes, thinned(curve))
        if curves:
            _mark_best(axes, run.best_epoch, curves[-1], alone=len(runs) == 1)
        drawn += curves
    _finish(axes, metric, drawn, ylim)
    if len(runs) == 1:
        _write_best(axes, runs[0].best_epoch, drawn[-1])


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


def _write_best(axes: Axes, best_epoch: int | None, curve: Curve) -> None:
    """Write the value at the best epoch above the panel, where its dashed line ends and no curve can run."""
    value = _value_at(curve, best_epoch)
    if best_epoch is None or value is None:
        return
    across = axes.transAxes.inverted().transform(axes.transData.transform((best_epoch, value)))[0]
    axes.annotate(
        number(value),
        (best_epoch, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        ha="left" if across < NEAR_THE_SIDE else "right" if across > 1 - NEAR_THE_SIDE else "center",
        va="bottom",
        fontweight="bold",
        color=curve.colour,
        annotation_clip=False,
    )


def _value_at(curve: Curve, epoch: int | None) -> float | None:
    """The curve's value at an epoch; None if it has none."""
    places = np.flatnonzero((curve.epochs == epoch) & np.isfinite(curve.values))
    return float(curve.values[places[0]]) if places.size else None


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
    stretch = max(map(stretch_of, curves))
    axes.set_xlabel(f"epoch (lowest and highest of every {stretch:,})" if stretch > 1 else "epoch")
    first, last = min(curve.epochs.min() for curve in curves), max(curve.epochs.max() for curve in curves)
    air = 0.02 * (last - first) or 0.5
    axes.set_xlim(first - min(air, 0.5), last + air)
    _draw_epoch_ticks(axes, int(first), int(last))


def _draw_epoch_ticks(axes: Axes, first: int, last: int) -> None:
    """As many as have room."""
    width = 0.85 * axes.bbox.width / axes.figure.dpi  # what the layout leaves of a narrow panel
    room = int(width / (0.1 + 0.085 * len(f"{last:,}")))
    ticks = epoch_ticks(first, last, min(MOST_TICKS, max(3, room)))
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
