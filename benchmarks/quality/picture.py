"""The picture of docs/quality.md: on every table the errors of a few methods over those of `fast`."""

from __future__ import annotations

from benchmarks.images import save_small
from benchmarks.quality.figures import table_ratio, tables_of
from benchmarks.quality.tables import BY_NAME
from benchmarks.report import DOCS
from mlpcli.plotting.style import (
    BLACK,
    BLUE,
    GREEN,
    VERMILION,
    drawing_style,
    fonts_for,
    new_figure,
    set_title,
    theme,
)

PICTURE = "images/quality.png"
DRAWN = (("strong", BLUE, "o", 8.0), ("LightGBM", GREEN, "D", 5.0), ("scikit-learn MLP", VERMILION, "s", 5.0))
LEAST, MOST = 0.35, 1.6
"""Ratios outside are drawn at the edge."""
TICKS = (0.5, 0.7, 0.8, 0.9, 1, 1.2)


def draw_ratios() -> str:
    """A row for each table, those where `strong` gains the most on top; returns the picture's path from docs/."""
    names = [name for name in tables_of("strong") if table_ratio("strong", "fast", name) is not None]
    names.sort(key=lambda name: table_ratio("strong", "fast", name) or 1.0, reverse=True)
    title = f"Errors on {len(names)} tables, as multiples of those of fast"
    with drawing_style(fonts_for([title]).families):
        figure = new_figure(8.5, 0.24 * len(names) + 1.6)
        axes = figure.subplots()
        axes.axvline(1.0, color=theme().faint, linewidth=1.2)
        for method, colour, marker, size in DRAWN:
            ratios = [table_ratio(method, "fast", name) for name in names]
            places = [place for place, ratio in enumerate(ratios) if ratio is not None]
            shown = [min(MOST, max(LEAST, ratio)) for ratio in ratios if ratio is not None]
            axes.plot(shown, places, marker, color=colour, markersize=size, alpha=0.85, label=method)
        axes.set_xscale("log")
        axes.set_xlim(LEAST / 1.03, MOST * 1.03)
        axes.set_xticks(
            [0.35, 0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.6], ["≤ 0.35", "0.5", "0.7", "0.8", "0.9", "1", "1.2", "≥ 1.6"]
        )
        axes.minorticks_off()
        axes.set_yticks(range(len(names)), [_label(name) for name in names], color=BLACK)
        axes.set_ylim(-0.7, len(names) - 0.3)
        axes.set_xlabel("error / error of fast (left is better); (n): a number is predicted")
        figure.legend(loc="outside lower left", ncols=len(DRAWN))
        set_title(figure, title)
    (DOCS / "images").mkdir(exist_ok=True)
    save_small(figure, DOCS / PICTURE)
    return PICTURE


def _label(name: str) -> str:
    return f"{name} (n)" if BY_NAME[name].task == "regression" else name
