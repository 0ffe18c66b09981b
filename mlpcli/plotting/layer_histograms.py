"""Draws histograms of each layer's weights, and of its activations, at the start and at the end of training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.runs.layer_file import LayerFile, LayerNumbers, Values
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_IN_A_ROW = 5
PANEL_WIDTH, PANEL_HEIGHT, LINE = 3.3, 1.9, 0.165
"""Inches: of one panel without its text, and of a line of that."""
LONGEST_NAME = 24


@dataclass(frozen=True)
class _Moment:
    """The start or the end: its word in the legend and before the numbers, its colour, its layers."""

    word: str
    called: str
    colour: str
    layers: Sequence[LayerNumbers]


Describe = Callable[[LayerNumbers], list[str]]


def weights_figure(layers: LayerFile, run: str = "") -> Figure | None:
    """A panel for each layer with the histograms of its weights; None where nothing is known of the layers.

    run: its name, which goes into the title.
    """
    return _figure(layers, run, "weights of each layer", lambda layer: layer.weights, _moments)


def activations_figure(layers: LayerFile, run: str = "") -> Figure | None:
    """The same of the activations on the sampled rows, with dead and saturated units in words."""
    what = f"activations of each layer on {layers.rows:,} training rows"
    return _figure(layers, run, what, lambda layer: layer.outputs, _activity)


def _figure(
    layers: LayerFile, run: str, what: str, values: Callable[[LayerNumbers], Values], describe: Describe
) -> Figure | None:
    moments = list(_both(layers))
    if not moments:
        return None
    count = len(moments[0].layers)
    texts = [_text(moments, place, describe) for place in range(count)]
    lines = max(text.count("\n") + 1 for text in texts)
    rows = -(-count // MOST_IN_A_ROW)
    columns = -(-count // rows)
    names = [layer.name for layer in moments[0].layers]
    with drawing_style(fonts_for([run, *names]).families):
        figure = new_figure(PANEL_WIDTH * columns + 0.3, (PANEL_HEIGHT + LINE * lines) * rows + 0.9)
        for place in range(count):
            axes = figure.add_subplot(rows, columns, place + 1)
            _draw(axes, [(moment.colour, values(moment.layers[place])) for moment in moments])
            axes.set_title(_heading(moments[0].layers[place]), loc="left", fontsize=9.5, fontweight="bold")
            axes.set_xlabel(texts[place], fontsize=8.5, loc="left", linespacing=1.35)
        _legend(figure, moments)
        set_title(figure, one_line(run, LONGEST_TITLE), _title(layers, what, moments))
    return figure


def _both(layers: LayerFile) -> Iterator[_Moment]:
    """Start and end, as far as they are known; a run that was resumed with an older mlpcli has no start."""
    colours = theme().colours
    known = [
        _Moment("start (before training)", "start", colours[4], layers.start),
        _Moment("end (the weights that were kept)", "end", colours[0], layers.end),
    ]
    widths = {len(moment.layers) for moment in known if moment.layers}
    for moment in known:
        if moment.layers and len(widths) == 1:
            yield moment


def _title(layers: LayerFile, what: str, moments: Sequence[_Moment]) -> str:
    count = len(moments[0].layers)
    left_out = f" ({count} of {count + layers.left_out} layers)" if layers.left_out else ""
    if len(moments) == 2:
        return f"{what}, at the start and at the end{left_out}"
    return f"{what}, {'at the end' if layers.end else 'before training'}{left_out}"


def _heading(layer: LayerNumbers) -> str:
    units = f"{layer.units:,} {'unit' if layer.units == 1 else 'units'}"
    return f"{one_line(layer.name, LONGEST_NAME)}: {units}, {layer.activation or 'linear'}"


def _text(moments: Sequence[_Moment], place: int, describe: Describe) -> str:
    """Below a panel: a line or two for each moment."""
    return "\n".join(
        f"{f'{moment.called}: ' if not index else '      '}{line}"
        for moment in moments
        for index, line in enumerate(describe(moment.layers[place]))
    )


def _moments(layer: LayerNumbers) -> list[str]:
    return [_mean_and_deviation(layer.weights)]


def _activity(layer: LayerNumbers) -> list[str]:
    """Mean and deviation; then what is dead or saturated, where units can be."""
    lines = [_mean_and_deviation(layer.outputs)]
    if layer.dead is not None:
        lines.append(f"{100 * layer.outputs.zeros:.0f} % zeros; dead units: {_share(layer.dead, layer.units)}")
    if layer.saturated is not None and layer.at_limit is not None:
        lines.append(
            f"{100 * layer.at_limit:.0f} % at a limit; saturated units: {_share(layer.saturated, layer.units)}"
        )
    return lines


def _share(count: int, units: int) -> str:
    return f"{count:,} of {units:,}"


def _mean_and_deviation(values: Values) -> str:
    if values.mean is None or values.deviation is None:
        return "not all values are finite"
    return f"mean {_short(values.mean)}, standard deviation {_short(values.deviation)}"


def _short(value: float) -> str:
    """Three digits: 0.0357, 1.2e-05."""
    return number(float(f"{value:.3g}"))


def _draw(axes: Axes, found: Sequence[tuple[str, Values]]) -> None:
    """The histograms over each other, each as high as the panel: a narrow one would hide the others."""
    for order, (colour, values) in enumerate(found):
        heights = np.array(values.counts, np.float64)
        if not heights.any():
            continue
        if values.low == values.high:
            axes.axvline(values.low, color=colour, linewidth=2.5, zorder=3 + order)
            continue
        edges = np.linspace(values.low, values.high, len(heights) + 1)
        heights /= heights.max()
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.35, linewidth=0, zorder=2 + order)
        axes.stairs(heights, edges, color=colour, linewidth=1.3, zorder=3 + order)
    axes.set_ylim(0, 1.08)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(axis="x", labelsize=8.5)


def _legend(figure: Figure, moments: Sequence[_Moment]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=(moment.colour, 0.35), edgecolor=moment.colour, label=moment.word) for moment in moments]
    figure.legend(handles=handles, loc="outside lower left", ncols=1 if figure.get_figwidth() < 5 else 2, fontsize=9)
