"""The pictures of a network with two inputs: regions, borders and rows; a surface of numbers; tiles of hidden units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlpcli.plotting.decision_boundary import decision_boundary_figure
from mlpcli.plotting.hidden_units import hidden_units_figure
from mlpcli.plotting.plane_colours import certainty, class_marker, margins, region_colours, rgb
from mlpcli.plotting.style import LIGHT, texts_of, themed
from mlpcli.runs.plane import Answers, Plane

ANSWER = np.array([[[0.5], [0.75], [1.0], [0.0]]], np.float32)


def _answered(plane: Plane, outputs: np.ndarray, classes: list[list[int]]) -> Plane:
    return replace(plane, answers=Answers(outputs, np.array(classes, np.int16)))


def test_a_region_has_the_colour_of_its_class_the_fainter_the_less_sure(small_plane: Any) -> None:
    plane = _answered(small_plane(), ANSWER, [[0, 1, 1, 0]])
    assert certainty(plane, plane.answers).tolist() == [[0, 0.5, 1, 1]]
    first, second = rgb(LIGHT.colours[:2])
    mixed = [
        0.86 * 255 + 0.14 * first,
        0.67 * 255 + 0.33 * second,
        0.48 * 255 + 0.52 * second,
        0.48 * 255 + 0.52 * first,
    ]
    assert region_colours(plane, plane.answers).tolist() == [np.rint(mixed).tolist()]


def test_scores_that_are_no_probabilities_have_one_shade(small_plane: Any) -> None:
    plane = replace(_answered(small_plane(), 9 * ANSWER, [[1, 1, 1, 0]]), probabilities=False, threshold=0.0)
    assert certainty(plane, plane.answers).tolist() == [[1, 1, 1, 1]]
    assert margins(plane, plane.answers.outputs)[0, 0].tolist() == [9, 13.5, 18, 0]


def test_a_border_lies_where_two_classes_are_level(small_plane: Any) -> None:
    outputs = np.array([[[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.4, 0.4, 0.2]]], np.float32)
    found = margins(small_plane(class_names=("a", "b", "c")), outputs)
    twice = np.log(2)
    assert found[:, 0] == pytest.approx(
        np.array([[twice, -twice, 0], [-twice, twice, 0], [-twice, -twice, -twice]]), abs=1e-6
    )


def test_the_border_of_two_classes_is_at_the_threshold(small_plane: Any) -> None:
    outputs = np.array([[[0.2], [0.8]]], np.float32)
    assert margins(small_plane(threshold=0.2), outputs)[0, 0] == pytest.approx([0, np.log(4 * 4)], abs=1e-6)


def test_classes_of_the_same_colour_have_other_marks() -> None:
    assert [class_marker(index) for index in (0, 6, 7, 14)] == ["o", "o", "s", "D"]


def test_the_rows_are_drawn_in_the_units_of_the_data_and_wrong_ones_crossed_out(small_plane: Any) -> None:
    figure = decision_boundary_figure(small_plane(), "fruit")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("width (cm)", "height")
    assert axes.axis() == (-2, 2, 0, 30)
    rows = [collection.get_offsets().tolist() for collection in axes.collections if len(collection.get_offsets()) > 1]
    assert rows == [[[-1, 10], [1, 20], [1.5, 5]], [[1.5, 5], [1, 20], [-1, 10]]]
    (wrong,) = [collection for collection in axes.collections if len(collection.get_offsets()) == 1][-1:]
    assert wrong.get_offsets().tolist() == [[1, 20]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "apple", "pear", "training", "test", "test, wrong",
    ]  # fmt: skip
    assert "class regions: 1 wrong of 3 test rows" in " ".join(texts_of(figure))


def test_the_border_is_drawn_where_the_classes_change(small_plane: Any) -> None:
    (axes,) = decision_boundary_figure(small_plane()).axes
    vertices = np.concatenate([path.vertices for line in axes.collections[:1] for path in line.get_paths()])
    assert vertices[:, 0] == pytest.approx(0, abs=1e-6)


def test_where_a_part_is_not_shown_as_a_whole_the_title_says_so(small_plane: Any) -> None:
    plane = small_plane()
    many = replace(plane, points=(plane.points[0], replace(plane.points[1], rows=5000)))
    assert "1 wrong of 3 of 5,000 test rows, those shown" in " ".join(
        " ".join(texts_of(decision_boundary_figure(many))).split()
    )


def test_a_number_is_a_surface_of_colours(small_plane: Any) -> None:
    plane = small_plane(class_names=None, target_name="price", target_unit="EUR")
    numbers = tuple(
        replace(some, true=np.array([1.0, 2.0, 4.0]), predicted=np.array([1.0, 2.5, 3.0])) for some in plane.points
    )
    figure = decision_boundary_figure(replace(plane, points=numbers, answers=Answers(plane.answers.outputs * 8, None)))
    axes, bar = figure.axes
    assert bar.get_ylabel() == "price (EUR)"
    assert axes.images[0].get_clim() == (1, 4)
    assert axes.collections[0].get_array().tolist() == [1, 2, 4]
    assert "predicted price: MAE 0.5 on 3 test rows" in texts_of(figure)


def test_a_hundred_classes_are_named_in_part(small_plane: Any) -> None:
    plane = small_plane(class_names=tuple(f"a class with a long name {index}" for index in range(100)))
    cells = np.full((4, 5, 100), 0.01, np.float32)
    figure = decision_boundary_figure(replace(plane, answers=Answers(cells, np.zeros((4, 5), np.int16))))
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(labels) == 14 + 1 + 3
    assert labels[14] == "and 86 more"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_hidden_units_are_tiles_and_what_is_left_out_is_said(small_plane: Any, theme: str) -> None:
    with themed(theme):
        figure = hidden_units_figure(small_plane(), "fruit")
    assert figure is not None
    first, second, output = figure.axes
    assert first.images[0].get_array().tolist() == [[-127, -84, -41, 2, 45, 88]] * 6
    assert first.get_title(loc="left") == "layer 1: tanh\n2 of 12 units"
    assert (len(first.lines), len(second.lines)) == (0, 1)  # the second is crossed out
    assert output.get_title(loc="left") == "output"
    said = " ".join(" ".join(texts_of(figure)).split())
    assert "the first 1 of 3 hidden layers; crossed out: 0 everywhere" in said


def test_a_network_without_hidden_layers_has_no_tiles(small_plane: Any) -> None:
    assert hidden_units_figure(small_plane(hidden=())) is None
