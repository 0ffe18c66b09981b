"""Labels of any type as classes, and numbers as targets."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import Source
from mlpcli.data.sources import load_source
from mlpcli.errors import DataError, SettingError

Write = Callable[..., Path]
X4 = np.arange(8.0).reshape(4, 2)


def load(file: Path, **settings: Any) -> Source:
    return load_source(DataConfig(source=str(file), **settings))


@pytest.mark.parametrize(
    ("y", "names", "indices"),
    [
        ([5, 3, 5, 3], ("3", "5"), [1, 0, 1, 0]),
        (["말", "개", "개", "말"], ("개", "말"), [1, 0, 0, 1]),
        ([True, False, True, True], ("False", "True"), [1, 0, 1, 1]),
        (np.array([b"b", b"a", b"a", b"b"]), ("a", "b"), [1, 0, 0, 1]),
        ([[2], [1], [0], [2]], ("0", "1", "2"), [2, 1, 0, 2]),
    ],
)
def test_labels_become_sorted_classes(npz: Write, y: Any, names: tuple[str, ...], indices: list[int]) -> None:
    source = load(npz("꽃.npz", x=X4, y=y))
    assert source.name == "꽃"
    assert source.class_names == names
    assert source.train.y.tolist() == indices
    assert source.train.y.dtype == np.int64


def test_class_names_give_indices_their_names(npz: Write) -> None:
    source = load(npz(x=X4, y=[2, 0, 2, 1], class_names=["셋", "하나", "둘"]))
    assert source.class_names == ("셋", "하나", "둘")
    assert source.train.y.tolist() == [2, 0, 2, 1]


@pytest.mark.parametrize(
    ("y", "task", "expected"),
    [
        ([0.5, 1.0, 2.0, 3.0], "auto", [0.5, 1.0, 2.0, 3.0]),
        ([7, 8, 9, 9], "regression", [7.0, 8.0, 9.0, 9.0]),
        ([[1.0, 2.0]] * 4, "auto", [[1.0, 2.0]] * 4),
        ([[0.0, 1.0]] * 4, "regression", [[0.0, 1.0]] * 4),
    ],
)
def test_numbers_become_float32_targets(npz: Write, y: Any, task: str, expected: list[Any]) -> None:
    source = load(npz(x=X4, y=y), task=task)
    assert source.class_names is None
    assert source.train.y.dtype == np.float32
    assert source.train.y.tolist() == expected


def test_whole_floats_become_classes_when_asked(npz: Write) -> None:
    source = load(npz(x=X4, y=[1.0, 0.0, 2.0, 1.0]), task="classification")
    assert source.class_names == ("0", "1", "2")
    assert source.train.y.tolist() == [1, 0, 2, 1]


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        ([1.0, 3.7, 2.5, 0], "classification", "row 1 (from 0) holds 3.7, but classes are whole numbers"),
        ([1.0, np.nan, 2.5, 0], "binary", "row 1 (from 0) holds nan"),
        ([1.0, np.inf, 2.0, 0], "classification", "row 1 (from 0) holds inf"),
        ([1.0, 0, 2.0, 1e17], "classification", "row 3 (from 0) holds 1e+17"),
    ],
)
def test_floats_that_are_no_classes(npz: Write, y: Any, task: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        load(npz(x=X4, y=y), task=task)


def test_thousands_of_whole_numbers_are_not_taken_for_classes(npz: Write) -> None:
    path = npz(x=np.zeros((3003, 1)), y=np.arange(3003) % 1001)
    with pytest.raises(SettingError, match="1,001 different whole numbers; set it to regression or classification"):
        load(path)
    assert load(path, task="regression").class_names is None
    assert len(load(path, task="classification").class_names or ()) == 1001
