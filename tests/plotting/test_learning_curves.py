from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpcli.errors import UserError
from mlpcli.plotting.curves import metrics_of, run_colours
from mlpcli.plotting.learning_curves import learning_curves
from mlpcli.plotting.legend import MOST_RUNS
from mlpcli.plotting.picture_options import NO_OPTIONS, PictureOptions
from mlpcli.runs.read_run import RunCurves

HISTORY = {
    "epoch": [1.0, 2.0, 3.0],
    "seconds": [0.1, 0.1, 0.1],
    "learning_rate": [0.01, 0.01, 0.01],
    "accuracy": [0.5, 0.7, 0.8],
    "loss": [2.0, 1.5, 1.2],
    "val_loss": [1.9, 1.6, 1.7],
    "val_accuracy": [0.4, 0.6, 0.5],
}


def run(label: str = "digits", best_epoch: int | None = 2, **columns: list[float]) -> RunCurves:
    return RunCurves(label, HISTORY | columns, best_epoch)


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def points(axes: Axes) -> list[list[float]]:
    return [np.asarray(line.get_ydata(), dtype=float).tolist() for line in axes.lines]


def test_one_panel_per_metric_loss_first() -> None:
    assert metrics_of([run()]) == ["loss", "accuracy"]
    figure = learning_curves([run()])
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy"]
    assert figure.get_suptitle() == "digits"
    assert legend_of(figure) == ["training", "validation", "best epoch: 2"]


def test_best_epoch_has_a_dot_a_line_and_its_value() -> None:
    loss = learning_curves([run()]).axes[0]
    training, validation, dot, vertical = points(loss)
    assert (training, validation, dot) == (HISTORY["loss"], HISTORY["val_loss"], [1.6])
    assert np.asarray(loss.lines[3].get_xdata()).tolist() == [2, 2] and vertical == [0, 1]
    assert [text.get_text() for text in loss.texts] == ["1.6"]


@pytest.mark.parametrize("best_epoch", [1, 2, 3])
@pytest.mark.parametrize("options", [NO_OPTIONS, PictureOptions(size=(2.2, 2.8)), PictureOptions(ylim=(1.0, 1.7))])
def test_the_value_stands_where_no_curve_runs(best_epoch: int, options: PictureOptions) -> None:
    figure = learning_curves([run(best_epoch=best_epoch)], "loss", options=options)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (value,) = axes.texts
    box = value.get_window_extent()
    assert box.y0 >= axes.bbox.y1, "curves end with the panel"
    assert not any(box.overlaps(line.get_window_extent()) for line in axes.lines[:3] if options.ylim is None)
    assert box.y1 <= figure.bbox.y1 and box.x0 >= 0 and box.x1 <= figure.bbox.x1


@pytest.mark.parametrize("best_epoch", [None, 0, 4])
def test_best_epoch_unknown_or_not_reached(best_epoch: int | None) -> None:
    assert points(learning_curves([run(best_epoch=best_epoch)]).axes[0]) == [HISTORY["loss"], HISTORY["val_loss"]]


def test_without_validation_the_best_epoch_is_marked_on_training() -> None:
    figure = learning_curves([RunCurves("x", {"epoch": [1.0, 2.0], "loss": [2.0, 1.0]}, 2)])
    assert points(figure.axes[0])[1] == [1.0]
    assert legend_of(figure) == ["training", "best epoch: 2"]


