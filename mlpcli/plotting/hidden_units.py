"""Draws what each hidden unit of a network with two inputs says to their plane: a tile a unit, a column a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlpcli.language import say
from mlpcli.plotting.decision_boundary import draw_plane
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.plane_colours import rgb
from mlpcli.plotting.predicted_against_true import with_unit
from mlpcli.plotting.style import ORANGE, SKY, drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.runs.plane import HiddenLayer, Plane
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure


TILE = 1.0
"""Inches of a tile and of the gap beside it."""
TALL = 4
"""Tiles of a layer one below the other; those beyond it stand beside them."""
OUTPUT = 4
"""The width of the network's own answer, in tiles."""
NEGATIVE, POSITIVE = ORANGE, SKY


def hidden_units_figure(plane: Plane, run: str = "") -> Figure | None:
    """The tiles, the first layer at the left, and at the right what the network makes of them.

    None where the network has no hidden layer, or NumPy does not support a layer. Each tile has colours of its own, up
    to the unit's largest output in either direction. A unit that says 0 to the whole plane has a cross.
    """
    if not plane.hidden:
        return None
    widths = [-(-len(layer.tiles) // TALL) for layer in plane.hidden]
    tall = max(2, *(min(TALL, len(layer.tiles)) for layer in plane.hidden))
    wide = sum(widths) + OUTPUT
    with drawing_style(fonts_for([run, *plane.names]).families):
        figure = new_figure(max(6.4, 0.5 + TILE * wide), 1.3 + TILE * tall)
        grid = figure.add_gridspec(tall, wide)
        for number, (layer, first) in enumerate(zip(plane.hidden, np.cumsum([0, *widths]).tolist(), strict=False)):
            for unit in range(len(layer.tiles)):
                axes = figure.add_subplot(grid[unit % tall, first + unit // tall])
                _draw(axes, layer, unit)
                if unit == 0:
                    axes.set_title(_heading(layer, number), fontsize=9.5, loc="left")
        _draw_output(figure.add_subplot(grid[:, -OUTPUT:]), plane)
        figure.supxlabel(with_unit(plane.names[0], plane.units[0]), fontsize=10)
        figure.supylabel(with_unit(plane.names[1], plane.units[1]), fontsize=10)
        set_title(figure, one_line(run, LONGEST_TITLE), *_summary(plane))
    return figure


def _draw(axes: Axes, layer: HiddenLayer, unit: int) -> None:
    axes.imshow(
        layer.tiles[unit], cmap=_colours(), vmin=-127, vmax=127, origin="lower", aspect="auto", interpolation="bilinear"
    )
    _bare(axes)
    if not layer.largest[unit]:
        axes.plot(*_CROSS, color=theme().faint, linewidth=1.2, transform=axes.transAxes)


_CROSS = ([0.35, 0.65, np.nan, 0.35, 0.65], [0.35, 0.65, np.nan, 0.65, 0.35])


def _draw_output(axes: Axes, plane: Plane) -> None:
    draw_plane(axes, plane, bar=False)
    axes.set_title(say("output"), fontsize=9.5, loc="left")
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set(visible=True, color=theme().faint, linewidth=0.6)


def _colours() -> Colormap:
    """Orange below 0, the background at 0, blue above."""
    from matplotlib.colors import LinearSegmentedColormap

    ends = rgb([NEGATIVE, theme().background, POSITIVE]) / 255
    return LinearSegmentedColormap.from_list("outputs", [tuple(colour) for colour in ends])


def _heading(layer: HiddenLayer, column: int) -> str:
    units = say("{units:,} units" if layer.units > 1 else "{units:,} unit", units=layer.units)
    shown = len(layer.tiles)
    more = say("{shown} of {units}", shown=shown, units=units) if shown < layer.units else units
    named = say("layer {place}", place=column + 1)
    return f"{named}{f': {layer.activation}' if layer.activation else ''}\n{more}"


def _summary(plane: Plane) -> list[str]:
    """What is seen, and what is left out."""
    said = [say("hidden units: blue above 0, orange below")]
    left = plane.layers - len(plane.hidden)
    if left > 0:
        said.append(say("the first {shown} of {layers} hidden layers", shown=len(plane.hidden), layers=plane.layers))
    if any(not np.all(layer.largest) for layer in plane.hidden):
        said.append(say("crossed out: 0 everywhere"))
    return ["; ".join(said)]
