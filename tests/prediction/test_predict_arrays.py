"""Arrays: from .npy, .npz and memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import DataError, UserError
from mlpcli.workflows import input_batches as arrays
from mlpcli.workflows.predict import predict

X = np.arange(12, dtype=np.float64).reshape(3, 4)


def _first(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)[:, :1] * 2.0


@pytest.mark.parametrize("how", ["npy", "npz", "memory", "two files"])
def test_rows_in_their_order(model: Any, tmp_path: Path, how: str) -> None:
    path, network = model((4,), None, _first)
    np.save(tmp_path / "a.npy", X)
    np.savez(tmp_path / "a.npz", x=X)
    given: Any = {"npy": "a.npy", "npz": "a.npz", "two files": ["a.npy", "a.npz"]}.get(how)
    inputs = X if given is None else [tmp_path / name for name in ([given] if isinstance(given, str) else given)]
    result = predict(path, inputs)
    assert [row["value"] for row in result.predictions][:3] == [0, 8, 16]
    assert [row["row"] for row in result.predictions] == [0, 1, 2] * (2 if how == "two files" else 1)
    assert result.outputs.tolist()[:3] == [[0], [8], [16]]
    assert network.seen[0].dtype == np.float32


def test_a_file_is_read_in_parts(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "BATCH_BYTES", 2 * 8 * 4)
    path, network = model((4,), None, _first)
    np.save(tmp_path / "a.npy", X)
    result = predict(path, tmp_path / "a.npy")
    assert [len(x) for x in network.seen] == [2, 1]
    assert [row["row"] for row in result.predictions] == [0, 1, 2]


@pytest.mark.parametrize(("takes", "given"), [
    ((4, 4), (2, 4, 4)),
    ((4, 4), (4, 4)),
    ((4, 4), (2, 4, 4, 1)),
    ((4, 4, 1), (2, 4, 4)),
    ((4, 4, 1), (4, 4)),
    ((4,), (4,)),
    ((4, 4, 3), (2, 4, 4, 3)),
])  # fmt: skip
def test_one_row_and_a_channel_of_one(model: Any, takes: tuple[int, ...], given: tuple[int, ...]) -> None:
    path, network = model(takes, None, _first)
    predict(path, np.ones(given, np.uint8))
    assert network.seen[0].shape[1:] == takes
    assert network.seen[0].dtype == np.uint8


def test_columns_of_an_npz_are_found_by_name(model: Any, tmp_path: Path) -> None:
    path, network = model((2,), None, _first, feature_names=["b", "a"])
    np.savez(tmp_path / "a.npz", x=X, feature_names=["a", "c", "b", "d"])
    predict(path, tmp_path / "a.npz")
    assert network.seen[0].tolist() == [[2, 0], [6, 4], [10, 8]]
    np.savez(tmp_path / "a.npz", x=X[:, :2], feature_names=["bb", "a"])
    with pytest.raises(DataError, match=r'a\.npz: lacks the column "b", which the model needs; did you mean "bb"\?'):
        predict(path, tmp_path / "a.npz")


def _lying_header(path: Path) -> None:
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**15, 4)})
        file.write(b"\0" * 64)


WRONG: dict[str, tuple[Any, str]] = {
    "shape": (np.zeros((3, 5)), "a.npy: has the shape (3, 5), but the model takes (rows, 4); give rows of that shape"),
    "no rows": (np.zeros((0, 4)), "a.npy: "),
    "text": (np.array([["a"] * 4]), "a.npy: holds str32 values; only numbers and true/false are allowed"),
    "objects": (np.array([[None] * 4]), "a.npy: is not an .npy file of numbers, or is cut off"),
    "NaN": (np.where(X == 6, np.nan, X), "a.npy: row 1 (from 0): holds a value that is NaN or infinite; correct or"),
    "inf": (np.where(X == 11, np.inf, X), "a.npy: row 2 (from 0): holds a value that is NaN or infinite; correct or"),
    "too large": (np.where(X == 11, 1e39, X), "a.npy: row 2 (from 0) holds 1e+39, too large for 32-bit numbers"),
    "empty": (b"", "a.npy: is empty (0 bytes)"),
    "no npy": (b"PK\3\4 something", "a.npy: is not an .npy file of numbers, or is cut off"),
    "lies": (_lying_header, "a.npy: is not an .npy file of numbers, or is cut off"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_refused_before_the_network_is_loaded(model: Any, tmp_path: Path, name: str) -> None:
    path, _ = model((4,), None)
    content, words = WRONG[name]
    if isinstance(content, bytes):
        (tmp_path / "a.npy").write_bytes(content)
    elif callable(content):
        content(tmp_path / "a.npy")
    else:
        np.save(tmp_path / "a.npy", content, allow_pickle=True)
    with pytest.raises(DataError) as caught:
        predict(path, tmp_path / "a.npy")
    assert words in str(caught.value)


def test_an_npz_without_x(model: Any, tmp_path: Path) -> None:
    path, _ = model((4,), None)
    np.savez(tmp_path / "a.npz", x_train=X)
    with pytest.raises(DataError, match=r"a\.npz: the array x is missing \(it holds x_train\); save the rows as x"):
        predict(path, tmp_path / "a.npz")


def test_an_empty_array_in_memory(model: Any) -> None:
    path, _ = model((4,), None)
    with pytest.raises(DataError, match=r"the array: holds no rows \(its shape is \(0, 4\)\); give at least one"):
        predict(path, np.zeros((0, 4)))


def test_an_answer_that_is_no_number(model: Any) -> None:
    path, _ = model((4,), None, lambda x: np.where(x[:, :1] == 8, np.nan, 1))
    with pytest.raises(UserError, match=r"the array: row 2 \(from 0\): the model's output is NaN or infinite"):
        predict(path, X)
