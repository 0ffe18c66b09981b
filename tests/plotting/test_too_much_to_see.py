"""Histories of many epochs or metrics, matrices of many classes, many rows: thinned out, and the picture says so."""

from __future__ import annotations

import numpy as np
import pytest

from mlpcli.errors import UserError
from mlpcli.plotting import confusion_matrix, curves, learning_curves, predicted_against_true
from mlpcli.plotting.confusion_matrix import confusion_matrix_figure
from mlpcli.plotting.predicted_against_true import predicted_against_true_figure
from mlpcli.runs.read_run import RunCurves


def test_of_many_epochs_the_extremes_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MOST_POINTS", 6)
    loss = [5.0, 9.0, 1.0, float("nan"), 3.0, 2.0, float("nan"), float("nan"), float("nan"), 4.0]
    run = RunCurves("a", {"epoch": [float(epoch) for epoch in range(1, 11)], "loss": loss}, best_epoch=6)
    axes = learning_curves.learning_curves([run]).axes[0]
    # Ten epochs in three stretches of four, four and two.
    assert axes.get_xlabel() == "epoch (lowest and highest of every 4)"
    assert axes.lines[0].get_xdata().tolist() == [2, 3, 5, 6, 10]
    assert axes.lines[0].get_ydata().tolist() == [9, 1, 3, 2, 4]
    assert axes.lines[1].get_xdata() == [6], "the best epoch is marked where it is"


def test_a_stretch_of_gaps_stays_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MOST_POINTS", 4)
    run = RunCurves("a", {"epoch": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "loss": [1.0, 2.0, 3.0] + [float("inf")] * 3})
    line = learning_curves.learning_curves([run]).axes[0].lines[0]
    assert line.get_ydata()[:2].tolist() == [1, 3] and np.isnan(line.get_ydata()[2:]).all()


def test_as_many_epochs_as_are_drawn_whole() -> None:
    epochs = [float(epoch) for epoch in range(1, curves.MOST_POINTS + 1)]
    axes = learning_curves.learning_curves([RunCurves("a", {"epoch": epochs, "loss": epochs})]).axes[0]
    assert (axes.get_xlabel(), axes.lines[0].get_xdata().tolist()) == ("epoch", epochs)


def test_of_many_metrics_the_first_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning_curves, "MOST_PANELS", 3)
    run = RunCurves("a", {"epoch": [1.0], **{f"m{number}": [1.0] for number in range(3000)}})
    figure = learning_curves.learning_curves([run])
    assert [axes.get_ylabel() for axes in figure.axes] == ["m0", "m1", "m2"]
    assert figure.get_suptitle() == "a (3 of 3,000 metrics; --metric draws any other)"
    assert learning_curves.learning_curves([run], "m2999").axes[0].get_ylabel() == "m2999"
    with pytest.raises(UserError, match=r'metric "x" is not in the history; available: m0, m1, m2, \.\.\.$'):
        learning_curves.learning_curves([run], "x")


def test_many_classes_are_drawn_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confusion_matrix, "CELLS_UP_TO", 2)
    matrix = [[1, 0, 2], [0, 3, 0], [0, 1, 4]]
    figure = confusion_matrix_figure({"split": "test", "class_names": ["a", "b", "c"], "confusion_matrix": matrix})
    axes = figure.axes[0]
    assert axes.collections[0].get_array().tolist() == [[4 / 6, 2 / 6], [1 / 5, 4 / 5]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "c"]
    assert axes.get_xlabel() == "predicted (2 neighbouring classes a cell)"
    assert figure.get_suptitle() == "test: accuracy 0.7273 on 11 rows"


def test_of_many_rows_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicted_against_true, "MOST_DOTS", 4)
    figure = predicted_against_true_figure({"sample": {"true": list(range(10)), "predicted": list(range(10))}})
    assert figure.get_suptitle() == "on 10 rows (4 shown)"
