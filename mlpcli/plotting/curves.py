"""The curves of a run: which metrics there are, their values, colours, and what is thinned out of too many epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlpcli.plotting.axis_limits import drawable
from mlpcli.plotting.style import LIGHT, theme
from mlpcli.runs.read_run import RunCurves

VALIDATION = "val_"
RATE = "learning_rate"
ON_REQUEST = (RATE, "seconds")  # columns that are not metrics, drawn only on request
MOST_POINTS = 4000  # of a curve; a panel is some 600 pixels wide
Values = NDArray[np.float64]


def metrics_of(runs: Sequence[RunCurves]) -> list[str]:
    """The metrics of all the runs, loss first, without `val_`."""
    columns = dict.fromkeys(column.removeprefix(VALIDATION) for run in runs for column in run.history)
    return sorted((name for name in columns if name not in ("epoch", *ON_REQUEST)), key=lambda name: name != "loss")


SHORT_NAMES = {"acc": "accuracy"}


def with_same_names(runs: Sequence[RunCurves]) -> list[RunCurves]:
    """The runs, with `acc` called `accuracy` where another run calls it so: they share a panel."""
    there = {column.removeprefix(VALIDATION) for run in runs for column in run.history}
    names = {short: name for short, name in SHORT_NAMES.items() if name in there}
    return [replace(run, history=_renamed(run.history, names)) for run in runs]


def _renamed(history: dict[str, list[float]], names: dict[str, str]) -> dict[str, list[float]]:
    """The columns under their other names; one that has both keeps them."""
    own = {short: name for short, name in names.items() if not {name, VALIDATION + name} & history.keys()}
    own |= {VALIDATION + short: VALIDATION + name for short, name in own.items()}
    return {own.get(column, column): values for column, values in history.items()}


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
    of_training, of_validation = theme().colours[:2]
    if metric in run.history:
        behind = colour is not None and VALIDATION + metric in run.history
        curves.append(_curve(run, metric, colour or of_training, "--" if behind else "-", behind))
    if VALIDATION + metric in run.history:
        curves.append(_curve(run, VALIDATION + metric, colour or of_validation))
    return curves


def run_colours(count: int) -> list[str]:
    """A colour per run: up to seven that colour-blind readers can tell apart, else a scale of brightness."""
    colours = theme().colours
    if count <= len(colours):
        return list(colours[:count])
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    ends = (0.0, 0.92) if theme() is LIGHT else (0.3, 1.0)  # without what the background would swallow
    return [to_hex(colormaps["viridis"](place)) for place in np.linspace(*ends, count)]


def _curve(run: RunCurves, column: str, colour: str, dash: str = "-", faint: bool = False) -> Curve:
    values = np.array(run.history[column], dtype=np.float64)
    epochs = np.array(run.history.get("epoch", range(1, len(values) + 1)), dtype=np.float64)
    return Curve(epochs, np.where(drawable(values), values, np.nan), colour, dash, faint)


def thinned(curve: Curve) -> Curve:
    """Of too many epochs the lowest and the highest value of each stretch, in their order; a stretch of gaps is one."""
    step = stretch_of(curve)
    kept: list[int] = []
    for start in range(0, len(curve.values), step) if step > 1 else ():
        piece = curve.values[start : start + step]
        there = np.flatnonzero(np.isfinite(piece))
        extremes = {there[piece[there].argmin()], there[piece[there].argmax()]} if there.size else {0}
        kept += sorted(start + int(place) for place in extremes)
    return replace(curve, epochs=curve.epochs[kept], values=curve.values[kept]) if step > 1 else curve


def smoothed(curve: Curve, share: float) -> Curve:
    """The exponential mean: each point has `share` of the one before it; gaps stay gaps.

    The first points are not drawn towards 0: the weights are those of Adam's bias correction (Kingma and Ba, 2015).
    """
    mean = weight = 0.0
    values = np.full_like(curve.values, np.nan)
    for place in np.flatnonzero(np.isfinite(curve.values)):
        mean = share * mean + (1 - share) * curve.values[place]
        weight = share * weight + (1 - share)
        values[place] = mean / weight
    return replace(curve, values=values)


def rates_of(runs: Sequence[RunCurves], colours: Sequence[str]) -> list[Curve]:
    """The learning rates of the runs, a curve each; none where no rate changes over its run."""
    if not any(len(set(run.history.get(RATE, []))) > 1 for run in runs):
        return []
    return [_curve(run, RATE, colour) for run, colour in zip(runs, colours, strict=True) if RATE in run.history]


def stretch_of(curve: Curve) -> int:
    """How many epochs are drawn as two."""
    return -(-len(curve.values) // (MOST_POINTS // 2)) if len(curve.values) > MOST_POINTS else 1
