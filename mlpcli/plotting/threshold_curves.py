"""Draws ROC and precision-recall curves: of two classes one, of several each against the rest, and their mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpcli.language import say, term
from mlpcli.plotting.picture_options import LONGEST_TITLE
from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, number, set_title, theme
from mlpcli.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


LONGEST_NAME = 26
_SIDE = 6.2  # inches, of the axes with their labels
_LEGEND = 2.9  # inches, beside the axes
_MEAN_WIDTH = 3.0
Values = NDArray[np.float64]


def roc_figure(evaluation: Mapping[str, Any], run: str = "") -> Figure:
    """True against false positive rates.

    Args:
        evaluation: `threshold_curves` as `ThresholdCurves` gives them; `rows`, `split`, and of two classes
            `class_names` and `confusion_matrix`, for the rates at the threshold.
        run: its name, which goes into the title.

    Raises:
        ValueError: the numbers of a curve's rates differ.
    """
    found = evaluation["threshold_curves"]
    names = _names(found["roc"])
    with drawing_style(fonts_for([run, *names]).families):
        figure, axes = _empty(names)
        axes.plot([0, 1], [0, 1], color=theme().faint, linewidth=1.2, linestyle=(0, (4, 3)), label=say("chance"))
        for curve, look in zip(found["roc"], _looks(names), strict=True):
            axes.plot(*_points(curve, "false_positive_rate", "true_positive_rate"), **look)
        if rates := _at_threshold(evaluation):
            _mark(axes, found, rates["false_positive_rate"], rates["true_positive_rate"])
        axes.set_xlabel(say("false positive rate"))
        axes.set_ylabel(say("true positive rate"))
        _legend(figure, axes, found, len(names))
        area = number(float(found["roc"][0]["area"]))
        score = say(
            "area under the ROC curve {area}" if len(names) == 1 else "mean area under the ROC curves {area}", area=area
        )
        set_title(figure, one_line(run, LONGEST_TITLE), _title(evaluation, score))
    return figure


def precision_recall_figure(evaluation: Mapping[str, Any], run: str = "") -> Figure:
    """Precision against recall, in steps; arguments and errors as of `roc_figure`."""
    found = evaluation["threshold_curves"]
    curves = found["precision_recall"]
    names = _names(curves)
    with drawing_style(fonts_for([run, *names]).families):
        figure, axes = _empty(names)
        if len(curves) == 1:
            share = float(curves[0]["share"])
            axes.axhline(share, color=theme().faint, linewidth=1.2, linestyle=(0, (4, 3)), label=say("chance"))
        for curve, look in zip(curves, _looks(names), strict=True):
            recall, precision = _points(curve, "recall", "precision")
            # Up to the lowest recall, the precision is that of the rows with the highest score.
            axes.plot(np.append(0, recall), np.append(precision[:1], precision), drawstyle="steps-pre", **look)
        if rates := _at_threshold(evaluation):
            _mark(axes, found, rates["true_positive_rate"], rates["precision"])
        axes.set_xlabel(term("recall"))
        axes.set_ylabel(term("precision"))
        _legend(figure, axes, found, len(names))
        area = number(float(curves[0]["area"]))
        score = say("average precision {area}" if len(names) == 1 else "mean average precision {area}", area=area)
        set_title(figure, one_line(run, LONGEST_TITLE), _title(evaluation, score))
    return figure


def of_two_classes(evaluation: Mapping[str, Any]) -> bool:
    """Whether the curves are those of one class, which tell more than those of many."""
    found = evaluation.get("threshold_curves")
    return isinstance(found, Mapping) and found.get("classes") == 1


def _names(curves: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the legend says of each curve: the class, and of several the area under it."""
    if not curves:
        raise ValueError("threshold_curves has no curve")
    if len(curves) == 1:
        return [one_line(curves[0]["name"], LONGEST_NAME)]
    return [
        f"{say('mean of all classes') if curve['name'] is None else one_line(curve['name'], LONGEST_NAME)}:"
        f" {number(float(curve['area']))}"
        for curve in curves
    ]


def _points(curve: Mapping[str, Any], x: str, y: str) -> tuple[Values, Values]:
    across, up = (np.array(curve[key], dtype=np.float64).ravel() for key in (x, y))
    if across.shape != up.shape or not across.size:
        raise ValueError(f"a curve has {across.size} values of {x} and {up.size} of {y}")
    return across, up


def _empty(names: Sequence[str]) -> tuple[Figure, Axes]:
    """Square axes from 0 to 1, with room for a legend beside them where there are several curves."""
    figure = new_figure(_SIDE + (_LEGEND if len(names) > 1 else 0), _SIDE)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    return figure, axes


def _looks(names: Sequence[str]) -> list[dict[str, Any]]:
    """Of one curve, the first colour; of several, the mean is wide, and dashes tell more curves apart than colours."""
    look = theme()
    if len(names) == 1:
        return [{"color": look.colours[0], "label": names[0], "zorder": 3}]
    mean = {"color": look.text, "label": names[0], "linewidth": _MEAN_WIDTH, "zorder": 4}
    colours = [colour for colour in look.colours if colour != look.text]
    classes = [
        {
            "color": colours[place % len(colours)],
            "label": name,
            "linewidth": 1.5,
            "linestyle": "-" if place < len(colours) else (0, (5, 1.5)),
        }
        for place, name in enumerate(names[1:])
    ]
    return [mean, *classes]


def _at_threshold(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """The rates of the second of two classes at the threshold, from the confusion matrix; {} of several classes."""
    matrix = np.array(evaluation.get("confusion_matrix") or [], dtype=np.float64)
    if matrix.shape != (2, 2) or evaluation["threshold_curves"].get("threshold") is None:
        return {}
    (_, alarms), (_, found) = matrix
    others, own = matrix.sum(axis=1)
    if not others or not own:
        return {}
    # Where nothing is said to be of the class, the precision is that of the highest score, and there is no point of it.
    precision = float(found / (found + alarms)) if found + alarms else float("nan")
    return {"false_positive_rate": alarms / others, "true_positive_rate": found / own, "precision": precision}


def _mark(axes: Axes, found: Mapping[str, Any], x: float, y: float) -> None:
    label = say("threshold {value:.4g}", value=float(found["threshold"]))
    axes.plot([x], [y], marker="o", markersize=8, linestyle="none", color=theme().colours[1], label=label, zorder=5)


def _legend(figure: Figure, axes: Axes, found: Mapping[str, Any], curves: int) -> None:
    if curves == 1:
        axes.legend(loc="best")
        return
    few, classes = curves - 1, int(found["classes"])
    title = say(
        "area of each class" if few == classes else "the {few} smallest areas of {classes} classes",
        few=few,
        classes=classes,
    )
    legend = figure.legend(loc="outside right center", title=title, alignment="left")
    legend.get_title().set_fontsize(10)


def _title(evaluation: Mapping[str, Any], score: str) -> str:
    """For example `test: area under the ROC curve 0.9871 on 360 rows`."""
    split, rows = one_line(evaluation.get("split", "")), evaluation.get("rows")
    told = say("{scores} on {rows:,} rows", scores=score, rows=int(rows)) if rows is not None else score
    return f"{term(split)}: {told}" if split else told
