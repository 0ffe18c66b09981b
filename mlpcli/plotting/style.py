"""The one place that imports matplotlib, and the look of every picture."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mlpcli.plotting.text import display_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The colours of Okabe and Ito, which people with any colour vision tell apart.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK = "#E69F00", "#56B4E9", "#222222"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
GRID, TEXT, FAINT = "#E4E7EB", "#222222", "#8A939C"

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.labelcolor": TEXT,
    "axes.labelsize": 11,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.size": 10.5,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.9,
    "lines.solid_capstyle": "round",
    "text.color": TEXT,
    "text.parse_math": False,  # a name may hold `$`
    "xtick.color": FAINT,
    "xtick.labelcolor": TEXT,
    "ytick.color": FAINT,
    "ytick.labelcolor": TEXT,
}


@contextmanager
def drawing_style(families: Sequence[str]) -> Iterator[None]:
    """matplotlib's defaults and the project's look while pictures are made; the user's own settings return after it."""
    import_matplotlib()
    from matplotlib import style

    with quiet_log(), style.context(["default", STYLE | {"font.family": list(families)}]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) on the Agg canvas, laid out so that nothing is cut off or overlaps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.set(w_pad=0.09, h_pad=0.09)  # type: ignore[call-arg]
    return figure


def set_title(figure: Figure, title: str) -> None:
    """A bold title, at the left as one reads; smaller where it is too long for the figure."""
    fits = 72 * 0.94 * figure.get_figwidth() / (0.68 * max(display_width(title), 1))
    figure.suptitle(title, x=0.012, ha="left", fontsize=min(13.0, fits), fontweight="bold")


def integer_ticks(axes: Axes) -> None:
    """Whole epochs only on the x axis."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))


def plain_log_ticks(axes: Axes) -> None:
    """A logarithmic y axis with plain numbers (0.01, 20) at 1, 2 and 5, not powers in mathematical type."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=9))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def import_matplotlib() -> None:
    """Import matplotlib so that neither an MPLBACKEND it does not know nor a home it cannot write to matters."""
    if "matplotlib" in sys.modules:
        return
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        with quiet_log():
            import matplotlib
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    _keep_backend(matplotlib.rcParams, backend)


@contextmanager
def quiet_log() -> Iterator[None]:
    """Without matplotlib's remarks on the nearest weight of a font or its cache folder; its errors still show."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _keep_backend(settings: Any, backend: str | None) -> None:
    """Hand on the backend that a notebook chose, for its own pictures."""
    if backend:
        with suppress(ValueError):
            settings["backend"] = backend
