"""Loss and metrics against epochs, for one run or for several laid over each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlpcli.errors import UserError, did_you_mean
from mlpcli.plotting.curve_panel import draw_panel
from mlpcli.plotting.curves import VALIDATION, RunCurves
from mlpcli.plotting.fonts import fonts_for
from mlpcli.plotting.run_legend import add_legend, entries_of, legend_height
from mlpcli.plotting.style import drawing_style, new_figure, set_title
from mlpcli.plotting.text import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ON_REQUEST = ("learning_rate", "seconds")  # columns that are no metrics, drawn when asked for by name
LONGEST_TITLE = 80


def metrics_of(runs: Sequence[RunCurves]) -> list[str]:
    """The metrics of all the runs, loss first, without `val_`."""
    columns = dict.fromkeys(column.removeprefix(VALIDATION) for run in runs for column in run.history)
    return sorted((name for name in columns if name not in ("epoch", *ON_REQUEST)), key=lambda name: name != "loss")


def learning_curves(runs: Sequence[RunCurves], metric: str | None = None, title: str | None = None) -> Figure:
    """One panel per metric, or the panel of `metric` alone, with training and validation in the same panel.

    One run: a colour each for training and validation, and the best epoch marked. Several: a colour per run,
    training dashed, and a legend of their labels. The title is the run's label unless given.

    Raises:
        UserError: no run has the metric, or none has any.
    """
    metrics = [_known(metric, runs)] if metric else metrics_of(runs)
    if not metrics:
        raise UserError("the history has no metrics, only epochs; train again")
    title = one_line(title or (runs[0].label if len(runs) == 1 else f"{len(runs)} runs"), LONGEST_TITLE)
    with drawing_style(fonts_for([title, *metrics, *(run.label for run in runs)]).families):
        return _compose(runs, metrics, title)


def _compose(runs: Sequence[RunCurves], metrics: Sequence[str], title: str) -> Figure:
    """Up to three panels in a row (four make a square), a title above, the legend below."""
    columns = 2 if len(metrics) == 4 else min(len(metrics), 3)
    rows = -(-len(metrics) // columns)
    width = 5.0 * columns + 1.0
    entries = entries_of(runs, metrics)
    figure = new_figure(width, 3.6 * rows + 0.5 + legend_height(entries, width))
    for place, metric in enumerate(metrics, start=1):
        draw_panel(figure.add_subplot(rows, columns, place), metric, runs)
    set_title(figure, title)
    add_legend(figure, entries, width)
    return figure


def _known(metric: str, runs: Sequence[RunCurves]) -> str:
    """The panel that shows `metric`: `val_loss` stands in the same one as `loss`."""
    there = metrics_of(runs)
    on_request = [name for name in ON_REQUEST if any(name in run.history for run in runs)]
    name = metric.removeprefix(VALIDATION)
    if name in there or metric in on_request:
        return name
    near = did_you_mean(name, [*there, *on_request])
    raise UserError(f'metric "{metric}" is not in the history; there are {", ".join([*there, *on_request])}{near}')
