"""Draws predicted against true values, for regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.plotting.axis_limits import drawable
from mlpcli.plotting.style import BLUE, FAINT, drawing_style, fonts_for, new_figure, number, set_title
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_SCORES = {"r2": "R²", "mae": "MAE", "rmse": "RMSE"}
Values = NDArray[np.float64]


def predicted_against_true_figure(evaluation: Mapping[str, Any]) -> Figure:
    """A dot per row, and the diagonal of perfect predictions.

    Args:
        evaluation: `sample` with `true` and `predicted` (as many numbers each); `r2`, `mae`, `rmse`, `rows`, `split`
            and `target_name` if known.

    Raises:
        ValueError: the numbers of true and predicted values differ.
    """
    true, predicted = (np.array(evaluation["sample"][key], dtype=np.float64).ravel() for key in ("true", "predicted"))
    if true.shape != predicted.shape:
        raise ValueError(f"sample has {true.size} true and {predicted.size} predicted values")
    shown = drawable(true) & drawable(predicted)
    target = one_line(evaluation.get("target_name") or "value", 40)
    with drawing_style(fonts_for([target]).families):
        figure = new_figure(6.4, 6.2)
        axes = figure.add_subplot()
        _draw(axes, true[shown], predicted[shown])
        axes.set_xlabel(f"true {target}")
        axes.set_ylabel(f"predicted {target}")
        set_title(figure, title_of(evaluation, true.size))
    return figure


def title_of(evaluation: Mapping[str, Any], shown: int) -> str:
    """For example `test: R² 0.4772, MAE 41.9, RMSE 53.5 on 89 rows`."""
    scores = [f"{sign} {number(evaluation[key])}" for key, sign in _SCORES.items() if evaluation.get(key) is not None]
    rows = int(evaluation.get("rows", shown))
    part = f" ({shown:,} shown)" if shown < rows else ""
    split = one_line(evaluation.get("split", ""))
    return f"{split}{': ' if split and scores else ' '}{', '.join(scores)} on {rows:,} rows{part}".strip()


def _draw(axes: Axes, true: Values, predicted: Values) -> None:
    values = np.concatenate([true, predicted, [] if true.size else [0.0, 1.0]])
    low, high = float(values.min()), float(values.max())
    air = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    ends = (low - air, high + air)
    axes.plot(ends, ends, color=FAINT, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    crowd = float(np.clip(8.0 / np.sqrt(max(true.size, 1)), 0.15, 0.75))
    axes.scatter(true, predicted, s=26, color=BLUE, alpha=crowd, linewidths=0)
    axes.set(xlim=ends, ylim=ends, aspect="equal")
