"""Draws what each column of a table is worth to the model, from what `mlpcli importance` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlpcli.language import say, term
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 25
LONGEST_NAME = 32
BAR_INCHES = 0.3


def importance_figure(found: Mapping[str, Any], run: str = "") -> Figure:
    """A bar for each column, the most important at the top; a line across its end is the deviation over the repeats.

    Args:
        found: the content of importance.json: `columns` with `name`, `mean` and `deviation`, the largest mean first;
            `metric`, `score`, `rows`, `repeats` and `split`.
        run: its name, which goes into the title.

    Raises:
        KeyError, TypeError, ValueError: something is missing, or is no number.
    """
    columns = found["columns"][:MOST_BARS]
    names = [one_line(str(column["name"]), LONGEST_NAME) for column in columns]
    means, deviations = ([float(column[key]) for column in columns] for key in ("mean", "deviation"))
    left_out = len(found["columns"]) - len(columns)
    metric, places = term(one_line(str(found["metric"]))).replace("_", " "), range(len(columns))
    title = say(
        "which columns matter: {metric} {score} on {rows:,} {split} rows",
        metric=metric,
        score=number(float(found["score"])),
        rows=int(found["rows"]),
        split=term(one_line(str(found["split"]))),
    )
    colours = theme()
    with drawing_style(fonts_for([run, *names]).families):
        figure = new_figure(7.0, 1.4 + BAR_INCHES * max(4, len(columns)))
        axes = figure.add_subplot()
        axes.barh(places, means, height=0.7, color=colours.colours[0])
        axes.errorbar(means, places, xerr=deviations, fmt="none", ecolor=colours.text, elinewidth=1.2, capsize=2.5)
        axes.axvline(0.0, color=colours.faint, linewidth=0.8)
        axes.set_yticks(places, names)
        axes.set_ylim(len(columns) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        repeats = int(found["repeats"])
        shuffled = say(
            "mean and deviation over {repeats:,} shuffle of each column"
            if repeats == 1
            else "mean and deviation over {repeats:,} shuffles of each column",
            repeats=repeats,
        )
        rest = say(
            "{columns:,} column below these" if left_out == 1 else "{columns:,} columns below these", columns=left_out
        )
        remark = f"{shuffled}; {rest}" if left_out else shuffled
        axes.set_xlabel(say("{metric} lost ({remark})", metric=metric, remark=remark))
        set_title(figure, one_line(run, LONGEST_TITLE), title)
    return figure
