"""The legend below the panels: what it says, and the room that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlpcli.errors import UserError
from mlpcli.plotting.curves import VALIDATION, run_colours
from mlpcli.plotting.picture_options import LONGEST_NAME
from mlpcli.plotting.style import BLUE, FAINT, VERMILION
from mlpcli.runs.read_run import RunCurves
from mlpcli.text import display_width, listed, one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Dash = Literal["-", "--", "none"]
MOST_RUNS = 24
BEST = "best epoch"
_LINE_HEIGHT, _LETTER_WIDTH, _HANDLE_WIDTH = 0.23, 0.088, 0.75  # inches


@dataclass(frozen=True)
class LegendEntry:
    """A line of the legend, as (handle, label)."""

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
    return entries + [LegendEntry(f"{BEST}: {epoch}", FAINT, "--") for epoch in best]


def renamed(runs: Sequence[RunCurves], metrics: Sequence[str], names: Sequence[str]) -> list[LegendEntry]:
    """The entries with other names for the curves of one run, or for several runs; what else there is keeps its own.

    Raises:
        UserError: not as many names as curves or runs.
    """
    entries = entries_of(runs, metrics)
    curves = sum(not entry.label.startswith(BEST) for entry in entries)
    expected = curves if len(runs) == 1 else len(runs)
    if len(names) != expected:
        labels = listed([entry.label for entry in entries[:curves]], 3)
        what = f"the curves {labels}" if len(runs) == 1 else f"{expected} runs"
        raise UserError(f"--legend: give one name for each of {what}, separated by commas (got {len(names)})")
    if len(runs) > 1:
        return entries_of([replace(run, label=name) for run, name in zip(runs, names, strict=True)], metrics)
    named = [replace(entry, label=name) for entry, name in zip(entries, names, strict=False)]
    return named + entries[curves:]


def legend_width(entries: Sequence[LegendEntry]) -> float:
    """Inches that the longest line of the legend needs."""
    return 0.2 + _HANDLE_WIDTH + _LETTER_WIDTH * max((display_width(entry.label) for entry in entries), default=0)


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
    entries = [
        LegendEntry(one_line(run.label, LONGEST_NAME), colour) for run, colour in zip(runs, colours, strict=True)
    ]
    if len(entries) > MOST_RUNS:
        more = len(entries) - MOST_RUNS + 1
        entries[MOST_RUNS - 1 :] = [LegendEntry(f"and {more} more", FAINT, "none")]
    return entries


def _key_entries(both: bool, best: bool) -> list[LegendEntry]:
    entries = [LegendEntry("training", FAINT, "--"), LegendEntry("validation", FAINT)] if both else []
    return entries + ([LegendEntry(BEST, FAINT, "none", "o")] if best else [])


def _columns(entries: Sequence[LegendEntry], width: float) -> int:
    longest = max((display_width(entry.label) for entry in entries), default=0)
    return max(1, min(len(entries), int((width - 0.2) / (_HANDLE_WIDTH + _LETTER_WIDTH * longest))))
