"""Draws histograms of each layer's weights, and of its activations, at the start and at the end of training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.language import say
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
LEAST_WIDTH = 6.4
"""With the title of a single panel in two lines or three."""
LONGEST_NAME = 24


@dataclass(frozen=True)
class _Moment:
    """The start or the end: its word in the legend, its colour, its layers."""

    word: str
    colour: str
    layers: Sequence[LayerNumbers]


Describe = Callable[[LayerNumbers], list[str]]


def weights_figure(layers: LayerFile, run: str = "") -> Figure | None:
    """A panel for each layer with the histograms of its weights; None where nothing is known of the layers.

    run: its name, which goes into the title.
    """
    if layers.start and layers.end:
        title = say("weights of each layer, at the start and at the end")
    elif layers.end:
        title = say("weights of each layer, at the end")
    else:
        title = say("weights of each layer, before training")
    return _figure(layers, run, title, lambda layer: layer.weights, lambda layer: [_mean(layer.weights)])


def activations_figure(layers: LayerFile, run: str = "") -> Figure | None:
    """The same of the activations on the sampled rows, with dead and saturated units in words."""
    rows = layers.rows
    if layers.start and layers.end:
        title = say("activations of each layer on {rows:,} training rows, at the start and at the end", rows=rows)
    elif layers.end:
        title = say("activations of each layer on {rows:,} training rows, at the end", rows=rows)
    else:
        title = say("activations of each layer on {rows:,} training rows, before training", rows=rows)
    return _figure(layers, run, title, lambda layer: layer.outputs, _activity)


def _figure(
    layers: LayerFile, run: str, title: str, values: Callable[[LayerNumbers], Values], describe: Describe
) -> Figure | None:
    moments = list(_both(layers))
    if not moments:
        return None
    count = len(moments[0].layers)
    texts = [_text(layers, place, describe) for place in range(count)]
    lines = max(text.count("\n") + 1 for text in texts)
    rows = -(-count // MOST_IN_A_ROW)
    columns = -(-count // rows)
    names = [layer.name for layer in moments[0].layers]
    with drawing_style(fonts_for([run, title, *names]).families):
        figure = new_figure(max(LEAST_WIDTH, PANEL_WIDTH * columns + 0.3), (PANEL_HEIGHT + LINE * lines) * rows + 0.9)
        for place in range(count):
            axes = figure.add_subplot(rows, columns, place + 1)
            _draw(axes, [(moment.colour, values(moment.layers[place])) for moment in moments])
            axes.set_title(_heading(moments[0].layers[place]), loc="left", fontsize=9.5, fontweight="bold")
            axes.set_xlabel(texts[place], fontsize=8.5, loc="left", linespacing=1.35)
        _legend(figure, moments)
        more = count + layers.left_out
        left_out = [say("{shown:,} of {total:,} layers are shown", shown=count, total=more)] if layers.left_out else []
        set_title(figure, one_line(run, LONGEST_TITLE), title, *left_out)
    return figure


def _both(layers: LayerFile) -> Iterator[_Moment]:
    """Start and end, as far as they are known; where they are of different networks, a file is not one run's."""
    if layers.start and layers.end and len(layers.start) != len(layers.end):
        return
    colours = theme().colours
    if layers.start:
        yield _Moment(say("start (before training)"), colours[4], layers.start)
    if layers.end:
        yield _Moment(say("end (the weights that were kept)"), colours[0], layers.end)


def _heading(layer: LayerNumbers) -> str:
    return say(
        "{name}: {units:,} unit, {activation}" if layer.units == 1 else "{name}: {units:,} units, {activation}",
        name=one_line(layer.name, LONGEST_NAME),
        units=layer.units,
        activation=layer.activation or "linear",
    )


def _text(layers: LayerFile, place: int, describe: Describe) -> str:
    """Below a panel: a line or two for each moment."""
    lines = []
    if layers.start:
        first, *more = describe(layers.start[place])
        lines += [say("start: {line}", line=first), *(f"      {line}" for line in more)]
    if layers.end:
        first, *more = describe(layers.end[place])
        lines += [say("end: {line}", line=first), *(f"      {line}" for line in more)]
    return "\n".join(lines)


def _activity(layer: LayerNumbers) -> list[str]:
    """Mean and deviation; then what is dead or saturated, where units can be."""
    lines = [_mean(layer.outputs)]
    if layer.dead is not None:
        lines.append(
            say(
                "{percent:.0f} % zeros; dead units: {dead:,} of {units:,}",
                percent=100 * layer.outputs.zeros,
                dead=layer.dead,
                units=layer.units,
            )
        )
    if layer.saturated is not None and layer.at_limit is not None:
        lines.append(
            say(
                "{percent:.0f} % at a limit; saturated units: {saturated:,} of {units:,}",
                percent=100 * layer.at_limit,
                saturated=layer.saturated,
                units=layer.units,
            )
        )
    return lines


def _mean(values: Values) -> str:
    """And the standard deviation."""
    if values.mean is None or values.deviation is None:
        return say("not all values are finite")
    return say(
        "mean {mean}, standard deviation {deviation}", mean=_short(values.mean), deviation=_short(values.deviation)
    )


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
    figure.legend(handles=handles, loc="outside lower left", ncols=2, fontsize=9)
