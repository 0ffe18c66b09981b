"""Sets that Keras downloads: data.path, Keras's cache, and a download that fails."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.catalog import CATALOG, FASHION_NAMES
from mlpcli.data.sources import load_source
from mlpcli.errors import DataError, SettingError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    return tmp_path / "keras" / "datasets"


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], Any]], None]:
    """Put a function in the place of Keras's download."""

    def put(keras_datasets: Callable[[str], Any]) -> None:
        module = ModuleType("mlpcli.backend")
        module.keras_datasets = keras_datasets  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "mlpcli.backend", module)

    return put


def fail(name: str) -> Any:
    raise AssertionError(f"{name} must not be downloaded")


def mnist_arrays(**changes: Any) -> dict[str, Any]:
    rows = np.zeros((4, 28, 28), np.uint8)
    return {"x_train": rows, "y_train": [0, 1, 9, 3], "x_test": rows[:2], "y_test": [5, 6], **changes}


def test_a_download_becomes_rows(backend: Callable[..., None]) -> None:
    x = np.zeros((3, 32, 32, 3), np.uint8)
    backend(lambda name: ((x, np.array([[1], [2], [3]], np.uint8)), (x[:1], np.array([[9]], np.uint8))))
    source = load_source(DataConfig(source="cifar10"))
    assert source.train.y.tolist() == [1, 2, 3]
    assert source.train.y.dtype == np.int64
    assert source.test is not None
    assert source.test.y.tolist() == [9]
    assert source.pixel_max == 255


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error", [OSError("no route\nto host"), DataError("no route"), caused(DataError("not told"), OSError("no route"))]
)
def test_a_download_that_fails_says_what_to_do(backend: Callable[..., None], error: Exception) -> None:
    def broken(name: str) -> Any:
        raise error

    backend(broken)
    with pytest.raises(DataError) as caught:
        load_source(DataConfig(source="fashion_mnist"))
    assert str(caught.value) == (
        "fashion_mnist: could not be downloaded (no route); fetch train-images-idx3-ubyte.gz,"
        " train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz elsewhere"
        " and set data.path to the folder that holds them, or name that folder fashion_mnist and set MLPCLI_DATA to"
        " its parent folder"
    )


def test_a_set_that_lacks_a_file_is_named_where_the_download_fails(
    backend: Callable[..., None], idx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> Any:
        raise OSError("no route")

    backend(broken)
    folder = idx_folder.rename(idx_folder.parent / "mnist")
    next(folder.glob("t10k-labels*")).unlink()
    monkeypatch.setenv("MLPCLI_DATA", str(folder.parent))
    missing = f"{folder} is skipped because it lacks t10k-labels-idx1-ubyte; fetch train-images"
    with pytest.raises(DataError, match=re.escape(f"mnist: could not be downloaded (no route); {missing}")):
        load_source(DataConfig(source="mnist"))


def test_kerass_cache_is_used(backend: Callable[..., None], cache: Path, idx_folder: Path) -> None:
    backend(fail)
    np.savez(cache / "mnist.npz", **mnist_arrays())
    assert load_source(DataConfig(source="mnist")).train.y.tolist() == [0, 1, 9, 3]
    idx_folder.rename(cache / "fashion-mnist")
    source = load_source(DataConfig(source="fashion_mnist"))
    assert len(source.train) == 20
    assert source.class_names == FASHION_NAMES


def test_the_data_folder_comes_before_kerass_cache(
    backend: Callable[..., None], cache: Path, idx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend(fail)
    np.savez(cache / "mnist.npz", **mnist_arrays())
    idx_folder.rename(idx_folder.parent / "mnist")
    monkeypatch.setenv("MLPCLI_DATA", str(idx_folder.parent))
    assert len(load_source(DataConfig(source="mnist")).train) == 20
    assert load_source(DataConfig(source="mnist", path=str(cache))).train.y.tolist() == [0, 1, 9, 3]


def test_a_data_folder_that_is_not_there(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(cache / "mnist.npz", **mnist_arrays())
    monkeypatch.setenv("MLPCLI_DATA", "/없는 곳")
    with pytest.raises(DataError, match="/없는 곳: does not exist, but MLPCLI_DATA is set to it"):
        load_source(DataConfig(source="mnist"))
    assert len(load_source(DataConfig(source="mnist", path=str(cache))).train) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_train": [0, 1, 10, 3]}, "y_train: label 10 in row 2"),
        ({"x_test": np.zeros((2, 27, 28), np.uint8)}, r"x_test is uint8 of the shape \(2, 27, 28\), but mnist is"),
        ({"x_train": np.zeros((4, 28, 28))}, "x_train is float32"),
        ({"y_test": [1]}, "x_test has 2 rows, but y_test 1"),
    ],
)
def test_a_bad_mnist_npz(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "mnist.npz", **mnist_arrays(**changes))
    with pytest.raises(DataError, match=message):
        load_source(DataConfig(source="mnist", path=str(tmp_path)))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"없음: not found; set data.path to .*, or leave data.path out, name that"):
        load_source(DataConfig(source="mnist", path=str(tmp_path / "없음")))


def test_images_have_no_columns(idx_folder: Path) -> None:
    with pytest.raises(SettingError, match=r"data.features: mnist holds images"):
        load_source(DataConfig(source="mnist", path=str(idx_folder), features=["a"]))


@pytest.mark.parametrize(("name", "folder"), [("mnist", "mnist"), ("fashion_mnist", "fashion-mnist")])
def test_the_real_sets_are_as_the_catalog_says(shared_data: Path, name: str, folder: str) -> None:
    source, built_in = (load_source(DataConfig(source=name, path=str(shared_data / folder))), CATALOG[name])
    assert source.train.x.dtype == np.uint8
    assert source.input_shape == built_in.input_shape
    assert len(source.train) == built_in.train_rows
    assert source.test is not None
    assert len(source.test) == built_in.test_rows
    assert source.train.x.max() == built_in.pixel_max
