"""Draws a sweep from its sweep.json: trial by trial, all parameters side by side, one by one, and what each matters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say, speaking, term
from mlpcli.plotting.panel import plain_log_ticks
from mlpcli.plotting.run_plots import theme_of
from mlpcli.plotting.style import (
    Drawn,
    colour_map,
    drawing_style,
    fonts_for,
    new_figure,
    number,
    set_title,
    theme,
    themed,
)
from mlpcli.runs.read_run import language_of
from mlpcli.runs.sweep_file import SweepRecord, SweepTrial, SweptKey, read_record
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_KEYS = 12
"""That are drawn, the most important first."""
MOST_LABELS = 8
"""Of the choices of a key that have their text on an axis."""
LONGEST_LABEL, LONGEST_KEY, LONGEST_NAME = 16, 24, 60
PANEL = (3.4, 3.0)
ACROSS = 3
DECADES = 30
"""The worst error is more than so many times the best: the axis is logarithmic then."""
_DOT: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 6}
Values = NDArray[np.float64]


def draw_sweep(
    folder: Path, formats: Sequence[str], theme_name: str | None = None, language: str | None = None
) -> Drawn:
    """Draw all pictures of a sweep into its folder.

    theme_name, language: by default what its config says.

    Raises:
        RunDirectoryError: there are no results yet, or a file is damaged.
        UserError: there is no such theme or language.
        OutputError: a picture cannot be written.
    """
    record, drawn = read_record(folder), Drawn()
    if not record.ranked:
        return drawn
    run = folder / "trials" / str(record.ranked[0].trial)
    with themed(theme_name or theme_of(run)), speaking(language or language_of(run)):
        for name, draw in PICTURES.items():
            if (figure := draw(record)) is not None:
                for kind in formats:
                    drawn.save(figure, folder / f"{name}.{kind}")
    return drawn


def history_figure(record: SweepRecord) -> Figure:
    """Every trial's metric, in the order in which they were asked for, and the best so far."""
    done = _drawable(record)
    pruned = [trial for trial in record.trials if trial.state == "pruned" and trial.value is not None]
    with drawing_style(fonts_for([record.name]).families):
        from matplotlib.ticker import MaxNLocator

        figure = new_figure(7.6, 4.6)
        axes = figure.add_subplot()
        best = np.fmax.accumulate(_metric(done)) if record.rising else np.fmin.accumulate(_metric(done))
        axes.plot(
            [*(trial.trial for trial in done), max(trial.trial for trial in record.trials)], [*best, best[-1]],
            color=theme().colours[1], drawstyle="steps-post", label=say("best so far"), zorder=2,
        )  # fmt: skip
        axes.plot([trial.trial for trial in done], _metric(done), color=theme().colours[0], label=term("done"), **_DOT)
        if pruned:
            look = {**_DOT, "marker": "x", "color": theme().faint, "label": say("pruned, at their last epoch")}
            axes.plot([trial.trial for trial in pruned], _metric(pruned), **look)
        _scale_metric(axes, record, [*done, *pruned])
        axes.set_xlabel(say("trial"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside lower center", ncols=3)
        set_title(figure, *_title(record, say("{metric} of every trial", metric=_metric_name(record))))
    return figure


def slices_figure(record: SweepRecord) -> Figure:
    """A panel for each parameter: the metric of every trial over its values; later trials have a stronger colour."""
    keys, trials = _keys(record), _drawable(record)
    down = math.ceil(len(keys) / ACROSS)
    across = min(ACROSS, len(keys))
    with drawing_style(fonts_for([record.name, *_texts(record)]).families):
        figure = new_figure(max(6.4, PANEL[0] * across + 0.4), PANEL[1] * down + 0.9)
        shades = colour_map()(np.linspace(0.35, 1, len(trials)))
        for place, key in enumerate(keys):
            axes = figure.add_subplot(down, across, place + 1)
            there = [index for index, trial in enumerate(trials) if key in trial.values]
            shown = [trials[index] for index in there]
            known = record.keys[key]
            axes.scatter(_positions(shown, key, known), _metric(shown), c=shades[there], s=34, linewidths=0, zorder=2)
            _scale_parameter(axes, key, known)
            _scale_metric(axes, record, trials)
            if place % across:
                axes.set_ylabel("")
        set_title(figure, *_title(record, say("each parameter; later trials have a stronger colour")))
    return figure


def parallel_figure(record: SweepRecord) -> Figure:
    """A line for each trial through its values, and last the metric; the better, the stronger its colour."""
    keys, trials = _keys(record), [trial for trial in _drawable(record) if trial.values.keys() >= record.keys.keys()]
    ranked = sorted(trials, key=lambda trial: trial.value or 0.0, reverse=not record.rising)  # the best last, on top
    with drawing_style(fonts_for([record.name, *_texts(record)]).families):
        figure = new_figure(max(6.8, 1.9 * (len(keys) + 1) + 0.6), 4.8)
        axes = figure.add_subplot()
        columns = [_column(axes, place, key, record.keys[key], ranked) for place, key in enumerate(keys)]
        columns.append(_metric_column(axes, len(keys), record, ranked))
        shades = colour_map()(np.linspace(0.2, 1, len(ranked)))
        for index, heights in enumerate(zip(*columns, strict=True)):
            last = index == len(ranked) - 1
            look = {"color": theme().colours[1], "linewidth": 2.6} if last else {"color": shades[index]}
            axes.plot(range(len(keys) + 1), heights, **{"linewidth": 1.3, "alpha": 0.85, "zorder": 2, **look})
        names = [*(one_line(_short(key, keys), LONGEST_KEY).replace("_", " ") for key in keys), _metric_name(record)]
        axes.set_xticks(range(len(names)), names)
        axes.tick_params(axis="x", length=0, pad=14)
        axes.set_yticks([])
        axes.set_xlim(-0.2, len(keys) + 0.45)
        axes.set_ylim(-0.04, 1.04)
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        told = say(
            "all parameters; the better, the stronger the colour; trial {trial} was the best",
            trial=record.ranked[0].trial,
        )
        set_title(figure, *_title(record, told))
    return figure


def importance_figure(record: SweepRecord) -> Figure | None:
    """A bar for each parameter; nothing where the trials are too few to tell."""
    if not record.importance:
        return None
    keys = sorted(record.importance, key=lambda key: -record.importance[key])[:MOST_KEYS]
    shares = [record.importance[key] for key in keys]
    with drawing_style(fonts_for([record.name]).families):
        figure = new_figure(7.0, 1.5 + 0.34 * max(3, len(keys)))
        axes = figure.add_subplot()
        axes.barh(range(len(keys)), shares, height=0.66, color=theme().colours[0])
        for place, share in enumerate(shares):
            axes.annotate(
                f"{share:.0%}", (share, place), xytext=(5, 0), textcoords="offset points", va="center", fontsize=10
            )
        axes.set_yticks(range(len(keys)), [one_line(_short(key, keys), LONGEST_KEY).replace("_", " ") for key in keys])
        axes.set_ylim(len(keys) - 0.4, -0.6)
        axes.set_xlim(0, 1.12 * max(shares) or 1)
        axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(say("share of the differences between the trials (PED-ANOVA)"))
        set_title(figure, *_title(record, say("how much each parameter matters")))
    return figure


PICTURES: dict[str, Callable[[SweepRecord], Figure | None]] = {
    "history": history_figure,
    "parallel_coordinates": parallel_figure,
    "parameter_importance": importance_figure,
    "slices": slices_figure,
}
"""By the stems of their files."""


def _title(record: SweepRecord, told: str) -> tuple[str, str]:
    return one_line(record.name, LONGEST_NAME), told


def _metric_name(record: SweepRecord) -> str:
    return one_line(term(record.metric).replace("_", " "), LONGEST_KEY)


def _metric(trials: Sequence[SweepTrial]) -> Values:
    """The metric of each trial (n,)."""
    return np.array([math.nan if trial.value is None else trial.value for trial in trials], dtype=np.float64)


def _drawable(record: SweepRecord) -> list[SweepTrial]:
    """Those trained to the end: a pruned trial's metric is of an earlier epoch, and says little beside them."""
    return [trial for trial in record.trials if trial.state == "done" and trial.value is not None]


def _keys(record: SweepRecord) -> list[str]:
    return sorted(record.keys, key=lambda key: -record.importance.get(key, 0.0))[:MOST_KEYS]


def _short(key: str, keys: Sequence[str]) -> str:
    """The last part of a dotted key, or all of it where another ends so."""
    last = key.rpartition(".")[2]
    return last if sum(other.rpartition(".")[2] == last for other in keys) == 1 else key


def _texts(record: SweepRecord) -> list[str]:
    return [str(choice) for key in record.keys.values() for choice in key.choices or ()]


def _scale_metric(axes: Axes, record: SweepRecord, trials: Sequence[SweepTrial]) -> None:
    """Logarithmic where an error spans decades; else the worst trials would press the others together."""
    values = _metric(trials)
    low, high = float(values.min()), float(values.max())
    axes.set_ylabel(_metric_name(record))
    if _is_log(record, values):
        plain_log_ticks(axes)
        axes.set_ylim(low / (high / low) ** 0.06, high * (high / low) ** 0.06)
    elif high > low:
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))


