"""Draws the norm of each layer's gradient against epochs, on a logarithmic axis: do gradients vanish or explode?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.language import say
from mlpcli.plotting.axis_limits import epoch_ticks
from mlpcli.plotting.panel import plain_log_ticks
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 14
DASHES: tuple[str | tuple[int, tuple[int, int]], ...] = ("-", (0, (4, 2)))
LONGEST_NAME = 26


def gradients_figure(history: Mapping[str, Sequence[float]], run: str = "") -> Figure | None:
    """A line for each layer, from the first to the last; of very many layers, evenly chosen ones.

    Args:
        history: `epoch` (from 1), and for each layer its norms, in the order of the layers.
        run: its name, which goes into the title.

    Returns None where no epoch has finished.
    """
    epochs, layers = history.get("epoch", ()), [name for name in history if name != "epoch"]
    if not epochs or not layers:
        return None
    chosen = layers if len(layers) <= MOST_LINES else _spread(layers)
    with drawing_style(fonts_for([run, *chosen]).families):
        figure = new_figure(8.2, max(4.4, 0.24 * len(chosen) + 1.6))
        axes = figure.add_subplot()
        for place, name in enumerate(chosen):
            _draw(axes, place, one_line(name, LONGEST_NAME), epochs, history[name])
        _decorate(axes, epochs)
        figure.legend(loc="outside right upper", title=say("layer, from the input on"), alignment="left")
        shown, total = len(chosen), len(layers)
        left_out = [say("{shown:,} of {total:,} layers are shown", shown=shown, total=total)] if shown < total else []
        set_title(figure, one_line(run, LONGEST_TITLE), say("norm of the gradient of each layer"), *left_out)
    return figure


def _spread(layers: Sequence[str]) -> list[str]:
    """MOST_LINES of them, the first and the last among them."""
    return [layers[place] for place in np.linspace(0, len(layers) - 1, MOST_LINES).round().astype(int)]


def _draw(axes: Axes, place: int, label: str, epochs: Sequence[float], norms: Sequence[float]) -> None:
    """A gradient of 0 has no place on the axis; the line has a gap there, and the legend says so."""
    values = np.array(norms, np.float64)
    drawn = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    colours = theme().colours
    axes.plot(
        epochs,
        drawn,
        color=colours[place % len(colours)],
        linestyle=DASHES[place // len(colours) % len(DASHES)],
        marker="o" if len(values) == 1 else None,
        label=f"{label} (0)" if not values.any() else label,
    )


def _decorate(axes: Axes, epochs: Sequence[float]) -> None:
    """The axis spans a decade at least, so that differences of a few percent do not look large."""
    values = np.concatenate([np.asarray(line.get_ydata(), np.float64) for line in axes.lines])
    shown = values[np.isfinite(values)]
    if shown.size:
        low, high = float(shown.min()) / 1.25, float(shown.max()) * 1.25
        wider = max(1.0, np.sqrt(10 * low / high))
        plain_log_ticks(axes)
        axes.set_ylim(low / wider, high * wider)
    axes.set_xlabel(say("epoch"))
    axes.set_ylabel(say("norm of the gradient (log scale)"))
    axes.set_xticks(epoch_ticks(int(epochs[0]), int(epochs[-1]), 8))
