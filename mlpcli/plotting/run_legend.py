"""The legend below the curves: what each line is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlpcli.plotting.curves import VALIDATION, RunCurves, run_colours
from mlpcli.plotting.style import BLUE, FAINT, VERMILION
from mlpcli.plotting.text import display_width, one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Dash = Literal["-", "--", "none"]

MOST_RUNS = 24
_LINE_HEIGHT, _LETTER_WIDTH, _HANDLE_WIDTH = 0.23, 0.088, 0.75  # inches


@dataclass(frozen=True)
class LegendEntry:
    """One line of the legend."""

    label: str
    colour: str
    dash: Dash = "-"
    marker: str = ""


def entries_of(runs: Sequence[RunCurves], metrics: Sequence[str]) -> list[LegendEntry]:
    """One run: training, validation, best epoch. Several: each run, then what dashes and dots mean."""
    training = any(name in run.history for run in runs for name in metrics)
    validation = any(VALIDATION + name in run.history for run in runs for name in metrics)
    best = [run.best_epoch for run in runs if run.best_epoch is not None]
    if len(runs) > 1:
        return [*_run_entries(runs), *_key_entries(training and validation, bool(best))]
    entries = [LegendEntry("training", BLUE)] if training else []
    entries += [LegendEntry("validation", VERMILION)] if validation else []
    return entries + [LegendEntry(f"best epoch: {epoch}", FAINT, "--") for epoch in best]


def legend_height(entries: Sequence[LegendEntry], width: float) -> float:
    """Inches that the legend needs in a figure of that width."""
    return 0.15 + _LINE_HEIGHT * -(-len(entries) // _columns(entries, width))


def add_legend(figure: Figure, entries: Sequence[LegendEntry], width: float) -> None:
    """Draw it below the panels, in as many columns as fit."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=entry.colour, linestyle=entry.dash, marker=entry.marker, markeredgecolor="white")
        for entry in entries
    ]
    labels = [entry.label for entry in entries]
    figure.legend(handles, labels, loc="outside lower left", ncols=_columns(entries, width), columnspacing=1.8)


def _run_entries(runs: Sequence[RunCurves]) -> list[LegendEntry]:
    colours = run_colours(len(runs))
    entries = [LegendEntry(one_line(run.label, 70), colour) for run, colour in zip(runs, colours, strict=True)]
    if len(entries) > MOST_RUNS:
        more = len(entries) - MOST_RUNS + 1
        entries[MOST_RUNS - 1 :] = [LegendEntry(f"and {more} more", FAINT, "none")]
    return entries


def _key_entries(both: bool, best: bool) -> list[LegendEntry]:
    entries = [LegendEntry("training", FAINT, "--"), LegendEntry("validation", FAINT)] if both else []
    return entries + ([LegendEntry("best epoch", FAINT, "none", "o")] if best else [])


def _columns(entries: Sequence[LegendEntry], width: float) -> int:
    longest = max((display_width(entry.label) for entry in entries), default=0)
    return max(1, min(len(entries), int((width - 0.2) / (_HANDLE_WIDTH + _LETTER_WIDTH * longest))))
