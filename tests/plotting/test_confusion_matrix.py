from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from mlpcli.plotting.confusion_matrix import COUNTS_UP_TO, confusion_matrix_figure, row_shares, title_of
from mlpcli.plotting.style import LIGHT


def evaluation(matrix: list[list[int]], names: list[str]) -> dict[str, object]:
    return {"split": "test", "confusion_matrix": matrix, "class_names": names}


def cells(axes: Axes) -> dict[tuple[float, float], str]:
    """(row, column) to what stands in the cell."""
    return {text.get_position()[::-1]: text.get_text() for text in axes.texts}


def test_rows_are_true_and_columns_predicted() -> None:
    figure = confusion_matrix_figure(evaluation([[57, 0], [1, 1056]], ["malignant", "benign"]))
    axes = figure.axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true", "predicted")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["malignant", "benign"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["malignant", "benign"]
    assert cells(axes) == {(0, 0): "57", (0, 1): "0", (1, 0): "1", (1, 1): "1,056"}
    assert figure.get_suptitle() == "test: accuracy 0.9991 on 1,114 rows"  # 1113 / 1114


def test_numbers_stand_out_from_their_cells() -> None:
    axes = confusion_matrix_figure(evaluation([[6, 4], [5, 5]], ["a", "b"])).axes[0]
    colours = {text.get_text(): to_hex(text.get_color()) for text in axes.texts}
    assert colours == {"6": "#ffffff", "4": LIGHT.text, "5": LIGHT.text}


def test_shares_of_each_row() -> None:
    shares = row_shares(np.array([[3.0, 1.0], [0.0, 0.0]]))
    assert shares.tolist() == [[0.75, 0.25], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("matrix", "split", "title"),
    [
        ([[3.0, 1.0], [0.0, 4.0]], "validation", "validation: accuracy 0.875 on 8 rows"),
        ([[1.0]], "", "accuracy 1 on 1 rows"),
        ([[0.0]], "test", "test: no rows"),
    ],
)
def test_title(matrix: list[list[float]], split: str, title: str) -> None:
    assert title_of(np.array(matrix), split) == title


@pytest.mark.parametrize("classes", [1, 2, COUNTS_UP_TO, COUNTS_UP_TO + 1, 50, 130])
def test_many_classes(classes: int) -> None:
    figure = confusion_matrix_figure(evaluation(np.eye(classes, dtype=int).tolist(), [f"c{n}" for n in range(classes)]))
    axes = figure.axes[0]
    assert len(axes.texts) == (classes**2 if classes <= COUNTS_UP_TO else 0)
    every = 3 if classes == 130 else 1
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"c{n}" for n in range(0, classes, every)]
    assert max(figure.get_size_inches()) < 15


@pytest.mark.parametrize(
    ("names", "shown", "angle"),
    [
        (["cat", "dog"], ["cat", "dog"], 0),
        (["$x_1$", "a\nb"], ["$x_1$", "a b"], 0),
        (["포유류", "아주 아주 아주 아주 긴 이름의 동물"], ["포유류", "아주 아주 아주 아주…"], 45),
    ],
)
def test_names_are_never_formulas_and_slant_when_long(names: list[str], shown: list[str], angle: float) -> None:
    labels = confusion_matrix_figure(evaluation([[1, 0], [0, 1]], names)).axes[0].get_xticklabels()
    assert [label.get_text() for label in labels] == shown
    assert [label.get_rotation() for label in labels] == [angle, angle]
    assert not any(label.get_parse_math() for label in labels)


@pytest.mark.parametrize(("matrix", "names"), [([[1, 2]], ["a"]), ([[1, 0], [0, 1]], ["a"]), ([1, 2], ["a", "b"])])
def test_a_matrix_that_does_not_fit_its_names(matrix: list[list[int]], names: list[str]) -> None:
    with pytest.raises(ValueError, match="has the shape"):
        confusion_matrix_figure(evaluation(matrix, names))
