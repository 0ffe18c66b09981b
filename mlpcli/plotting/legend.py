"""The legend below the panels: what it says, and the room that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlpcli.errors import UserError
from mlpcli.language import say
from mlpcli.plotting.curves import VALIDATION, run_colours
from mlpcli.plotting.style import theme
from mlpcli.runs.read_run import RunCurves
from mlpcli.text import display_width, listed, one_line, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Dash = Literal["-", "--", "none"]
MOST_RUNS = 24
LONG_LABEL = 36  # letters; a longer one may take two lines for the sake of another column
LONGEST_LABEL = 240  # letters; a longer one, which takes lines, is cut
_LINE_HEIGHT, _LETTER_WIDTH, _HANDLE_WIDTH = 0.23, 0.088, 0.75  # inches


@dataclass(frozen=True)
class LegendEntry:
    """A line of the legend, as (handle, label)."""

    label: str
    colour: str
    dash: Dash = "-"
    marker: str = ""


def entries_of(
    runs: Sequence[RunCurves], metrics: Sequence[str], names: Sequence[str] | None = None
) -> list[LegendEntry]:
    """One run: training, validation, best epoch. Several: each run, then what dashes and dots mean.

    names: others for the curves of one run, or for several runs.

    Raises:
        UserError: not as many names as curves or runs.
    """
    training = any(name in run.history for run in runs for name in metrics)
    validation = any(VALIDATION + name in run.history for run in runs for name in metrics)
    best = [run.best_epoch for run in runs if run.best_epoch is not None]
    if len(runs) > 1:
        labels = _checked(names, f"{len(runs)} runs", [run.label for run in runs])
        return [*_run_entries(labels), *_key_entries(training and validation, bool(best))]
    curves = {say("training"): theme().colours[0]} if training else {}
    curves |= {say("validation"): theme().colours[1]} if validation else {}
    labels = _checked(names, f"the curves {listed(list(curves))}", list(curves))
    entries = [LegendEntry(label, colour) for label, colour in zip(labels, curves.values(), strict=True)]
    entries += [LegendEntry(say("best epoch: {epoch}", epoch=epoch), theme().faint, "--") for epoch in best]
    if runs[0].stopped_of is not None:
        last = runs[0].history["epoch"][-1]
        label = say("stopped at {last:,.0f} of {epochs:,}", last=last, epochs=runs[0].stopped_of)
        entries.append(LegendEntry(label, theme().faint, "none", "s"))
    return entries


def _checked(names: Sequence[str] | None, what: str, labels: Sequence[str]) -> Sequence[str]:
    """The names, or the labels if none are given."""
    if names is not None and len(names) != len(labels):
        raise UserError(f"--legend: give one name for each of {what}, separated by commas (got {len(names)})")
    return labels if names is None else names


def _run_entries(labels: Sequence[str]) -> list[LegendEntry]:
    colours = run_colours(len(labels))
    entries = [
        LegendEntry(one_line(label, LONGEST_LABEL), colour) for label, colour in zip(labels, colours, strict=True)
    ]
    if len(entries) > MOST_RUNS:
        more = len(entries) - MOST_RUNS + 1
        entries[MOST_RUNS - 1 :] = [LegendEntry(say("and {more} more", more=more), theme().faint, "none")]
    return entries


def _key_entries(both: bool, best: bool) -> list[LegendEntry]:
    faint = theme().faint
    entries = [LegendEntry(say("training"), faint, "--"), LegendEntry(say("validation"), faint)] if both else []
    return entries + ([LegendEntry(say("best epoch"), faint, "none", "o")] if best else [])


def legend_height(entries: Sequence[LegendEntry], width: float) -> float:
    """Inches that the legend needs in a figure of that width."""
    labels = _labels(entries, width)
    columns = np.array_split([label.count("\n") + 1 for label in labels], _columns(entries, width))
    return 0.15 + _LINE_HEIGHT * max(int(lines.sum()) for lines in columns)


def add_legend(figure: Figure, entries: Sequence[LegendEntry], width: float) -> None:
    """Draw it below the panels, in as many columns as fit."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [], [], color=entry.colour, linestyle=entry.dash, marker=entry.marker, markeredgecolor=theme().background
        )
        for entry in entries
    ]
    columns = _columns(entries, width)
    figure.legend(handles, _labels(entries, width), loc="outside lower left", ncols=columns, columnspacing=1.8)


def _columns(entries: Sequence[LegendEntry], width: float) -> int:
    """As many as fit, where a long label takes two lines."""
    longest = max((display_width(entry.label) for entry in entries), default=0)
    letters = max(min(longest, LONG_LABEL), longest // 2)
    return max(1, min(len(entries), int((width - 0.2) / (_HANDLE_WIDTH + _LETTER_WIDTH * letters))))


def _labels(entries: Sequence[LegendEntry], width: float) -> list[str]:
    """The labels, in several lines where their column is narrower than they are."""
    letters = int(((width - 0.2) / _columns(entries, width) - _HANDLE_WIDTH) / _LETTER_WIDTH)
    return [wrapped(entry.label, letters) for entry in entries]
