from __future__ import annotations

import re
from typing import Any

import pytest

from mlpcli.errors import UserError
from mlpcli.plotting.learning_curves import learning_curves
from mlpcli.plotting.picture_options import PictureOptions, picture_options
from mlpcli.runs.read_run import RunCurves

HISTORY = {"epoch": [1.0, 2.0, 3.0], "loss": [2.0, 1.5, 1.0], "val_loss": [2.2, 1.6, 1.7], "mae": [3.0, 2.0, 1.0]}


def run(label: str = "digits", **columns: list[float]) -> RunCurves:
    return RunCurves(label, HISTORY | columns, 2)


def test_as_a_command_and_as_python_writes_them() -> None:
    expected = PictureOptions((0.8, 1.0), "My run", ("Train", "Test"), (8.0, 6.0))
    assert picture_options("0.8:1", "My run", "Train, Test", "8X6") == expected
    assert picture_options((0.8, 1), "My run", ["Train", "Test"], (8, 6)) == expected
    assert not picture_options().any and picture_options(ylim="-1:1").any


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ylim": "0.8"}, '--ylim: must be LOW:HIGH, two numbers, the lower first, such as 0.8:1 (got "0.8")'),
        ({"ylim": "1:0.8"}, 'such as 0.8:1 (got "1:0.8")'),
        ({"ylim": (0, float("nan"))}, 'such as 0.8:1 (got "0:nan")'),
        ({"ylim": 5}, 'such as 0.8:1 (got "5")'),
        ({"ylim": "0:1e200"}, 'such as 0.8:1 (got "0:1e200")'),
        ({"size": "8"}, '--size: must be WIDTHxHEIGHT in inches (of 150 pixels), 2 to 40 each, such as 8x6 (got "8")'),
        ({"size": "1x6"}, '(got "1x6")'),
        ({"size": "800x600"}, '(got "800x600")'),
        ({"title": " "}, "--title: must have 1 to 80 letters, CJK letters counting twice (got nothing)"),
        ({"title": "x" * 81}, "--title: must have 1 to 80 letters"),
        ({"legend": "Train,,Test"}, '1 to 70 letters each, such as Train,Test (got "Train,,Test")'),
        ({"legend": []}, "--legend: must be names separated by commas"),
    ],
)
def test_what_cannot_be_read(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        picture_options(**given)


def test_all_of_them_in_the_picture() -> None:
    options = PictureOptions((0.5, 3.0), "Mine", ("Train", "Test"), (8.0, 6.0))
    figure = learning_curves([run()], "loss", options=options)
    assert figure.axes[0].get_ylim() == (0.5, 3.0) and figure.get_suptitle() == "Mine"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Train", "Test", "best epoch: 2"]
    assert figure.get_size_inches().tolist() == [8.0, 6.0]


def test_the_smallest_size_that_is_offered_has_room() -> None:
    figure = learning_curves([run()], options=PictureOptions(size=(3.8, 2.8)))
    figure.draw_without_rendering()  # matplotlib warns where the panels do not fit
    assert figure.get_size_inches().tolist() == [3.8, 2.8]


def test_names_of_several_runs() -> None:
    figure = learning_curves([run("a"), run("b")], "loss", options=PictureOptions(legend=("SGD", "Adam")))
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["SGD", "Adam", "training", "validation", "best epoch"]


def test_limits_in_which_nothing_is_seen() -> None:
    for limits in ((5, 9), (0, 0.5)):
        with pytest.raises(UserError, match=r"^--ylim: no value of loss is between .*; they are between 1 and 2\.2$"):
            learning_curves([run()], "loss", options=PictureOptions(ylim=limits))
    learning_curves([run(loss=[9.0, 1.0, 0.5])], "loss", options=PictureOptions(ylim=(3, 4)))  # a line passes


def test_limits_without_a_finite_value() -> None:
    nothing = RunCurves("x", {"epoch": [1.0], "loss": [float("nan")]})
    axes = learning_curves([nothing], "loss", options=PictureOptions(ylim=(0, 1))).axes[0]
    assert [text.get_text() for text in axes.texts] == ["no finite value"]


def test_limits_decide_whether_the_axis_is_logarithmic() -> None:
    wild = run(loss=[300.0, 2.0, 1.0])
    limits = [(0.0, 300.0), (0.5, 3.0), (0.5, 300.0)]
    axes = [learning_curves([wild], "loss", options=PictureOptions(ylim=pair)).axes[0] for pair in limits]
    assert [one.get_yscale() for one in axes] == ["linear", "linear", "log"]
    assert [one.get_ylabel() for one in axes] == ["loss", "loss", "loss (log scale)"]


@pytest.mark.parametrize(
    ("runs", "options", "message"),
    [
        (
            1,
            PictureOptions(ylim=(0, 1)),
            "--ylim: works only with one panel, but there are 2; choose one, such as --metric mae",
        ),
        (1, PictureOptions(legend=("a",)), "each of the curves training, validation, separated by commas (got 1)"),
        (2, PictureOptions(legend=("a", "b", "c")), "each of 2 runs, separated by commas (got 3)"),
        (
            1,
            PictureOptions(size=(3.0, 2.0)),
            "--size: 3x2 inches are too small for this picture; give 3.8x2.8, or choose one panel with --metric",
        ),
    ],
)
def test_what_does_not_fit_the_picture(runs: int, options: PictureOptions, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        learning_curves([run(str(number)) for number in range(runs)], options=options)
