"""Draws what a network with two inputs makes of their plane: regions of classes or a surface of numbers, and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.language import say, term
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.plane_colours import (
    VALUE_COLOURS,
    class_colours,
    class_marker,
    margins,
    region_colours,
    value_range,
)
from mlpcli.plotting.predicted_against_true import with_unit
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.runs.plane import Plane, Points
from mlpcli.text import display_width, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


WIDTH, HEIGHT = 6.4, 5.6
"""Inches, without the legend."""
MOST_NAMED = 14
LONGEST_CLASS = 24


def decision_boundary_figure(plane: Plane, run: str = "") -> Figure:
    """The regions of the classes, fainter where the network is unsure, their borders, and rows in their class's colour.

    Where a number is predicted, a surface of colours, and rows in the colour of their true number. Rows outside the
    training set are larger, and crossed out where another class is predicted.
    """
    names = [with_unit(name, unit) for name, unit in zip(plane.names, plane.units, strict=True)]
    texts = [run, *names, *(plane.class_names or ()), plane.target_name, plane.target_unit]
    with drawing_style(fonts_for(texts).families):
        figure = new_figure(WIDTH, HEIGHT)
        axes = figure.add_subplot()
        draw_plane(axes, plane)
        axes.set_xlabel(names[0])
        axes.set_ylabel(names[1])
        add_legend(figure, plane)
        set_title(figure, one_line(run, LONGEST_TITLE), _summary(plane))
    return figure


def draw_plane(axes: Axes, plane: Plane, answers: bool = True, bar: bool = True) -> None:
    """The plane without words.

    answers: whether those of the network are drawn behind the rows. bar: whether the colours of numbers are explained.
    """
    axes.grid(False)
    axes.set(xlim=(float(plane.x[0]), float(plane.x[-1])), ylim=(float(plane.y[0]), float(plane.y[-1])))
    if answers and plane.class_names is None:
        _draw_surface(axes, plane, bar)
    elif answers:
        _draw_regions(axes, plane)
    for points in plane.points:
        _draw_points(axes, points, plane)


def _image(axes: Axes, plane: Plane, cells: Any, **look: Any) -> Any:
    """Cells as a picture whose pixels lie around the middles of the grid's cells."""
    across, up = (float(axis[1] - axis[0]) / 2 for axis in (plane.x, plane.y))
    extent = (plane.x[0] - across, plane.x[-1] + across, plane.y[0] - up, plane.y[-1] + up)
    return axes.imshow(cells, extent=extent, origin="lower", aspect="auto", interpolation="bilinear", zorder=0, **look)


def _draw_regions(axes: Axes, plane: Plane) -> None:
    limits = axes.axis()
    _image(axes, plane, region_colours(plane, plane.answers))
    for ahead in margins(plane, plane.answers.outputs):
        if ahead.min() < 0 < ahead.max():
            axes.contour(plane.x, plane.y, ahead, levels=[0], colors=theme().text, linewidths=1.0)
    axes.axis(limits)


def _draw_surface(axes: Axes, plane: Plane, bar: bool) -> None:
    low, high = value_range(plane)
    limits, values = axes.axis(), plane.answers.outputs[:, :, 0]
    image = _image(axes, plane, values, cmap=VALUE_COLOURS, vmin=low, vmax=high)
    axes.axis(limits)
    if bar:
        add_bar(axes, plane, image)


def add_bar(axes: Axes, plane: Plane, image: Any) -> None:
    """What number each colour of the surface is."""
    (low, high), values = value_range(plane), plane.answers.outputs
    below, above = bool(values.min() < low), bool(values.max() > high)
    beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    bar = axes.figure.colorbar(image, ax=axes, extend=beyond[below, above], pad=0.02)
    bar.set_label(with_unit(plane.target_name or say("predicted"), plane.target_unit))
    bar.outline.set_visible(False)


