"""Learning curves as text, for people on a server. Needs mlpcli[terminal]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlpcli.errors import UserError
from mlpcli.plotting.axis_limits import choose_scale
from mlpcli.plotting.curves import VALIDATION, Curve, curves_of
from mlpcli.plotting.learning_curves import panels_of
from mlpcli.plotting.picture_options import NO_OPTIONS, PictureOptions
from mlpcli.plotting.style import number
from mlpcli.runs.read_run import RunCurves
from mlpcli.text import display_width, one_line

HEIGHT = 12
NARROWEST, WIDEST = 30, 110
BESIDE = 14
"""Columns that the frame and the numbers beside it take."""
PLAIN_FRAME = str.maketrans("│─┌┐└┘", "|-++++")


def terminal_curves(
    runs: Sequence[RunCurves],
    metric: str | None = None,
    options: PictureOptions = NO_OPTIONS,
    width: int = 80,
    braille: bool = True,
    colour: bool = False,
) -> str:
    """A panel of characters below the other for each metric; of several runs, validation alone where there is one.

    Args:
        runs, metric, options: as of `learning_curves`; of the options, ylim and scale.
        width: columns of the terminal.
        braille: dots of Unicode's braille, eight a character; else plain ASCII.
        colour: whether the terminal shows colours.

    Raises:
        UserError: as `learning_curves`; or uniplot is not installed.
    """
    runs, metrics = panels_of(runs, metric)
    panels = [
        _panel(name, runs, options, min(WIDEST, max(NARROWEST, width - BESIDE)), braille, colour) for name in metrics
    ]
    return "\n\n".join(panels) + "\n"


def _panel(
    metric: str, runs: Sequence[RunCurves], options: PictureOptions, width: int, braille: bool, colour: bool
) -> str:
    labelled = [pair for run in runs for pair in _labelled(run, metric, len(runs) > 1)]
    shown = [(curve, label) for curve, label in labelled if np.isfinite(curve.values).any()]
    if not shown:
        return f"{metric}: no finite value"
    curves, labels = [curve for curve, _ in shown], [label for _, label in shown]
    values = [curve.values.tolist() for curve in curves]
    scale = choose_scale(metric, values, asked=options.scale)
    assert scale is not None  # some value is finite
    low, high = options.ylim or (scale.low, scale.high)
    there = [np.isfinite(curve.values) & (curve.values >= low) & (curve.values <= high) for curve in curves]
    if not any(inside.any() for inside in there):
        raise UserError(f"--ylim: no value of {metric} is between {low:g} and {high:g}")
    lines = _uniplot()(
        xs=[curve.epochs[inside] for curve, inside in zip(curves, there, strict=True)],
        ys=[curve.values[inside] for curve, inside in zip(curves, there, strict=True)],
        lines=True,
        width=width,
        height=HEIGHT,
        x_min=min(curve.epochs.min() for curve in curves) - 0.5,
        x_max=max(curve.epochs.max() for curve in curves) + 0.5,
        y_min=low,
        y_max=high,
        y_as_log=scale.log and low > 0,
        color=colour,
        character_set="braille" if braille else "ascii",
        legend_labels=[one_line(label, width // 2) for label in labels] if braille is False or colour else None,
    )
    text = lines if braille else lines.translate(PLAIN_FRAME)
    head = f"{metric.replace('_', ' ')}{' (log scale)' if scale.log and low > 0 else ''}, from epoch to epoch"
    best = [line for run in runs if (line := _best(run, metric, len(runs) > 1))]
    names = [] if braille is False or colour else [_ends(curves, labels, width)]
    return "\n".join([head, text.rstrip("\n"), *names, *best])


def _uniplot() -> Any:
    try:
        from uniplot import plot_to_string
    except ImportError as error:
        needs = (
            "curves in a terminal are drawn by uniplot; pip install 'mlpcli[terminal]', or draw a picture without it"
        )
        raise UserError(f"--terminal: {needs}") from error
    return plot_to_string


def _labelled(run: RunCurves, metric: str, several: bool) -> list[tuple[Curve, str]]:
    """The curves of a run with their names."""
    names = [name for name in (metric, VALIDATION + metric) if name in run.history]
    parts = ["validation" if name.startswith(VALIDATION) else "training" for name in names]
    curves = list(zip(curves_of(run, metric, None), parts, strict=True))
    return [(curve, run.label) for curve, _ in curves[-1:]] if several else curves


def _ends(curves: Sequence[Curve], labels: Sequence[str], width: int) -> str:
    """Without colours the lines look alike: their last values tell which is which."""
    parts = [f"{label} ends at {number(curve.values[-1])}" for curve, label in zip(curves, labels, strict=True)]
    line = ", ".join(parts)
    return line if display_width(line) <= width + BESIDE else "\n".join(parts)


def _best(run: RunCurves, metric: str, several: bool) -> str:
    """The best epoch and its value, where it is known."""
    name = VALIDATION + metric if VALIDATION + metric in run.history else metric
    if run.best_epoch is None or name not in run.history or run.best_epoch > len(run.history[name]):
        return ""
    whose = f"{run.label}: " if several else ""
    return f"{whose}best epoch {run.best_epoch}: {name} {number(run.history[name][run.best_epoch - 1])}"
