"""Draws the line or curve that a regression with one input puts through its points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say
from mlpcli.plotting.axis_limits import drawable
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.predicted_against_true import title_of, with_unit
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Values = NDArray[np.float64]
STRAIGHT = 1e-4
"""Of the range of a curve: one that is nowhere further from a line is one."""


def fitted_curve_figure(evaluation: Mapping[str, Any], run: str = "") -> Figure:
    """A dot per row, target against input, and what the model predicts in between.

    Args:
        evaluation: `sample` with `input` and `true`, and `curve` with `input` and `predicted` (as many numbers each);
            `r2`, `mae`, `rmse`, `rows`, `split`, `target_name`, `target_unit` and `input_name` if
            known.
        run: its name, which goes into the title.

    Raises:
        ValueError: the numbers of a pair differ.
    """
    x, y = _pair(evaluation["sample"], "input", "true")
    curve_x, curve_y = _pair(evaluation["curve"], "input", "predicted")
    target = one_line(evaluation.get("target_name") or "y", 40)
    name = one_line(evaluation.get("input_name") or "x", 40)
    axis = with_unit(target, evaluation.get("target_unit"))
    line = equation(curve_x, curve_y, name, target)
    of_rows, of_curve = theme().colours[:2]
    with drawing_style(fonts_for([run, name, axis]).families):
        figure = new_figure(6.4, 5.2)
        axes = figure.add_subplot()
        crowd = float(np.clip(8.0 / np.sqrt(max(x.size, 1)), 0.15, 0.75))
        axes.scatter(x, y, s=26, color=of_rows, alpha=crowd, linewidths=0, label=say("rows"))
        axes.plot(curve_x, curve_y, color=of_curve, label=line or say("model"))
        axes.set_xlabel(name)
        axes.set_ylabel(axis)
        axes.legend()
        set_title(figure, one_line(run, LONGEST_TITLE), title_of(evaluation, x.size))
    return figure


def equation(x: Values, y: Values, name: str, target: str) -> str | None:
    """`weight = 2 x height + 1` where the points of a curve, in ascending order of x, lie on a line; else None."""
    if x.size < 2 or x[-1] <= x[0]:
        return None
    slope = (y[-1] - y[0]) / (x[-1] - x[0])
    constant = y[0] - slope * x[0]
    off = np.abs(slope * x + constant - y).max()
    if not off <= STRAIGHT * max(float(np.ptp(y)), STRAIGHT * float(np.abs(y).max())):
        return None
    return f"{target} = {slope:.4g} x {name} {'-' if constant < 0 else '+'} {abs(constant):.4g}"


def _pair(values: Mapping[str, Any], first: str, second: str) -> tuple[Values, Values]:
    """Two lists of numbers, without the places where one cannot be drawn."""
    one, other = (np.array(values[key], dtype=np.float64).ravel() for key in (first, second))
    if one.shape != other.shape:
        raise ValueError(f"has {one.size} values of {first} and {other.size} of {second}")
    shown = drawable(one) & drawable(other)
    return one[shown], other[shown]