def _draw_points(axes: Axes, points: Points, plane: Plane) -> None:
    """One mark for each row; those of a class that shares its colour with others have a shape of their own."""
    train = points.part == "train"
    size = float(np.clip(6000 / max(1, len(points.true)), 8, 22 if train else 34))
    edge: dict[str, Any] = {
        "edgecolors": theme().background if train else theme().text,
        "linewidths": 0.4 if train else 0.9,
    }
    x, y = points.xy.T
    if plane.class_names is None:
        low, high = value_range(plane)
        colours: dict[str, Any] = {"c": points.true, "cmap": VALUE_COLOURS, "vmin": low, "vmax": high}
        edge["edgecolors"] = "#FFFFFF" if train else "#000000"  # seen on every colour of the surface, in any theme
        axes.scatter(x, y, s=size, marker="o", zorder=2, **colours, **edge)
        return
    known = np.array(class_colours(len(plane.class_names)))
    markers = np.array([class_marker(index) for index in range(len(plane.class_names))])
    for marker in dict.fromkeys(markers[points.true].tolist()):
        some = markers[points.true] == marker
        axes.scatter(x[some], y[some], s=size, marker=marker, c=known[points.true[some]], zorder=2, **edge)
    if not train and (wrong := points.true != points.predicted).any():
        axes.scatter(x[wrong], y[wrong], s=3 * size, marker="x", c=theme().text, linewidths=1.5, zorder=3)


def add_legend(figure: Figure, plane: Plane) -> None:
    """The classes by their colours, then what the marks mean; below the plane, in as many columns as fit."""
    handles = [*_class_handles(plane), *_part_handles(plane)]
    widths = [0.45 + 0.088 * display_width(str(handle.get_label())) for handle in handles]
    room = figure.get_figwidth() - 0.2
    columns = len(handles) if sum(widths) <= room else max(1, int(room / max(widths)))
    figure.set_figheight(HEIGHT + 0.23 * (-(-len(handles) // columns) - 1))
    spaces = {"columnspacing": 1.4, "handletextpad": 0.3, "borderaxespad": 0.2}
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, **spaces)


def _class_handles(plane: Plane) -> list[Line2D]:
    names = [one_line(name, LONGEST_CLASS) for name in plane.class_names or ()]
    colours = class_colours(len(names))
    handles = [_handle(name, colours[index], class_marker(index)) for index, name in enumerate(names[:MOST_NAMED])]
    return (
        [*handles, _handle(say("and {more} more", more=len(names) - MOST_NAMED), "none")]
        if len(names) > MOST_NAMED
        else handles
    )


def part_name(part: str) -> str:
    """`training` for train."""
    return {"train": say("training"), "validation": say("validation")}.get(part, term(part))


def _part_handles(plane: Plane) -> list[Line2D]:
    handles = []
    for points in plane.points:
        part, train = part_name(points.part), points.part == "train"
        handles.append(_handle(part, theme().faint, size=4 if train else 6, edge="none" if train else theme().text))
        if not train and plane.class_names is not None and (points.true != points.predicted).any():
            handles.append(_handle(say("{part}, wrong", part=part), theme().text, "x", edge=theme().text))
    return handles


def _handle(label: str, colour: str, marker: str = "o", size: float = 7, edge: str = "none") -> Line2D:
    from matplotlib.lines import Line2D

    marks: dict[str, Any] = {"marker": marker, "color": colour, "markersize": size, "markeredgecolor": edge}
    return Line2D([], [], linestyle="none", label=label, **marks)


def _summary(plane: Plane) -> str:
    """`class regions: 3 of 120 test rows are wrong`, or the error of the rows where a number is predicted."""
    points = plane.points[-1]
    part, shown = part_name(points.part), len(points.true)
    rows = say(
        "{shown:,} {part} rows" if shown == points.rows else "{shown:,} of {rows:,} {part} rows, those shown",
        shown=shown,
        part=part,
        rows=points.rows,
    )
    if plane.class_names is None:
        error = float(np.abs(points.true - points.predicted).mean())
        name = one_line(plane.target_name or say("value"), 40)
        return say("predicted {name}: MAE {error} on {rows}", name=name, error=number(error), rows=rows)
    wrong = int((points.true != points.predicted).sum())
    return say("class regions: {wrong:,} wrong of {rows}", wrong=wrong, rows=rows)
