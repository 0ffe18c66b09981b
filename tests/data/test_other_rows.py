"""data.test and data.validation as paths: rows in the shape and the classes of the training rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import Rows, Source
from mlpcli.data.load_data import split_source
from mlpcli.errors import DataError, SettingError

X10 = np.arange(10, dtype=np.float32)[:, None]
Y10 = np.repeat([0, 1], 5)
Write = Callable[..., Path]


def source(class_names: tuple[str, ...] | None = ("a", "b"), test: Rows | None = None) -> Source:
    """Ten rows of one column, five of each class; without class names, ten numbers."""
    y = X10[:, 0] if class_names is None else Y10
    return Source("s", "table", Rows(X10, y), test, class_names, None, None)


def config(**settings: Any) -> DataConfig:
    return DataConfig(source="s", **settings)


def test_rows_from_files_take_the_classes_of_training(npz: Write) -> None:
    test = npz("test.npz", x=[[1.0], [2.0]], y=["b", "a"])
    validation = npz("validation.npz", x=[[3.0], [4.0]], y=[1, 0])  # whole numbers: positions among a, b
    splits = split_source(source(test=Rows(X10[:3], Y10[:3])), config(test=str(test), validation=str(validation)), 1)
    assert splits.test is not None
    assert splits.validation is not None
    assert splits.test.arrays()[1].tolist() == [1, 0]
    assert splits.validation.arrays()[1].tolist() == [1, 0]
    assert len(splits.train) == 10


def test_whole_numbers_are_matched_with_classes_that_are_numbers(npz: Write) -> None:
    splits = split_source(source(("3", "7")), config(validation=str(npz(x=[[1.0], [2.0]], y=[7, 3]))), 1)
    assert splits.validation is not None
    assert splits.validation.y.tolist() == [1, 0]


def test_columns_are_matched_by_name(npz: Write) -> None:
    wide = Rows(np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1]))
    data = Source("n", "table", wide, None, ("3", "7"), ("키", "나이"), None)
    path = npz(x=[[1.0, 2.0, 3.0]], y=[7], feature_names=["나이", "눈", "키"])
    part = split_source(data, config(validation=str(path)), 1).validation
    assert part is not None
    assert part.x.tolist() == [[3.0, 1.0]]
    with pytest.raises(DataError, match="lacks the columns 키"):
        split_source(data, config(validation=str(npz(x=[[1.0]], y=[7], feature_names=["나이"]))), 1)


def test_an_idx_folder_as_test_set(idx_folder: Path) -> None:
    images = Rows(np.zeros((20, 2, 3), np.uint8), np.repeat(np.arange(10), 2))
    data = Source("i", "image", images, None, tuple("abcdefghij"), None, 255.0)
    splits = split_source(data, config(test=str(idx_folder), validation=None), 1)
    assert splits.test is not None
    assert splits.test.y.tolist() == list(range(10))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": [[1.0, 2.0]], "y": [7]}, "its rows have the shape (2,), but the training rows (1,)"),
        (
            {"x": [[1.0], [1.0]], "y": [3, 8]},
            'y: labels without training rows: "8" (first in row 1, from 0)',
        ),
        ({"x": [[1.0]], "y": [5], "class_names": list("abcde")}, "label 5 in row 0 (from 0) is out of range"),
        ({"x": [[1.0]], "y": [3.5]}, "row 0 (from 0) holds 3.5, but classes are whole numbers"),
        ({"x_test": [[1.0]], "y_test": [3]}, "the array x is missing (it holds x_test, y_test)"),
    ],
)
def test_files_that_do_not_go_with_training(npz: Write, arrays: dict[str, Any], message: str) -> None:
    path = npz(**arrays)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        split_source(source(("3", "7")), config(validation=str(path)), 1)
    assert str(caught.value).startswith(str(path))


def test_another_number_of_targets(npz: Write) -> None:
    path = npz(x=[[1.0]], y=[[0.5, 1.5]])
    with pytest.raises(DataError, match="has 2 targets per row, but the training rows 1"):
        split_source(source(None), config(test=str(path)), 1)


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r'data.validation: .*tset: not found; .*; did you mean "test"'):
        split_source(source(), config(validation=str(tmp_path / "tset")), 1)
    with pytest.raises(SettingError, match=r"data.test: .* unsupported file type"):
        split_source(source(), config(test=str(tmp_path)), 1)


def test_a_table_for_rows_without_column_names(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("a,y\n1,3\n", encoding="utf-8")
    with pytest.raises(
        SettingError, match=r"data.test: .*more.csv: is a table, but the training rows have no column names"
    ):
        split_source(source(), config(test=str(tmp_path / "more.csv")), 1)


def test_pictures_for_rows_that_are_none(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "3").mkdir()
    Image.new("L", (2, 2)).save(tmp_path / "3" / "a.png")
    with pytest.raises(SettingError, match="holds pictures, but the training rows are not labelled pictures"):
        split_source(source(), config(test=str(tmp_path)), 1)
