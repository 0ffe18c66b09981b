"""Facts: the cheap way and the loading way agree, and the cheap way stays cheap."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.facts import facts_of, inspect_data
from mlpcli.data.load_data import split_source
from mlpcli.data.sources import load_source
from mlpcli.errors import SettingError
from tests.forks import Forks

SAME: list[dict[str, Any]] = [
    {"source": "digits"},
    {"source": "iris", "test": 0.2, "exclude": ["sepal width (cm)"]},
    {"source": "breast_cancer", "limit": 101, "validation": 0.3},
    {"source": "breast_cancer", "task": "classification"},
    {"source": "diabetes", "validation": None, "features": ["bmi", "age"]},
    {"source": "wine", "validation": "test", "test": 0.5},
]


@pytest.mark.parametrize("settings", SAME)
def test_the_catalog_knows_what_loading_finds(settings: dict[str, Any]) -> None:
    data = DataConfig(**settings)
    source = load_source(data)
    assert inspect_data(data, 1) == facts_of(source, data, split_source(source, data, 1))


def test_facts_of_a_built_in_set() -> None:
    facts = inspect_data(DataConfig(source="breast_cancer", validation=0.1), 1)
    assert dataclasses.replace(facts, feature_names=None) == dataclasses.replace(
        facts,
        name="breast_cancer",
        kind="table",
        input_shape=(30,),
        task="binary",
        class_names=("malignant", "benign"),
        feature_names=None,
        targets=1,
        train_rows=512,
        validation_rows=57,
        test_rows=None,
        found="bundled with scikit-learn",
    )


def test_a_local_file_is_loaded(npz: Callable[..., Path]) -> None:
    path = npz(x=[[1.0], [2.0], [3.0], [4.0]], y=[[0.5, 1]] * 4)
    facts = inspect_data(DataConfig(source=str(path), validation=0.25), 1)
    assert (facts.name, facts.task, facts.targets) == ("data", "regression", 2)
    assert (facts.train_rows, facts.validation_rows, facts.test_rows) == (3, 1, None)
    assert facts.found == f"read from {path}"


def test_validation_rows_of_a_file_are_counted(npz: Callable[..., Path]) -> None:
    path = npz(x=[[1.0] * 4] * 5, y=[0, 1, 2, 0, 1])
    facts = inspect_data(DataConfig(source="iris", validation=str(path)), 1)
    assert (facts.train_rows, facts.validation_rows) == (150, 5)


def test_where_a_download_is_found(idx_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert inspect_data(DataConfig(source="mnist"), 1).found == "will be downloaded by Keras"
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").write_bytes(b"not looked into")
    assert inspect_data(DataConfig(source="mnist"), 1).found == f"read from {tmp_path / 'datasets' / 'mnist.npz'}"
    idx_folder.with_name("sets").mkdir()
    monkeypatch.setenv("MLPCLI_DATA", str(idx_folder.with_name("sets")))
    (tmp_path / "sets" / "mnist.npz").write_bytes(b"not looked into either")
    assert inspect_data(DataConfig(source="mnist"), 1).found == f"read from {tmp_path / 'sets' / 'mnist.npz'}"
    facts = inspect_data(DataConfig(source="mnist", path=str(idx_folder), validation="test"), 1)
    assert facts.found == f"read from {idx_folder}"
    assert (facts.input_shape, facts.train_rows, facts.test_rows) == ((2, 3), 20, 10)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"source": "iris", "features": ["x"]}, "data.features"),
        ({"source": "iris", "task": "binary"}, "data.task"),
        ({"source": "mnist", "test": 0.2}, "data.test"),
        ({"source": "digits", "validation": "test"}, "data.validation"),
        ({"source": "digits", "path": "/x"}, "data.path"),
    ],
)
def test_settings_are_checked_without_loading(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(SettingError) as caught:
        inspect_data(DataConfig(**settings), 1)
    assert caught.value.key == key


def test_nothing_heavy_is_imported(tmp_path: Path, forks: Forks) -> None:
    code = (
        "import sys; from mlpcli.config.sections import DataConfig; from mlpcli.data.facts import inspect_data;"
        "[inspect_data(DataConfig(source=name), 1) for name in ('digits', 'diabetes', 'mnist')];"
        "print([name for name in ('sklearn', 'scipy', 'keras', 'tensorflow', 'matplotlib') if name in sys.modules])"
    )
    done = forks.run([], tmp_path, program=code)
    assert done.stdout.strip() == "[]", done.stderr
