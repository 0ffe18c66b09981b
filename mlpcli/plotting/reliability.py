"""Draws the reliability diagram: how often a classifier is right where it gives some probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say, term
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


DEVIATIONS = 1.96
"""Of the share of right answers: 95 of 100 bins of a calibrated model lie within."""
Values = NDArray[np.float64]


def reliability_figure(evaluation: Mapping[str, Any], run: str = "") -> Figure:
    """The share of right answers against the probability given, bin by bin, and below it the rows of each bin.

    Args:
        evaluation: `reliability` with `rows`, `confidence` and `accuracy` of bins of equal width from 0 to 1 (None
            where a bin has no rows), and `without` with the same, had the model not been calibrated;
            `calibration_error`, `calibration`, `rows` and `split` for the title.
        run: its name, which goes into the title.

    Raises:
        ValueError: the lists are not of the same length.
    """
    found = evaluation["reliability"]
    rows, confidence, accuracy = _bins(found)
    with drawing_style(fonts_for([run]).families):
        figure = new_figure(6.2, 7.4)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
        above.plot([0, 1], [0, 1], color=theme().faint, linewidth=1.2, linestyle=(0, (4, 3)), label=say("calibrated"))
        if "without" in found:
            _, *before = _bins(found["without"])
            look: dict[str, Any] = {
                "color": theme().colours[1],
                "linewidth": 1.4,
                "linestyle": (0, (1, 1)),
                "markerfacecolor": "none",
            }
            above.plot(*_there(*before), marker="s", markersize=6, label=say("before calibration"), **look)
        label = say("after calibration, 95 % intervals" if "without" in found else "this model, 95 % intervals")
        _draw_bins(above, rows, confidence, accuracy, label)
        _draw_counts(below, rows)
        above.legend(loc="upper left")
        set_title(figure, one_line(run, LONGEST_TITLE), title_of(evaluation))
    return figure


def title_of(evaluation: Mapping[str, Any]) -> str:
    """For example `test: calibration error 0.0276 on 375 rows (0.0308 before calibration)`."""
    split, error = one_line(evaluation.get("split", "")), evaluation.get("calibration_error")
    title = say("calibration")
    if error is not None:
        title = say("calibration error {error}", error=number(float(error)))
    if evaluation.get("rows") is not None:
        title = say("{scores} on {rows:,} rows", scores=title, rows=int(evaluation["rows"]))
    before = ((evaluation.get("calibration") or {}).get("without") or {}).get("calibration_error")
    if before is not None:
        title = say("{title} ({error} before calibration)", title=title, error=number(float(before)))
    return f"{term(split)}: {title}" if split else title


def _bins(found: Mapping[str, Any]) -> tuple[Values, Values, Values]:
    """Rows, mean probability and share of right answers of each bin; NaN where a bin has no rows."""
    rows, confidence, accuracy = (
        np.array(found[key], dtype=np.float64).ravel() for key in ("rows", "confidence", "accuracy")
    )
    if not rows.size == confidence.size == accuracy.size or not rows.size:
        raise ValueError(f"reliability has {rows.size} rows, {confidence.size} confidence and {accuracy.size} accuracy")
    return rows, confidence, accuracy


def _there(confidence: Values, accuracy: Values) -> tuple[Values, Values]:
    there = np.isfinite(confidence) & np.isfinite(accuracy)
    return confidence[there], accuracy[there]


def _draw_bins(axes: Axes, rows: Values, confidence: Values, accuracy: Values, label: str) -> None:
    """A dot for each bin, and how far it may be off by chance alone: a bin of few rows says little."""
    there = np.isfinite(confidence) & np.isfinite(accuracy) & (rows > 0)
    confidence, accuracy = confidence[there], accuracy[there]
    low, high = by_chance(accuracy, rows[there])
    spread = np.stack([accuracy - low, high - accuracy]).clip(0)
    whiskers: dict[str, Any] = {"yerr": spread, "capsize": 3, "elinewidth": 1}
    look: dict[str, Any] = {"color": theme().colours[0], "marker": "o", "markersize": 7, "zorder": 3}
    axes.errorbar(confidence, accuracy, label=label, **whiskers, **look)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_ylabel(say("share of right answers"))


def by_chance(share: Values, rows: Values) -> tuple[Values, Values]:
    """The interval (Wilson, 1927) in which the true share lies with a confidence of 95 %."""
    z = DEVIATIONS**2 / rows
    middle = (share + z / 2) / (1 + z)
    half = np.sqrt(share * (1 - share) * z + z**2 / 4) / (1 + z)
    return middle - half, middle + half


def _draw_counts(axes: Axes, rows: Values) -> None:
    edges = np.linspace(0, 1, len(rows) + 1)
    axes.bar(edges[:-1], rows, width=1 / len(rows), align="edge", color=theme().colours[0], alpha=0.75, linewidth=0)
    axes.set_xlabel(say("probability of the predicted class"))
    axes.set_ylabel(say("rows"))
    axes.locator_params(axis="y", nbins=4, integer=True)
    axes.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