def _is_log(record: SweepRecord, values: Values) -> bool:
    return not record.rising and float(values.min()) > 0 and float(values.max() / values.min()) > DECADES


def _positions(trials: Sequence[SweepTrial], key: str, known: SweptKey) -> Values:
    """Where each trial stands on the axis of a parameter (n,): choices stand side by side."""
    values = [trial.values[key] for trial in trials]
    if known.choices is not None:
        return np.array([known.choices.index(value) for value in values], dtype=np.float64)
    return np.array(values, dtype=np.float64)


def _scale_parameter(axes: Axes, key: str, known: SweptKey) -> None:
    axes.set_xlabel(one_line(key.rpartition(".")[2].replace("_", " "), LONGEST_KEY))
    if known.choices is not None and len(known.choices) <= MOST_LABELS:
        axes.set_xticks(range(len(known.choices)), [one_line(str(word), LONGEST_LABEL) for word in known.choices])
        axes.set_xlim(-0.5, len(known.choices) - 0.5)
        if sum(len(str(word)) for word in known.choices) > LONGEST_LABEL:
            axes.tick_params(axis="x", rotation=20)
    elif known.log:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        low, high = axes.get_xlim()
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if high > DECADES * max(low, high / 1e9) else (1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())


def _column(axes: Axes, place: int, key: str, known: SweptKey, trials: Sequence[SweepTrial]) -> Values:
    """The axis of a parameter, with its lowest and highest value; where the trials cross it, from 0 to 1."""
    positions = _positions(trials, key, known)
    if known.choices is not None:
        last = max(1, len(known.choices) - 1)
        ticks = [(index / last, str(word)) for index, word in enumerate(known.choices)]
        _axis(axes, place, ticks if len(ticks) <= MOST_LABELS else [ticks[0], ticks[-1]])
        return positions / last
    return _heights(axes, place, np.log(positions) if known.log else positions, positions)


def _metric_column(axes: Axes, place: int, record: SweepRecord, trials: Sequence[SweepTrial]) -> Values:
    values = _metric(trials)
    return _heights(axes, place, np.log(values) if _is_log(record, values) else values, values)


def _heights(axes: Axes, place: int, scaled: Values, values: Values) -> Values:
    low, high = float(scaled.min()), float(scaled.max())
    _axis(axes, place, [(0.0, number(float(values.min()))), (1.0, number(float(values.max())))])
    return (scaled - low) / (high - low) if high > low else np.full_like(scaled, 0.5)


def _axis(axes: Axes, place: int, ticks: Sequence[tuple[float, str]]) -> None:
    axes.axvline(place, color=theme().faint, linewidth=1.0, zorder=1)
    for height, text in ticks:
        axes.annotate(
            one_line(text, LONGEST_LABEL), (place, height), xytext=(5, 0), textcoords="offset points",
            va="center", fontsize=9.5, zorder=4,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": theme().background, "edgecolor": "none", "alpha": 0.85},
        )  # fmt: skip
