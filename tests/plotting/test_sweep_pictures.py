"""Pictures of a sweep: what the artists show, by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.files import write_json, write_text
from mlpcli.plotting.sweep_pictures import (
    history_figure,
    importance_figure,
    parallel_figure,
    slices_figure,
)
from mlpcli.runs.sweep_file import SweepRecord, SweepTrial, SweptKey, read_record, write_record
from mlpcli.workflows.plot import plot

RATE, UNITS = "training.optimizer.learning_rate", "model.hidden_units"
RECORD = SweepRecord(
    "moons",
    "val_loss",
    False,
    {RATE: SweptKey(log=True), UNITS: SweptKey(choices=("[8]", "[8, 4]", "[64]"))},
    (
        SweepTrial(0, "done", 0.5, {RATE: 0.01, UNITS: "[8]"}, 3, 0.1),
        SweepTrial(1, "pruned", 0.9, {RATE: 0.001, UNITS: "[64]"}, 1, 0.1),
        SweepTrial(2, "done", 0.2, {RATE: 0.1, UNITS: "[8, 4]"}, 3, 0.1),
        SweepTrial(3, "failed", None, {RATE: 1.0, UNITS: "[8]"}, None, 0.1, "loss is nan after epoch 1"),
        SweepTrial(4, "done", 0.3, {RATE: 1.0, UNITS: "[64]"}, 3, 0.1),
        SweepTrial(5, "waiting", None, {}),
    ),
    {RATE: 0.75, UNITS: 0.25},
)


def _lines(figure: Any) -> dict[str, list[list[float]]]:
    (axes,) = figure.axes
    return {line.get_label(): np.transpose(line.get_data()).tolist() for line in axes.lines}


def test_the_history_has_every_trial_and_the_best_so_far() -> None:
    lines = _lines(history_figure(RECORD))
    assert lines["done"] == [[0, 0.5], [2, 0.2], [4, 0.3]]
    assert lines["pruned, at their last epoch"] == [[1, 0.9]]
    assert lines["best so far"] == [[0, 0.5], [2, 0.2], [4, 0.2], [5, 0.2]]
    rising = _lines(history_figure(replace(RECORD, rising=True)))
    assert rising["best so far"] == [[0, 0.5], [2, 0.5], [4, 0.5], [5, 0.5]]


def test_a_slice_has_each_value_at_its_place() -> None:
    rate, units = slices_figure(RECORD).axes
    of_rate, of_units = (
        next(found for found in axes.collections if isinstance(found, PathCollection)) for axes in (rate, units)
    )
    assert np.asarray(of_rate.get_offsets()).tolist() == [[0.01, 0.5], [0.1, 0.2], [1.0, 0.3]]
    assert np.asarray(of_units.get_offsets()).tolist() == [[0, 0.5], [1, 0.2], [2, 0.3]]
    assert rate.get_xscale() == "log"
    assert [text.get_text() for text in units.get_xticklabels()] == ["[8]", "[8, 4]", "[64]"]
    assert (rate.get_xlabel(), units.get_xlabel()) == ("learning rate", "hidden units")


def test_lines_cross_the_parallel_axes_where_their_values_are() -> None:
    (axes,) = parallel_figure(RECORD).axes
    lines = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 3]
    # Worst first, so that the best is on top: a decade of the rate is half its axis.
    assert np.allclose(lines, [[0, 0, 1], [1, 1, 1 / 3], [0.5, 0.5, 0]])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["learning rate", "hidden units", "val loss"]


def test_the_most_important_parameter_is_on_top() -> None:
    figure = importance_figure(RECORD)
    assert figure is not None
    (axes,) = figure.axes
    assert [patch.get_width() for patch in axes.patches] == [0.75, 0.25]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["learning rate", "hidden units"]
    assert importance_figure(replace(RECORD, importance={})) is None


def test_errors_that_span_decades_have_a_logarithmic_axis() -> None:
    bad = SweepTrial(6, "done", 200.0, {RATE: 2.0, UNITS: "[8]"})
    (axes,) = history_figure(replace(RECORD, trials=(*RECORD.trials, bad))).axes
    assert axes.get_yscale() == "log"
    assert history_figure(RECORD).axes[0].get_yscale() == "linear"


def test_plot_draws_a_sweep_anew(tmp_path: Path) -> None:
    write_record(tmp_path, RECORD, {"study": "moons-1"})
    assert read_record(tmp_path) == RECORD
    run = tmp_path / "trials" / "2"
    run.mkdir(parents=True)
    write_text(run / "config.yaml", "output: {theme: dark, language: ko}\n")
    drawn = plot([tmp_path], format="svg")
    assert [path.name for path in drawn.paths] == [
        *("history.svg", "parallel_coordinates.svg", "parameter_importance.svg", "slices.svg")
    ]
    with pytest.raises(UserError, match="is a sweep, whose pictures are drawn together; leave out other options"):
        plot([tmp_path], metric="loss")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"name": "moons"}, "its sweep has no results yet; they are written when it stops"),
        ({"trials": [{"trial": 1, "state": "lost"}]}, "is damaged"),
        ([], "is damaged"),
    ],
)
def test_a_damaged_record_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    write_json(tmp_path / "sweep.json", content)
    with pytest.raises(RunDirectoryError, match=message):
        read_record(tmp_path)
