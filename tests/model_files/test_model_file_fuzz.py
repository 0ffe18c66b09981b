"""Whatever is in a model file, the outcome is a result or an error for people, never a traceback."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpcli.errors import MlpcliError
from mlpcli.modelfile.container import add_metadata
from mlpcli.modelfile.keras_objects import compilation_of
from mlpcli.workflows.summary import summary
from tests.model_file_parts import read_architecture, read_metadata, read_weights

quickly = settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip

WORDS = st.sampled_from(
    [
        "Dense", "Lambda", "Sequential", "Functional", "InputLayer", "keras", "keras.layers", "os", "system", "relu",
        "function", "__tuple__", "__numpy__", "__lambda__", "name", "config", "class_name", "module", "layers", "mse",
        "registered_name", "batch_shape", "units", "axis", "dtype", "inbound_nodes", "", "\x00", "가", "../x",
    ]
)  # fmt: skip
NUMBERS = st.one_of(st.integers(-3, 5), st.sampled_from([10**12, -(10**20), 1e308, 1.5, float("inf"), float("nan")]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place within a JSON value."""
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


def open_all(path: Path) -> None:
    with contextlib.suppress(MlpcliError):
        summary(path)
    with contextlib.suppress(MlpcliError):
        architecture = read_architecture(path)
        read_weights(path, architecture)
        compilation_of(architecture)


def full_model(files: Any) -> dict[str, Any]:
    """With one of everything that a description may have."""
    last = files.layer(
        "Dense", name="dense_1", units=2, use_bias=False,
        activation={"module": "builtins", "class_name": "function", "config": "softmax", "registered_name": "softmax"},
        dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
        kernel_initializer=files.layer("GlorotUniform", "keras.initializers", seed=None),
        kernel_regularizer=files.layer("L2", "keras.regularizers", l2=0.01),
    )  # fmt: skip
    compiled = {
        "optimizer": files.layer("Adam", "keras.optimizers", learning_rate=0.1), "loss": "mse", "metrics": [["mae"]],
        "loss_weights": [1.0],
    }  # fmt: skip
    return files.sequential(files.dense(), last, compile_config=compiled, build_config={"input_shape": [None, 4]})


@quickly
@given(data=st.data())
def test_a_description_with_anything_in_it(files: Any, tmp_path: Path, data: st.DataObject) -> None:
    good = full_model(files)
    for _ in range(data.draw(st.integers(1, 2))):
        good = replaced(good, data.draw(st.sampled_from(places(good))), data.draw(JSON))
    open_all(files.keras(tmp_path / "model.keras", json.dumps(good)))


@quickly
@given(data=st.data())
def test_metadata_with_anything_in_it(files: Any, tmp_path: Path, data: st.DataObject) -> None:
    good: Any = {
        "format": 1, "version": "1", "name": "n", "layer_names": ["a", "b"], "kept_epoch": 3,
        "config": {"seed": 1, "data": {"source": "iris"}, "model": {"hidden_units": [3]}, "training": {"epochs": 2}},
        "plan": {"task": "classification", "class_names": ["x", "y"], "loss": "mse"},
        "data": {"rows": {"train": 10}, "feature_names": ["f"], "preprocessing": {"columns": [{"name": "c"}]}},
        "scores": {"test": {"accuracy": 0.5}}, "versions": {"keras": "3", "python": "3.11"},
    }  # fmt: skip
    metadata = replaced(good, data.draw(st.sampled_from(places(good))), data.draw(JSON))
    kind = data.draw(st.sampled_from(["keras", "h5"]))
    (tmp_path / "model").unlink(missing_ok=True)
    path = getattr(files, kind)(tmp_path / "model")
    add_metadata(path, metadata)
    with contextlib.suppress(MlpcliError):
        read_metadata(path)
    open_all(path)


@quickly
@given(data=st.data(), kind=st.sampled_from(["keras", "h5"]))
def test_bytes_with_anything_in_them(files: Any, tmp_path: Path, data: st.DataObject, kind: str) -> None:
    path = getattr(files, kind)(tmp_path / f"model.{kind}")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start, new = data.draw(st.integers(0, len(content) - 1)), data.draw(st.binary(min_size=1, max_size=16))
        content[start : start + len(new)] = new
    cut = data.draw(st.sampled_from([None, None, None, len(content) // 2, len(content) - 30]))
    path.write_bytes(content[:cut])
    open_all(path)


@quickly
@given(data=st.data())
def test_weights_with_anything_in_them(files: Any, tmp_path: Path, data: st.DataObject) -> None:
    """The archive's checksums are right, the HDF5 within is not."""
    content = bytearray(files.weights())
    for _ in range(data.draw(st.integers(1, 4))):
        start, new = data.draw(st.integers(8, len(content) - 1)), data.draw(st.binary(min_size=1, max_size=16))
        content[start : start + len(new)] = new
    open_all(files.keras(tmp_path / "model.keras", weights=bytes(content)))


def test_the_untouched_ones_are_opened(files: Any, tmp_path: Path) -> None:
    path = files.keras(tmp_path / "model.keras", full_model(files))
    architecture = read_architecture(path)
    assert list(read_weights(path, architecture)) == ["dense", "dense_1"]
    assert compilation_of(architecture)[1] is None
    with zipfile.ZipFile(path) as archive, pytest.raises(KeyError):
        archive.getinfo("anything else")