def test_several_runs_have_a_colour_each() -> None:
    figure = learning_curves([run("learning_rate=0.01"), run("learning_rate=0.1", best_epoch=3)])
    lines = [(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines]
    first, second = run_colours(2)
    assert lines == [(first, "--"), (first, "-"), (second, "--"), (second, "-"), (first, "None"), (second, "None")]
    assert figure.get_suptitle() == "2 runs"
    assert legend_of(figure) == ["learning_rate=0.01", "learning_rate=0.1", "training", "validation", "best epoch"]


def test_many_runs_end_the_legend_with_a_count() -> None:
    figure = learning_curves([run(f"seed={seed}") for seed in range(30)])
    labels = legend_of(figure)
    assert labels[MOST_RUNS - 2 : MOST_RUNS] == [f"seed={MOST_RUNS - 2}", "and 7 more"]
    assert len(set(run_colours(30))) == 30


@pytest.mark.usefixtures("hangul_font")
def test_long_labels_take_lines_and_nothing_of_the_legend_is_cut() -> None:
    names = [f"{'이름이 긴 실험 ' * 6}{number}" for number in range(5)]  # 91 letters wide each
    figure = learning_curves([run(name) for name in names], "loss")
    figure.draw_without_rendering()
    labels = legend_of(figure)
    assert [label.replace("\n", " ") for label in labels[:5]] == names
    assert all(label.count("\n") == 1 for label in labels[:5])
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.axes[0].bbox.y0


@pytest.mark.parametrize(
    ("metric", "label"),
    [("loss", "loss"), ("val_accuracy", "accuracy"), ("learning_rate", "learning rate"), ("seconds", "seconds")],
)
def test_one_metric(metric: str, label: str) -> None:
    assert [axes.get_ylabel() for axes in learning_curves([run()], metric).axes] == [label]


@pytest.mark.parametrize(("metric", "hint"), [("acuracy", '; did you mean "accuracy"?'), ("epoch", ""), ("zzz", "")])
def test_unknown_metric(metric: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        learning_curves([run()], metric)
    there = "loss, accuracy, learning_rate, seconds"
    assert str(caught.value) == f'metric "{metric}" is not in the history; available: {there}{hint}'


def test_acc_shares_a_panel_with_accuracy() -> None:
    short = RunCurves("old", {"epoch": [1.0], "acc": [0.5], "val_acc": [0.4]})
    figure = learning_curves([run("new"), short])
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy"]
    assert [0.5] in points(figure.axes[1]) and [0.4] in points(figure.axes[1])
    assert [axes.get_ylabel() for axes in learning_curves([run(), short], "val_acc").axes] == ["accuracy"]
    assert [axes.get_ylabel() for axes in learning_curves([run()], "acc").axes] == ["accuracy"]
    assert metrics_of([short]) == ["acc"] and learning_curves([short]).axes[0].get_ylabel() == "acc"


def test_a_run_with_both_keeps_both() -> None:
    both = RunCurves("x", {"epoch": [1.0], "acc": [0.5], "accuracy": [0.4]})
    assert [axes.get_ylabel() for axes in learning_curves([both, run()]).axes] == ["loss", "acc", "accuracy"]


def test_no_metric_at_all() -> None:
    with pytest.raises(UserError, match="no metrics, only epochs"):
        learning_curves([RunCurves("x", {"epoch": [1.0]})])


def test_one_epoch_is_a_dot_over_the_tick_1() -> None:
    history = {name: values[:1] for name, values in HISTORY.items()}
    axes = learning_curves([RunCurves("x", history, 1)]).axes[0]
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]
    assert axes.lines[0].get_marker() == "o" and axes.lines[0].get_markevery() == [0]


@pytest.mark.parametrize(
    ("epochs", "width", "labels"),
    [
        (12, 6.0, ["1", "5", "10"]),
        (12, 2.2, ["1", "5", "10"]),
        (3_000, 2.2, ["1", "2,000"]),
        (100, 6.0, ["1", "20", "40", "60", "80", "100"]),
        (10_000, 6.0, ["1", "2,000", "4,000", "6,000", "8,000", "10,000"]),
    ],
)
def test_as_many_ticks_as_have_room(epochs: int, width: float, labels: list[str]) -> None:
    history = {"epoch": np.arange(1.0, epochs + 1).tolist(), "loss": np.linspace(2, 1, epochs).tolist()}
    figure = learning_curves([RunCurves("x", history)], options=PictureOptions(size=(width, 3.0)))
    figure.draw_without_rendering()
    shown = figure.axes[0].get_xticklabels()
    assert [tick.get_text() for tick in shown] == labels
    ends = [tick.get_window_extent() for tick in shown]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(ends))


def test_gaps_are_left_open_and_lone_values_get_a_dot() -> None:
    values = [1.0] * 8 + [math.nan, 0.9, math.inf] + [0.8] * 9
    history = {"epoch": np.arange(1.0, 21).tolist(), "loss": values}
    line = learning_curves([RunCurves("x", history)]).axes[0].lines[0]
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).nonzero()[0].tolist() == [8, 10]
    assert line.get_markevery() == [9]


def test_no_finite_value_says_so() -> None:
    axes = learning_curves([RunCurves("x", {"epoch": [1.0], "loss": [math.nan]}, 1)]).axes[0]
    assert [text.get_text() for text in axes.texts] == ["no finite value"]


def test_the_axis_says_when_it_is_logarithmic() -> None:
    axes = learning_curves([run(loss=[300.0, 2.0, 1.0])]).axes[0]
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "loss (log scale)")
    formatter = axes.yaxis.get_major_formatter()
    assert [formatter(value, 0) for value in (0.01, 200.0)] == ["0.01", "200"]


def test_what_leaves_the_chart_has_a_triangle_on_its_edge() -> None:
    history = {"epoch": [1.0, 2.0, 3.0, 4.0], "r2": [-50.0, 0.2, 0.4, 0.6], "val_r2": [9.0, 0.3, 0.4, 0.5]}
    axes = learning_curves([RunCurves("x", history)]).axes[0]
    below, above = axes.lines[2:]
    low, high = axes.get_ylim()
    assert (below.get_marker(), np.asarray(below.get_xydata()).tolist()) == (7, [[1, low]])
    assert (above.get_marker(), np.asarray(above.get_xydata()).tolist()) == (6, [[1, high]])
    assert axes.get_xlabel() == "epoch\nepoch 1 is off the chart: -50"
    whole = learning_curves([RunCurves("x", history)], options=PictureOptions(ylim=(-50, 1))).axes[0]
    assert (whole.get_ylim(), whole.get_xlabel(), len(whole.lines)) == ((-50, 1), "epoch", 2)


