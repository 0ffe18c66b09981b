from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from mlpcli.plotting.confusion_matrix import (
    COUNTS_UP_TO,
    confusion_matrix_figure,
    confusion_order,
    most_confused,
    rate,
    row_shares,
    title_of,
)
from mlpcli.plotting.style import LIGHT


def evaluation(matrix: list[list[int]], names: list[str]) -> dict[str, object]:
    return {"split": "test", "confusion_matrix": matrix, "class_names": names}


def cells(axes: Axes) -> dict[tuple[int, int], list[str]]:
    """(row, column) to what stands in the cell."""
    found: dict[tuple[int, int], list[str]] = {}
    for text in axes.texts:
        column, row = text.get_position()
        found.setdefault((round(row), round(column)), []).append(text.get_text())
    return found


def test_rows_are_true_and_columns_predicted() -> None:
    figure = confusion_matrix_figure(evaluation([[57, 0], [1, 1056]], ["malignant", "benign"]))
    axes = figure.axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true", "predicted")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["malignant", "benign"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["malignant", "benign"]
    assert cells(axes) == {
        (0, 0): ["57", "100 %"], (0, 1): ["0"], (1, 0): ["1", "0.1 %"], (1, 1): ["1,056", "99.9 %"],
    }  # fmt: skip
    assert figure.get_suptitle() == "test: accuracy 0.9991 on 1,114 rows"  # 1113 / 1114


def test_numbers_stand_out_from_their_cells() -> None:
    axes = confusion_matrix_figure(evaluation([[6, 4], [5, 5]], ["a", "b"])).axes[0]
    colours = {text.get_text(): to_hex(text.get_color()) for text in axes.texts}
    assert colours == {"6": "#ffffff", "60 %": "#ffffff", **dict.fromkeys(["4", "40 %", "5", "50 %"], LIGHT.text)}


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


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100 %"), (0.99999, "99.9 %"), (2 / 3, "66.7 %"), (0.5, "50 %"), (0.0004, "<0.1 %")]
)
def test_rates(share: float, text: str) -> None:
    assert rate(share) == text


def test_classes_that_are_confused_stand_together() -> None:
    """0 with 3 (8 mistakes), 1 with 4 (3 mistakes), 2 with none."""
    counts = np.diag([10.0] * 5)
    counts[0, 3], counts[3, 0], counts[1, 4] = 6, 2, 3
    assert confusion_order(counts) == [0, 3, 1, 4, 2]


def test_groups_that_are_joined_meet_at_their_most_alike_classes() -> None:
    """The pairs 0-1 and 2-3 are the most alike, and what connects the pairs is 0 with 3."""
    counts = np.diag([100.0] * 4)
    counts[0, 1], counts[2, 3], counts[0, 3] = 50, 40, 10
    assert confusion_order(counts) == [1, 0, 3, 2]


def test_a_matrix_that_was_shuffled_gets_its_blocks_back() -> None:
    """Ten groups of four classes each, mistakes within them only."""
    rng = np.random.default_rng(0)
    group = rng.permutation(np.repeat(np.arange(10), 4))
    counts = np.where(group[:, None] == group, rng.integers(1, 9, (40, 40)), 0).astype(float)
    found = group[confusion_order(counts)]
    assert np.count_nonzero(np.diff(found)) == 9


def test_without_mistakes_the_order_stays() -> None:
    assert confusion_order(np.eye(30)) == list(range(30))
    assert confusion_order(np.zeros((3, 3))) == [0, 1, 2]


def test_the_most_frequent_mistakes_are_named() -> None:
    counts = np.array([[8.0, 2.0, 0.0], [0.0, 1000.0, 234.0], [0.0, 0.0, 5.0]])
    assert most_confused(counts, ["a", "b", "c"]) == (
        "Classes that are confused stand together. Most often: b taken for c (234 of 1,234), a taken for b (2 of 10)"
    )
    assert most_confused(np.eye(3), ["a", "b", "c"]) == ""


def test_many_classes_are_sorted_and_the_picture_says_so() -> None:
    matrix = np.eye(COUNTS_UP_TO + 1, dtype=int)
    matrix[2, 20], matrix[20, 2] = 5, 4
    axes = confusion_matrix_figure(evaluation(matrix.tolist(), [f"c{n}" for n in range(len(matrix))])).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][:4] == ["c2", "c20", "c0", "c1"]
    assert axes.images[0].get_array()[0, 1] == pytest.approx(5 / 6)
    assert "Most often: c2 taken for c20 (5 of 6), c20 taken for c2 (4 of 5)" in axes.get_title(loc="left")


@pytest.mark.parametrize("classes", [1, 2, COUNTS_UP_TO, COUNTS_UP_TO + 1, 50, 130])
def test_many_classes(classes: int) -> None:
    figure = confusion_matrix_figure(evaluation(np.eye(classes, dtype=int).tolist(), [f"c{n}" for n in range(classes)]))
    axes = figure.axes[0]
    assert len(axes.texts) == (classes**2 + classes if classes <= COUNTS_UP_TO else 0)
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
