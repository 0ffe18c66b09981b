"""The curves of a run: their values, and the colour and dash of each line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpcli.plotting.axis_limits import drawable
from mlpcli.plotting.style import BLUE, COLOURS, VERMILION

VALIDATION = "val_"

Values = NDArray[np.float64]


@dataclass(frozen=True)
class RunCurves:
    """One run's history: column to one value per epoch, `epoch` (from 1) among them; NaN and infinity are gaps."""

    label: str
    history: dict[str, list[float]]
    best_epoch: int | None = None


@dataclass(frozen=True)
class Curve:
    """One line: its epochs and values (same shape, NaN where there is a gap) and its look."""

    epochs: Values
    values: Values
    colour: str
    dash: str = "-"
    faint: bool = False


def curves_of(run: RunCurves, metric: str, colour: str | None) -> list[Curve]:
    """Training, then validation, as far as there are; without a colour of the run's own, one colour for each."""
    curves = []
    if metric in run.history:
        behind = colour is not None and VALIDATION + metric in run.history
        curves.append(_curve(run, metric, colour or BLUE, "--" if behind else "-", behind))
    if VALIDATION + metric in run.history:
        curves.append(_curve(run, VALIDATION + metric, colour or VERMILION))
    return curves


def run_colours(count: int) -> list[str]:
    """A colour per run: told apart by any eye up to seven, along one scale of brightness beyond."""
    if count <= len(COLOURS):
        return list(COLOURS[:count])
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["viridis"](place)) for place in np.linspace(0.0, 0.92, count)]


def _curve(run: RunCurves, column: str, colour: str, dash: str = "-", faint: bool = False) -> Curve:
    values = np.array(run.history[column], dtype=np.float64)
    epochs = np.array(run.history.get("epoch", range(1, len(values) + 1)), dtype=np.float64)
    return Curve(epochs, np.where(drawable(values), values, np.nan), colour, dash, faint)