def test_a_long_title_takes_two_lines_of_the_same_size() -> None:
    short, long = (learning_curves([run(name)], "loss") for name in ("digits", "이름이 긴 실험 " * 5))
    assert long.get_suptitle() == "이름이 긴 실험 " * 4 + "이름이\n긴 실험"  # 32.04 of 32.22 em
    assert long.get_figheight() - short.get_figheight() == pytest.approx(13 * 1.2 / 72)


@pytest.mark.parametrize(("height", "labels"), [(4.0, "0.02 0.05 0.1 0.2 0.5 1 2"), (2.3, "0.1 1")])
def test_a_logarithmic_axis_has_as_many_numbers_as_have_room(height: float, labels: str) -> None:
    wild = RunCurves("x", {"epoch": [1.0, 2.0, 3.0], "loss": [1.9, 0.5, 0.015]})
    figure = learning_curves([wild], options=PictureOptions(size=(4.0, height)))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    shown = [tick for tick in axes.yaxis.get_major_ticks() if axes.get_ylim()[0] < tick.get_loc() < axes.get_ylim()[1]]
    assert [tick.label1.get_text() for tick in shown] == labels.split()


def test_the_value_of_the_first_epoch_stands_beside_the_power_of_ten() -> None:
    figure = learning_curves([RunCurves("x", {"epoch": [1.0, 2.0], "loss": [2e10, 2.1e10]}, 1)])
    figure.draw_without_rendering()
    power = figure.axes[0].yaxis.get_offset_text()
    assert power.get_text() == "1e10"
    assert not power.get_window_extent().overlaps(figure.axes[0].texts[0].get_window_extent())


def test_settings_of_the_user_stay_as_they_were() -> None:
    before = dict(rcParams)
    learning_curves([run("패션 $x$")])
    assert dict(rcParams) == before


def rated(*rates: float, **columns: list[float]) -> RunCurves:
    return RunCurves("x", {"epoch": [1.0, 2.0, 3.0], "loss": [3.0, 2.0, 1.0], "accuracy": [0.1, 0.2, 0.3],
                           "learning_rate": list(rates), **columns})  # fmt: skip


def test_a_rate_that_changes_has_a_panel_below() -> None:
    axes = learning_curves([rated(0.1, 0.05, 0.01)]).axes
    assert [panel.get_ylabel() for panel in axes] == ["loss", "accuracy", "learning rate"]
    assert axes[2].lines[0].get_ydata().tolist() == [0.1, 0.05, 0.01]  # type: ignore[union-attr]
    assert axes[2].get_position().y1 < axes[0].get_position().y0
    assert len(learning_curves([rated(0.1, 0.1, 0.1)]).axes) == 2
    assert len(learning_curves([rated(0.1, 0.05, 0.01)], "loss").axes) == 1
    both = learning_curves([rated(0.1, 0.1, 0.1), rated(0.1, 0.05, 0.01)])
    assert len(both.axes[2].lines) == 2


def test_a_smoothed_curve_lies_over_the_faint_one() -> None:
    figure = learning_curves([rated(1, 1, 1)], "loss", options=PictureOptions(smooth=0.5))
    raw, mean = figure.axes[0].lines
    assert (raw.get_alpha(), mean.get_alpha()) == (0.3, 1.0)
    # (0.5 * 3) / 0.5, (0.25 * 3 + 0.5 * 2) / 0.75, (0.125 * 3 + 0.25 * 2 + 0.5 * 1) / 0.875
    assert np.asarray(mean.get_ydata()) == pytest.approx([3, 7 / 3, 11 / 7])


@pytest.mark.parametrize(("asked", "scale"), [("log", "log"), ("linear", "linear"), (None, "linear")])
def test_the_scale_that_is_asked_for(asked: Any, scale: str) -> None:
    axes = learning_curves([rated(1, 1, 1)], "loss", options=PictureOptions(scale=asked)).axes[0]
    assert axes.get_yscale() == scale


def test_no_logarithm_of_what_is_not_above_0() -> None:
    with pytest.raises(UserError, match="--scale log: loss has values of 0 or less; leave it out"):
        learning_curves([rated(1, 1, 1, loss=[1.0, 0.0, 1.0])], "loss", options=PictureOptions(scale="log"))
    with pytest.raises(UserError, match="--scale log: --ylim begins at 0; give a lower limit above 0"):
        learning_curves([rated(1, 1, 1)], "loss", options=PictureOptions(scale="log", ylim=(0, 2)))


def test_where_a_run_stopped_early() -> None:
    figure = learning_curves([replace(rated(1, 1, 1), stopped_of=60)], "loss")
    end = figure.axes[0].lines[-1]
    assert (end.get_marker(), list(end.get_xdata()), list(end.get_ydata())) == ("s", [3], [1.0])  # type: ignore[arg-type]
    assert legend_of(figure)[-1] == "stopped at 3 of 60"
