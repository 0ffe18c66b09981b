"""A GIF of what a network with two inputs made of their plane, epoch by epoch.

Words, axes and rows are drawn once, by matplotlib. Of a frame only the answers behind the rows and a line of text
change, and all frames share one palette: sixty frames take about as long as two pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.files import replace_file
from mlpcli.plotting.decision_boundary import add_legend, draw_plane
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.plane_colours import margins, region_colours, rgb, value_colours
from mlpcli.plotting.predicted_against_true import with_unit
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.runs.plane import Answers, Plane
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image


WIDTH, HEIGHT, DOTS_PER_INCH = 5.6, 5.4, 100
STEPS = 12
"""Shades of a colour: a picture of few colours is a small file."""
FRAME, FIRST, KEPT, LAST = 110, 700, 1200, 2200
"""Milliseconds that a frame is seen, and those of epoch 0, of the epoch that was kept, and of the last."""
LINE = 0.8
"""Half the width of a border, in pixels."""
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """What the network answered after an epoch, in the words of `caption`; kept: whether the model has its weights."""

    caption: str
    answers: Answers
    kept: bool


def write_animation(path: Path, plane: Plane, frames: Sequence[Frame], run: str = "") -> str | None:
    """Write the GIF; returns a note if letters have no font.

    Raises:
        OutputError: it cannot be written; an earlier file is unchanged.
    """
    stage = _Stage(plane, run, max((frame.caption for frame in frames), key=len))
    with drawing_style(stage.families):
        pictures = [stage.picture(frame) for frame in frames]
    palette = _palette(pictures)
    coded = _coded(pictures, palette)
    times = [FRAME + (KEPT if frame.kept else 0) for frame in frames]
    times[0] += FIRST
    times[-1] += LAST
    first, *others = list(coded)
    save = {"save_all": True, "append_images": others, "duration": times, "loop": 0, "optimize": True}
    replace_file(path, lambda temporary: first.save(temporary, format="GIF", **save))
    return stage.note


class _Stage:
    """What all frames share, as pixels, and where the answers and the caption go."""

    def __init__(self, plane: Plane, run: str, longest: str) -> None:
        # which rows are wrong is another question in each epoch, and none is crossed out
        plane = replace(plane, points=tuple(replace(some, predicted=some.true) for some in plane.points))
        self.plane = plane
        names = [with_unit(name, unit) for name, unit in zip(plane.names, plane.units, strict=True)]
        fonts = fonts_for([run, *names, *(plane.class_names or ()), longest])
        self.note, self.families = fonts.note, fonts.families
        with drawing_style(fonts.families):
            figure = new_figure(WIDTH, HEIGHT)
            figure.set_dpi(DOTS_PER_INCH)
            axes = figure.add_subplot()
            draw_plane(axes, plane, answers=False)
            axes.set_xlabel(names[0])
            axes.set_ylabel(names[1])
            axes.patch.set_visible(False)
            add_legend(figure, plane)
            set_title(figure, one_line(run, LONGEST_TITLE))
            above: dict[str, Any] = {"xycoords": "axes fraction", "xytext": (0, 6), "textcoords": "offset points"}
            self.caption = axes.annotate(longest, (0, 1), fontsize=10.5, **above)  # a title moves when it is drawn
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # or a frame would move
            self.box = _pixels(figure, axes.get_window_extent())
            self.words = _pixels(figure, self.caption.get_window_extent())
            self.words = (slice(self.words[0].start - 2, self.words[0].stop + 2), slice(self.words[1].start, None))
            self.caption.set_visible(False)
            self.before, share = _layer(figure)
        self.figure, self.background = figure, rgb([theme().background])[0].astype(np.float32)
        self.covered = share[self.box] > 0
        shares = share[self.box][self.covered][:, np.newaxis]
        self.through = 1 - shares
        self.rows = self.before[self.box][self.covered] * shares + 0.5  # to the nearest when it is cut off

    def picture(self, frame: Frame) -> Pixels:
        """The frame (height, width, 3)."""
        picture = self.before.copy()
        rows, columns = self.box
        behind = _behind(self.plane, frame.answers, (columns.stop - columns.start, rows.stop - rows.start))
        behind[self.covered] = self.rows + behind[self.covered] * self.through
        picture[self.box] = behind
        picture[self.words] = self._written(frame.caption)
        return picture

    def _written(self, caption: str) -> Pixels:
        """The line of pixels with the caption, which alone is drawn anew."""
        canvas: Any = self.figure.canvas
        renderer = canvas.get_renderer()
        renderer.clear()
        self.caption.set_text(caption)
        self.caption.set_visible(True)
        self.caption.draw(renderer)
        drawn = np.asarray(canvas.buffer_rgba())[self.words].astype(np.float32)
        share = drawn[..., 3:] / 255
        return np.asarray(np.rint(drawn[..., :3] * share + self.background * (1 - share)), np.uint8)


def _pixels(figure: Figure, box: Any) -> tuple[slice, slice]:
    """Rows and columns of a box whose rows count from below."""
    height = round(figure.get_figheight() * DOTS_PER_INCH)
    return slice(height - round(box.y1), height - round(box.y0)), slice(round(box.x0), round(box.x1))


def _layer(figure: Figure) -> tuple[Pixels, NDArray[np.float32]]:
    """The figure as pixels (height, width, 3), and how much of each hides what is behind it (height, width), 0 to 1.

    Drawn on nothing, so that the answers show through between the rows and at their soft edges.
    """
    figure.patch.set_visible(False)
    canvas: Any = figure.canvas
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba()).astype(np.float32)
    share: NDArray[np.float32] = drawn[..., 3] / np.float32(255)
    whole = drawn[..., :3].copy()
    background = rgb([theme().background])[0]
    outside = whole * share[..., np.newaxis] + background * (1 - share[..., np.newaxis])
    colours = np.where(share[..., np.newaxis] > 0, whole, background)
    return np.asarray(np.rint(np.where(_in_axes(figure)[..., np.newaxis], colours, outside)), np.uint8), share


def _in_axes(figure: Figure) -> NDArray[np.bool_]:
    height, width = (round(side * DOTS_PER_INCH) for side in (figure.get_figheight(), figure.get_figwidth()))
    inside = np.zeros((height, width), bool)
    inside[_pixels(figure, figure.axes[0].get_window_extent())] = True
    return inside


def _behind(plane: Plane, answers: Answers, size: tuple[int, int]) -> Pixels:
    """The answers as pixels (height, width, 3) of a picture of (width, height), the highest row first."""
    if answers.classes is None:
        values = _enlarged(answers.outputs[:, :, 0], size)
        return np.asarray(value_colours(plane, values, STEPS * 4), np.uint8)
    cells = np.asarray(region_colours(plane, answers, STEPS)[::-1])
    from PIL import Image

    colours = np.array(Image.fromarray(cells).resize(size, Image.Resampling.NEAREST))
    line = _line(margins(plane, answers.outputs), size)
    drawn = line > 0
    some = line[drawn][:, np.newaxis]
    colours[drawn] = colours[drawn] * (1 - some) + rgb([theme().text])[0] * some + 0.5
    return colours


def _line(ahead: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float32]:
    """How much of each pixel (height, width) a border covers: it is where a class is level with the best other one."""
    covered = np.zeros((size[1], size[0]), np.float32)
    for margin in ahead:
        if margin.min() < 0 < margin.max():
            fine = _enlarged(margin, size)
            down, across = np.gradient(fine)
            distance = np.abs(fine) / np.sqrt(np.maximum(down * down + across * across, 1e-12))
            covered = np.maximum(covered, np.clip(LINE + 0.5 - distance, 0, 1))
    return covered


def _enlarged(cells: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float32]:
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(cells[::-1], np.float32))
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR), np.float32)


def _palette(pictures: Sequence[Pixels]) -> Image:
    """A palette for all frames, made from five of them."""
    from PIL import Image

    some = [pictures[round(place)] for place in np.linspace(0, len(pictures) - 1, 5)]
    return Image.fromarray(np.concatenate([picture[::2, ::2] for picture in some])).quantize(255)


def _coded(pictures: Iterable[Pixels], palette: Image) -> Iterator[Image]:
    """The frames in the colours of the palette: a table has the nearest for all colours of five bits a channel."""
    from PIL import Image

    known = np.array(palette.getpalette(), np.float32).reshape(-1, 3)
    channel = np.rint(np.arange(32) * (255 / 31))  # white stays white
    every = np.stack(np.meshgrid(channel, channel, channel, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)
    nearest = ((known**2).sum(axis=1) - 2 * every @ known.T).argmin(axis=1).astype(np.uint8)
    for picture in pictures:
        places = (picture >> 3).astype(np.uint16)
        coded = Image.fromarray(nearest[(places[..., 0] << 10) | (places[..., 1] << 5) | places[..., 2]])
        coded.putpalette(palette.getpalette() or [])
        yield coded
