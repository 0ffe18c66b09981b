"""ROC, precision-recall, reliability and residuals: what the artists show, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mlpcli.errors import RunDirectoryError
from mlpcli.files import write_json
from mlpcli.plotting.reliability import by_chance, reliability_figure
from mlpcli.plotting.residuals import limit_of, residuals_figure
from mlpcli.plotting.run_plots import draw_evaluation, draw_run
from mlpcli.plotting.threshold_curves import precision_recall_figure, roc_figure

ROC = {"name": "yes", "area": 0.75, "false_positive_rate": [0.0, 0.5, 1.0], "true_positive_rate": [0.0, 1.0, 1.0]}
PRECISE = {"name": "yes", "area": 0.8, "share": 0.4, "recall": [0.5, 1.0], "precision": [1.0, 0.6]}
TWO = {
    "split": "test",
    "rows": 10,
    "class_names": ["no", "yes"],
    "confusion_matrix": [[4, 2], [1, 3]],
    "threshold_curves": {"classes": 1, "roc": [ROC], "precision_recall": [PRECISE], "threshold": 0.5},
    "calibration_error": 0.05,
    "reliability": {"rows": [0, 4, 6], "confidence": [None, 0.5, 0.9], "accuracy": [None, 0.25, 1.0]},
}
NUMBERS = {
    "split": "test",
    "rows": 3,
    "r2": 0.5,
    "target_name": "price",
    "sample": {"true": [1.0, 2.0, 9.0], "predicted": [1.5, 2.0, 6.0]},
    "largest_errors": {"true": [9.0, 1.0, 2.0], "predicted": [6.0, 1.5, 2.0]},
}


def _several(classes: int, shown: int) -> dict[str, Any]:
    names = [None, *(f"class {number}" for number in range(shown))]
    roc, precise = ([{**curve, "name": name} for name in names] for curve in (ROC, PRECISE))
    return {
        "split": "test",
        "rows": 10,
        "threshold_curves": {"classes": classes, "roc": roc, "precision_recall": precise},
    }


def _line(axes: Axes, label: str) -> Line2D:
    return next(line for line in axes.lines if line.get_label() == label)


def _points(line: Line2D) -> list[list[float]]:
    return np.asarray(line.get_xydata()).tolist()


def test_roc_of_two_classes_has_chance_and_the_threshold() -> None:
    """Of six no, two are false alarms; of four yes, three are found."""
    figure = roc_figure(TWO, "run")
    axes = figure.axes[0]
    assert figure.get_suptitle() == "run\ntest: area under the ROC curve 0.75 on 10 rows"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("false positive rate", "true positive rate")
    assert _points(_line(axes, "yes")) == [[0, 0], [0.5, 1], [1, 1]]
    assert _points(_line(axes, "chance")) == [[0, 0], [1, 1]]
    assert _points(_line(axes, "threshold 0.5")) == [[pytest.approx(2 / 6), 0.75]]


def test_precision_recall_of_two_classes() -> None:
    """Guessing is right for four of ten; at the threshold three of five are."""
    figure = precision_recall_figure(TWO)
    axes = figure.axes[0]
    assert figure.get_suptitle() == "test: average precision 0.8 on 10 rows"
    assert _points(_line(axes, "yes")) == [[0, 1], [0.5, 1], [1, 0.6]]
    assert _line(axes, "yes").get_drawstyle() == "steps-pre"
    assert set(_line(axes, "chance").get_ydata()) == {0.4}
    assert _points(_line(axes, "threshold 0.5")) == [[0.75, 0.6]]


@pytest.mark.parametrize("change", [{"threshold": None}, {}])
def test_without_a_threshold_or_a_matrix_nothing_is_marked(change: dict[str, Any]) -> None:
    evaluation = {**TWO, "threshold_curves": {**TWO["threshold_curves"], **change}}  # type: ignore[dict-item]
    if not change:
        del evaluation["confusion_matrix"]
    assert [line.get_label() for line in roc_figure(evaluation).axes[0].lines] == ["chance", "yes"]


@pytest.mark.parametrize(
    ("classes", "shown", "title"),
    [(10, 10, "area of each class"), (100, 5, "the 5 smallest areas of 100 classes")],
)
def test_several_classes_have_a_mean_and_lines_that_can_be_told_apart(classes: int, shown: int, title: str) -> None:
    for draw in (roc_figure, precision_recall_figure):
        figure = draw(_several(classes, shown))
        lines = [line for line in figure.axes[0].lines if line.get_label() != "chance"]
        assert len({(line.get_color(), str(line.get_linestyle())) for line in lines}) == shown + 1
        assert lines[0].get_label().startswith("mean of all classes: ")
        assert figure.legends[0].get_title().get_text() == title


def test_reliability_by_bins() -> None:
    figure = reliability_figure(TWO, "run")
    above, below = figure.axes
    assert figure.get_suptitle() == "run\ntest: calibration error 0.05 on 10 rows"
    (dots,) = (line for line in above.lines if _points(line)[0] == [0.5, 0.25])
    assert _points(dots) == [[0.5, 0.25], [0.9, 1.0]]
    assert [bar.get_height() for bar in below.patches] == [0, 4, 6]
    assert [bar.get_x() for bar in below.patches] == pytest.approx([0, 1 / 3, 2 / 3])


def test_reliability_before_calibration() -> None:
    before = {"rows": [0, 0, 10], "confidence": [None, None, 0.95], "accuracy": [None, None, 0.7]}
    without = {"log_loss": 1.0, "calibration_error": 0.25}
    evaluation = {**TWO, "reliability": {**TWO["reliability"], "without": before}, "calibration": {"without": without}}  # type: ignore[dict-item]
    figure = reliability_figure(evaluation)
    assert "(0.25 before calibration)" in figure.get_suptitle().replace("\n", " ")
    assert _points(_line(figure.axes[0], "before calibration")) == [[0.95, 0.7]]


def test_intervals_of_few_rows_are_wide() -> None:
    """Wilson: of 10 rows half right, 0.5 ± 0.263; one right answer of one is 0.207 to 1."""
    low, high = by_chance(np.array([0.5, 1.0]), np.array([10.0, 1.0]))
    assert (low, high) == (pytest.approx([0.2366, 0.2065], abs=1e-4), pytest.approx([0.7634, 1.0], abs=1e-4))


def test_residuals_are_true_less_predicted_and_the_largest_are_marked() -> None:
    axes, beside = residuals_figure(NUMBERS).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted price", "true − predicted price")
    assert np.asarray(axes.collections[0].get_offsets()).tolist() == [[1.5, -0.5], [2.0, 0.0], [6.0, 3.0]]
    rings = [_points(line)[0] for line in axes.lines if line.get_marker() == "o"]
    assert rings == [[6.0, 3.0], [1.5, -0.5]], "a residual of 0 is no error"
    assert [text.get_text() for text in axes.texts] == ["+3"]
    assert sum(bar.get_width() for bar in beside.patches) == 3


def test_a_residual_far_off_does_not_flatten_the_others() -> None:
    assert limit_of(np.array([1.0, -2.0, 3.0]), np.array([3.0])) == pytest.approx(3.3)
    usual = np.tile([1.0, -1.0], 500)
    assert limit_of(usual, np.array([1000.0])) == pytest.approx(2.2)
    assert limit_of(np.zeros(3), np.zeros(0)) == 1
    largest = {"true": [1001.0], "predicted": [1.0]}
    sample = {"true": usual.tolist(), "predicted": [0.0] * 1000}
    axes = residuals_figure({**NUMBERS, "sample": sample, "largest_errors": largest}).axes[0]
    (arrow,) = (line for line in axes.lines if line.get_marker() == "^")
    assert 0 < _points(arrow)[0][1] < axes.get_ylim()[1]
    assert [text.get_text() for text in axes.texts] == ["+1000"]


def test_several_targets_have_a_panel_each() -> None:
    sample = {"true": [[1.0, 5.0], [2.0, 6.0]], "predicted": [[1.5, 9.0], [2.75, 6.0]]}
    targets = [{"name": "a", "r2": 0.5}, {"name": "b", "unit": "kg", "r2": 0.25}]
    figure = residuals_figure({"rows": 2, "r2": 0.4, "sample": sample, "targets": targets})
    assert [axes.get_ylabel() for axes in figure.axes[::2]] == ["true − predicted a", "true − predicted b (kg)"]
    assert [axes.get_title() for axes in figure.axes[::2]] == ["R² 0.5", "R² 0.25"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "history.csv").write_text("epoch,loss\n1,2.0\n", encoding="utf-8")
    (tmp_path / "config.yaml").write_text("name: mine\n", encoding="utf-8")
    return tmp_path


def test_two_classes_have_roc_and_reliability_and_several_on_request(run: Path) -> None:
    write_json(run / "evaluation.json", TWO)
    assert list(draw_evaluation(run)) == ["confusion_matrix", "roc", "reliability"]
    write_json(run / "evaluation.json", _several(3, 3) | {"reliability": TWO["reliability"]})
    assert list(draw_evaluation(run)) == []
    names = ["roc", "precision_recall", "reliability"]
    assert [path.stem for path in draw_run(run, ["png"], only=names).paths] == names


def test_an_older_evaluation_draws_what_it_has(run: Path) -> None:
    old = {key: TWO[key] for key in ("split", "rows", "class_names", "confusion_matrix")}
    write_json(run / "evaluation.json", old)
    assert list(draw_evaluation(run)) == ["confusion_matrix"]
    with pytest.raises(RunDirectoryError, match=r"has no data for the picture roc .* it needs a classification whose"):
        draw_run(run, ["png"], only=["roc"])
    write_json(run / "evaluation.json", {key: NUMBERS[key] for key in NUMBERS if key != "largest_errors"})
    assert list(draw_evaluation(run)) == ["predicted_against_true", "residuals"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("threshold_curves", {"classes": 1, "roc": []}),
        ("threshold_curves", {"classes": 1, "roc": [{**ROC, "true_positive_rate": [0.0]}]}),
        ("threshold_curves", {"classes": 1, "roc": [{**ROC, "area": "large"}]}),
        ("threshold_curves", {"classes": 1, "roc": 5}),
        ("threshold_curves", {"classes": 1, "roc": [ROC], "threshold": "x"}),
        ("reliability", {"rows": [1], "confidence": [0.5], "accuracy": []}),
        ("reliability", {"rows": [1]}),
        ("reliability", [1]),
    ],
)
def test_damaged_curves_are_named(run: Path, key: str, value: Any) -> None:
    write_json(run / "evaluation.json", {**TWO, key: value})
    with pytest.raises(RunDirectoryError, match=r"evaluation\.json: is damaged: .*; evaluate the run again"):
        draw_run(run, ["png"], only=["roc", "reliability"])
