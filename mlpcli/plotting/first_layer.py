"""Draws the weights of a first dense layer as pictures of the size of the inputs: what each unit looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.runs.layer_file import LayerFile, UnitPictures
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 2
"""Pixels of the larger of many pictures between them; small ones have a gap in proportion."""
Pictures = NDArray[np.float64]


def first_layer_figure(layers: LayerFile, run: str = "") -> Figure | None:
    """The strongest units, row by row, each from minus its largest weight to plus; None where there are no pictures.

    Weights of grey pictures go from blue (below 0) to red, those of coloured ones are drawn in the inputs' own colours
    around grey. run: its name, which goes into the title.
    """
    found = layers.first_layer
    if found is None:
        return None
    weights = np.asarray(found.weights, np.float64)
    weights /= np.array(found.largest).reshape(-1, 1, 1, 1)
    columns = int(np.ceil(np.sqrt(len(weights))))
    mosaic = mosaic_of(weights, columns)
    with drawing_style(fonts_for([run, found.layer]).families):
        figure = new_figure(7.2, 6.0 * mosaic.shape[0] / mosaic.shape[1] + 0.5)
        axes = figure.add_subplot()
        _draw(figure, axes, mosaic)
        set_title(figure, one_line(run, LONGEST_TITLE), _title(found))
    return figure


def _title(found: UnitPictures) -> str:
    layer, units, shown = one_line(found.layer, 40), found.units, len(found.shown)
    if shown < units:
        return say(
            "weights of the first layer, {layer}: the strongest {shown:,} of {units:,} units",
            layer=layer,
            shown=shown,
            units=units,
        )
    return say(
        "weights of the first layer, {layer}: {units:,} unit"
        if units == 1
        else "weights of the first layer, {layer}: {units:,} units",
        layer=layer,
        units=units,
    )


def mosaic_of(weights: Pictures, columns: int) -> Pictures:
    """Pictures (n, height, width, channels) side by side with NaN between them, (rows, columns, channels)."""
    count, height, width, channels = weights.shape
    gap = GAP if min(height, width) >= 16 else 1
    rows = -(-count // columns)
    mosaic = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), np.nan)
    for place, picture in enumerate(weights):
        top, left = (place // columns) * (height + gap), (place % columns) * (width + gap)
        mosaic[top : top + height, left : left + width] = picture
    return mosaic


def _draw(figure: Figure, axes: Axes, mosaic: Pictures) -> None:
    """mosaic: from -1 to 1."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    if mosaic.shape[2] == 1:
        colours = colormaps["RdBu_r"].with_extremes(bad=theme().background)
        image = axes.imshow(mosaic[..., 0], cmap=colours, vmin=-1, vmax=1, interpolation="nearest")
        bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=25, pad=0.03)
        bar.set_label(say("weight, relative to the largest of the unit"))
        bar.outline.set_visible(False)
    else:
        shades = (1 + mosaic) / 2
        axes.imshow(np.where(np.isnan(mosaic), to_rgb(theme().background), shades), interpolation="nearest")
        words = say("weights of red, green and blue, relative to the largest of the unit; grey is 0")
        axes.set_xlabel(words, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
