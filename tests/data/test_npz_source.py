"""An .npz file as a data set: kinds, test sets, columns, and arrays that do not fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import arrays as array_work
from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import Source
from mlpcli.data.sources import load_source
from mlpcli.errors import DataError, SettingError

Write = Callable[..., Path]
X4 = np.arange(8.0).reshape(4, 2)


def load(file: Path, **settings: Any) -> Source:
    return load_source(DataConfig(source=str(file), **settings))


@pytest.mark.parametrize(
    ("shape", "dtype", "kind", "found", "pixel_max"),
    [
        ((4, 2), "f8", "table", "f4", None),
        ((4, 2), "i8", "table", "i8", None),
        ((4, 2), ">f4", "table", "f4", None),
        ((4, 2, 2), "u1", "image", "u1", 255),
        ((4, 2, 2), "?", "image", "u1", 1),
        ((4, 2, 2, 3), "i4", "image", "i4", 255),
        ((4, 2, 2, 3), "f4", "image", "f4", None),
    ],
)
def test_the_shape_of_x_tells_the_kind(
    npz: Write, shape: tuple[int, ...], dtype: str, kind: str, found: str, pixel_max: float | None
) -> None:
    x = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    source = load(npz(x=x, y=[0, 1, 0, 1]))
    assert source.kind == kind
    assert source.input_shape == shape[1:]
    assert source.train.x.dtype == np.dtype(found)
    assert source.pixel_max == pixel_max
    np.testing.assert_array_equal(source.train.x, x)


def test_float_images_within_one_are_known_to_be(npz: Write) -> None:
    assert load(npz(x=np.linspace(0, 1, 16).reshape(4, 2, 2), y=[0, 1, 0, 1])).pixel_max == 1


def test_a_test_set_is_read_in_the_classes_of_training(npz: Write) -> None:
    source = load(npz(x_train=X4, y_train=["b", "c", "a", "b"], x_test=X4[:2], y_test=["c", "b"]))
    assert source.test is not None
    assert source.test.y.tolist() == [2, 1]


def test_columns_are_chosen_by_name_in_the_test_set_too(npz: Write) -> None:
    path = npz(x_train=X4, y_train=[0, 1, 0, 1], x_test=X4[:2], y_test=[1, 0], feature_names=["키", "몸무게"])
    source = load(path, features=["몸무게"])
    assert source.feature_names == ("몸무게",)
    assert source.train.x.tolist() == [[1], [3], [5], [7]]
    assert source.test is not None
    assert source.test.x.tolist() == [[1], [3]]


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no y": ({"x": X4}, "the array y is missing (it holds x)"),
    "no y_test": ({"x_train": X4, "y_train": [0, 1, 0, 1], "x_test": X4}, "the array y_test is missing"),
    "both forms": ({"x": X4, "y_train": [0, 1, 0, 1]}, "holds both x or y and y_train"),
    "lengths": ({"x": X4, "y": [0, 1, 0]}, "x has 4 rows, but y 3"),
    "flat x": ({"x": [1.0, 2.0], "y": [0, 1]}, "x has the shape (2,)"),
    "deep x": ({"x": np.zeros((2, 1, 1, 1, 1)), "y": [0, 1]}, "x has the shape (2, 1, 1, 1, 1)"),
    "no rows": ({"x": np.zeros((0, 3)), "y": np.zeros(0, int)}, "holds no rows"),
    "no columns": ({"x": np.zeros((2, 0)), "y": [0, 1]}, "holds no rows"),
    "text in x": ({"x": [["a"], ["b"]], "y": [0, 1]}, "x: holds str32 values; only numbers"),
    "complex x": ({"x": [[1j], [2j]], "y": [0, 1]}, "complex128"),
    "overflow": ({"x": [[1.0], [-1e39]], "y": [0, 1]}, "x: row 1 (from 0) holds -1e+39, too large for 32-bit"),
    "overflow in y": ({"x": X4, "y": [1.0, 2.0, 1e300, 0.5]}, "y: row 2 (from 0) holds 1e+300"),
    "one-hot": ({"x": X4, "y": np.eye(4, dtype=int)}, "y: is one-hot encoded"),
    "one-hot floats": ({"x": X4, "y": np.eye(4)}, "y: is one-hot encoded"),
    "two label columns": ({"x": X4, "y": np.full((4, 2), 7)}, "y: has the shape (4, 2); classes are one label per row"),
    "empty label": ({"x": X4, "y": ["a", "", "b", "a"]}, "the label in row 1 (from 0) is empty"),
    "label range": (
        {"x": X4, "y": [0, 1, 2, 0], "class_names": ["a", "b"]},
        "label 2 in row 2 (from 0) is out of range: there are 2 classes, 0 to 1",
    ),
    "negative label": ({"x": X4, "y": [0, -1, 1, 0], "class_names": ["a", "b"]}, "label -1 in row 1"),
    "text for indices": ({"x": X4, "y": list("abab"), "class_names": ["a", "b"]}, "y must be indices"),
    "a name twice": ({"x": X4, "y": [0, 1, 0, 1], "class_names": ["a", "a"]}, '"a" is not'),
    "names no text": (
        {"x": X4, "y": [0, 1, 0, 1], "class_names": [0, 1]},
        "class_names must be a one-dimensional array",
    ),
    "feature count": (
        {"x": X4, "y": [0, 1, 0, 1], "feature_names": ["a"]},
        "has 1 feature_names for x of the shape (4, 2)",
    ),
    "test shape": (
        {"x_train": X4, "y_train": [0, 1, 0, 1], "x_test": X4[:, :1], "y_test": [0, 1, 0, 1]},
        "x_train has the shape (4, 2), x_test (4, 1)",
    ),
    "unknown test class": (
        {"x_train": X4, "y_train": list("abab"), "x_test": X4, "y_test": list("abca")},
        'y_test: labels without training rows: "c" (first in row 2, from 0)',
    ),
    "unseen test class": (
        {"x_train": X4, "y_train": [0, 1, 0, 1], "x_test": X4, "y_test": [2, 1, 0, 1], "class_names": list("abc")},
        'y_test has classes without training rows: "c"',
    ),
    "test targets": (
        {"x_train": X4, "y_train": [[0.5, 1]] * 4, "x_test": X4, "y_test": [0.5] * 4},
        "y_train has (2,) targets, y_test 1",
    ),
    "one row": ({"x": X4[:1], "y": [1.0]}, "holds 1 training row"),
}


@pytest.mark.parametrize(("arrays", "message"), FAULTS.values(), ids=FAULTS)
def test_arrays_that_do_not_fit(npz: Write, arrays: dict[str, Any], message: str) -> None:
    path = npz(**arrays)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


def test_the_row_of_an_overflow_is_counted_over_all_chunks(npz: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_work, "CHUNK_BYTES", 16)
    with pytest.raises(DataError, match=re.escape("row 3 (from 0) holds 1e+300")):
        load(npz(x=[[0.0], [1.0], [2.0], [1e300]], y=[0, 1, 0, 1]))


@pytest.mark.parametrize(
    ("y", "settings", "message"),
    [
        ([0, 1, 2, 0], {"task": "binary"}, "data.task: binary needs exactly 2 classes, but there are 3: 0, 1, 2"),
        (list("abab"), {"task": "regression"}, 'data.task: regression needs numbers, but .*text such as "a"'),
        ([0, 1, 0, 1], {"target": "y"}, "data.target: data.npz brings its own target"),
        ([0, 1, 0, 1], {"features": ["a"]}, "data.features: data.npz has no column names"),
        ([0, 1, 0, 1], {"path": "/somewhere"}, "data.path: is for built-in names"),
    ],
)
def test_settings_that_do_not_fit(npz: Write, y: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        load(npz(x=X4, y=y), **settings)


def test_columns_of_images_cannot_be_chosen(npz: Write) -> None:
    with pytest.raises(SettingError, match=r"data.exclude: .* holds images, which have no columns"):
        load(npz(x=np.zeros((4, 2, 2)), y=[0, 1, 0, 1]), exclude=["a"])
