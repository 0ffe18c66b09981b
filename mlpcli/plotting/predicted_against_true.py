"""Draws predicted against true values, for regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say, term
from mlpcli.plotting.axis_limits import drawable
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


MOST_DOTS = 20_000
_SCORES = {"r2": "R²", "mae": "MAE", "rmse": "RMSE"}
Values = NDArray[np.float64]


MOST_PANELS, MOST_IN_A_ROW = 12, 3
PANEL = (4.6, 4.7)
"""Inches, of one of several."""


def predicted_against_true_figure(evaluation: Mapping[str, Any], run: str = "") -> Figure:
    """A dot per row (of very many, some), and the diagonal of perfect predictions; of several targets a panel each.

    Args:
        evaluation: `sample` with `true` and `predicted`: as many numbers each, or lists of a number per target. `r2`,
            `mae`, `rmse`, `rows`, `split`, `target_name` and `target_unit` if known; of several, `targets` with name,
            unit and scores.
        run: its name, which goes into the title.

    Raises:
        ValueError: the numbers of true and predicted values differ.
    """
    true, predicted = (columns(evaluation["sample"][key]) for key in ("true", "predicted"))
    if true.shape != predicted.shape:
        raise ValueError(f"sample has {true.size} true and {predicted.size} predicted values")
    evaluation = {"rows": len(true), **evaluation}
    targets, step = true.shape[1], max(1, -(-len(true) // MOST_DOTS))
    true, predicted = true[::step], predicted[::step]
    known = known_targets(evaluation)
    names = panel_names(known, targets)
    across = min(targets, MOST_IN_A_ROW)
    down = -(-min(targets, MOST_PANELS) // across)
    with drawing_style(fonts_for([run, *names]).families):
        figure = new_figure(6.4, 6.2) if targets == 1 else new_figure(PANEL[0] * across, PANEL[1] * down + 0.4)
        for index, name in enumerate(names):
            axes = figure.add_subplot(down, across, index + 1)
            shown = drawable(true[:, index]) & drawable(predicted[:, index])
            _draw(axes, true[shown, index], predicted[shown, index])
            axes.set_xlabel(say("true {name}", name=name))
            axes.set_ylabel(say("predicted {name}", name=name))
            if targets > 1 and index < len(known):
                axes.set_title(scores_of(known[index]), fontsize=10)
                axes.locator_params(nbins=4)  # large numbers would overlap in so narrow a panel
        scores = title_of(evaluation, len(true)) + (
            say(", mean of {targets} targets", targets=targets) if targets > 1 else ""
        )
        set_title(figure, one_line(run, LONGEST_TITLE), scores)
    return figure


def known_targets(evaluation: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Name, unit and, of several, scores of each target, as far as they are known."""
    return evaluation.get("targets") or [{"name": evaluation.get("target_name"), "unit": evaluation.get("target_unit")}]


def columns(values: Any) -> Values:
    """Numbers as (rows, targets)."""
    found = np.array(values, dtype=np.float64)
    return found if found.ndim == 2 and found.shape[1] else found.reshape(-1, 1)


def panel_names(known: Sequence[Mapping[str, Any]], targets: int) -> list[str]:
    """What the axes of each panel are called, of the first MOST_PANELS targets."""
    plain = [say("value")] if targets == 1 else [say("value {place}", place=index + 1) for index in range(targets)]
    given = [*known[:targets], *[{}] * (targets - len(known))]
    names = [with_unit(one.get("name") or other, one.get("unit")) for one, other in zip(given, plain, strict=True)]
    return names[:MOST_PANELS]


def with_unit(name: str, unit: str | None) -> str:
    """`mileage (kmpl)`, where the unit is known."""
    return f"{one_line(name, 40)} ({one_line(unit, 12)})" if unit else one_line(name, 40)


def scores_of(found: Mapping[str, Any]) -> str:
    """For example `R² 0.4772, MAE 41.9, RMSE 53.5`; what is not known is left out."""
    return ", ".join(f"{sign} {number(found[key])}" for key, sign in _SCORES.items() if found.get(key) is not None)


def title_of(evaluation: Mapping[str, Any], shown: int) -> str:
    """For example `test: R² 0.4772, MAE 41.9, RMSE 53.5 on 89 rows`."""
    scores = scores_of(evaluation)
    rows = int(evaluation.get("rows", shown))
    split = term(one_line(evaluation.get("split", "")))
    told = say(
        "{scores} on {rows:,} rows ({shown:,} shown)" if shown < rows else "{scores} on {rows:,} rows",
        scores=scores,
        rows=rows,
        shown=shown,
    )
    return f"{split}{': ' if split and scores else ' '}{told}".strip()


def _draw(axes: Axes, true: Values, predicted: Values) -> None:
    values = np.concatenate([true, predicted, [] if true.size else [0.0, 1.0]])
    low, high = float(values.min()), float(values.max())
    air = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    ends = (low - air, high + air)
    axes.plot(ends, ends, color=theme().faint, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    crowd = float(np.clip(8.0 / np.sqrt(max(true.size, 1)), 0.15, 0.75))
    axes.scatter(true, predicted, s=26, color=theme().colours[0], alpha=crowd, linewidths=0)
    axes.set(xlim=ends, ylim=ends, aspect="equal")
