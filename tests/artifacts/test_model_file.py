"""Reading model files without TensorFlow: whatever is wrong with one is said before Keras sees it."""

from __future__ import annotations

import contextlib
import copy
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mlpcli.errors import ModelFileError
from mlpcli.modelfile.container import H5_DATASET, METADATA_FORMAT, add_metadata, kind_of
from mlpcli.modelfile.description import check_layers, saved_layers
from mlpcli.workflows.summary import summary
from tests.model_file_parts import read_architecture, read_metadata

NAMES = {"name": "패션", "layer_names": ["은닉", "출력"]}
METADATA = {"format": METADATA_FORMAT, "version": "0.1", **NAMES, "note": "가" * 50_000}
"""Larger than the 64 kB that end an attribute of an .h5."""


def layer(class_name: str, module: str | None = "keras.layers", /, **config: Any) -> dict[str, Any]:
    found = {"class_name": class_name, "config": config, "registered_name": None}
    return found if module is None else {"module": module, **found}


def sequential(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    first = layer("InputLayer", batch_shape=[None, 4], name="input")
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [first, *layers]}, **more}


DENSE = layer("Dense", units=3, use_bias=True, name="dense", activation="relu")
MODEL = sequential(DENSE, layer("Dense", units=2, use_bias=False, name="dense_1", activation="softmax"))


def write_keras(path: Path, config: Any = MODEL, metadata: Any = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps(metadata or {"keras_version": "3.10"}))
        archive.writestr("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
        archive.writestr("model.weights.h5", b"weights")
    return path


def write_h5(path: Path, config: Any = MODEL, training: Any = None) -> Path:
    with h5py.File(path, "w") as file:
        file.create_group("model_weights")
        file.attrs["model_config"] = config if isinstance(config, (str, bytes)) else json.dumps(config)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
    return path


def whole(folder: Path, kind: str) -> Path:
    path = (write_keras if kind == "keras" else write_h5)(folder / f"model.{kind}")
    add_metadata(path, METADATA)
    return path


both = pytest.mark.parametrize("kind", ["keras", "h5"])


@both
def test_metadata_comes_back(tmp_path: Path, kind: str) -> None:
    path = whole(tmp_path, kind)
    assert read_metadata(path) == METADATA
    assert kind_of(path) == kind
    assert read_architecture(path) == MODEL


@both
def test_a_file_of_stock_keras_has_none(tmp_path: Path, kind: str) -> None:
    path = (write_keras if kind == "keras" else write_h5)(tmp_path / "model")
    assert read_metadata(path) is None


def test_metadata_leaves_the_rest_of_the_archive_alone(tmp_path: Path) -> None:
    before = zipfile.ZipFile(write_keras(tmp_path / "before.keras"))
    after = zipfile.ZipFile(whole(tmp_path, "keras"))
    assert before.namelist() == after.namelist()
    assert before.read("model.weights.h5") == after.read("model.weights.h5")
    assert json.loads(after.read("metadata.json"))["keras_version"] == "3.10"


@both
def test_the_name_does_not_matter(tmp_path: Path, kind: str) -> None:
    path = whole(tmp_path, kind).rename(tmp_path / {"keras": "renamed.h5", "h5": "renamed.keras"}[kind])
    assert (kind_of(path), read_metadata(path), read_architecture(path)) == (kind, METADATA, MODEL)


def test_no_model_file_at_all(tmp_path: Path) -> None:
    (tmp_path / "empty.keras").write_bytes(b"")
    (tmp_path / "text.keras").write_text("epochs: 3")
    cases = {
        "missing.keras": "does not exist; give a model file or a run directory",
        "": "is a folder without a model file",
        "empty.keras": "is empty; expected a .keras or .h5 file",
        "text.keras": "is not a model file; expected a .keras or .h5 file written by mlpcli or Keras",
    }
    for name, message in cases.items():
        with pytest.raises(ModelFileError) as caught:
            kind_of(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: {message}")


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(ModelFileError, match=r"a.keras: cannot be read: Permission denied"):
        kind_of(tmp_path / "a.keras")


def read_everything(path: Path) -> None:
    read_metadata(path)
    saved_layers(path, read_architecture(path))


@both
@pytest.mark.parametrize("kept", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(tmp_path: Path, kind: str, kept: float) -> None:
    path = whole(tmp_path, kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(ModelFileError, match=r"model\.(keras|h5): (is damaged|is not a model file)"):
        read_everything(path)


@both
def test_random_damage_is_an_error_or_harmless(tmp_path: Path, kind: str) -> None:
    path = (write_keras if kind == "keras" else write_h5)(tmp_path / f"model.{kind}")
    add_metadata(path, {**METADATA, "note": "short"})
    content, draw, refused = path.read_bytes(), random.Random(1), 0
    for _ in range(100):
        damaged = bytearray(content)
        start = draw.randrange(len(damaged))
        damaged[start : start + 8] = draw.randbytes(8)
        path.write_bytes(damaged)
        with contextlib.suppress(ModelFileError):
            read_everything(path)
            continue
        refused += 1
    assert refused > 7


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
def test_random_bytes_behind_a_good_beginning(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "model").write_bytes(start + random.Random(1).randbytes(5000))
    with pytest.raises(ModelFileError, match="model: is damaged"):
        read_everything(tmp_path / "model")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "its config.json is damaged (JSONDecodeError); restore it or train again"),
        (b"\xff\xfe\xfa", "its config.json is damaged"),
        ("[" * 100_000, "its config.json is damaged (RecursionError)"),
        ("9" * 5000, "its config.json is damaged"),
        ("[1, 2]", "its config.json does not describe a model"),
        ({}, "is a None model; mlpcli opens Sequential models"),
        ({"class_name": "Functional", "config": {}}, "its description lists no layers"),
        ({"class_name": "Sequential"}, "its description lists no layers"),
        ({"class_name": "Sequential", "config": []}, "its description lists no layers"),
        ({"class_name": "Sequential", "config": {"layers": [1]}}, "its description lists no layers"),
        ({"class_name": "Sequential", "config": {"layers": []}}, "does not say what input it takes"),
        (
            {"class_name": "Sequential", "config": {"layers": [DENSE]}},
            "does not say what input it takes; build the model",
        ),
        (sequential(layer("Dense", name="d")), "layer d does not fit"),
        (sequential(layer("Dense", name="d", units="many")), "layer d does not fit"),
        (sequential(layer("Dense", name="d", units=-3)), "layer d does not fit: units: input should be greater than 0"),
        (sequential(layer("Conv2D", name="c", filters=1, kernel_size=3)), "layer c does not fit: needs images"),
        (sequential(layer("PReLU", name="p", shared_axes=7)), "layer p does not fit"),
    ],
)
def test_descriptions_that_are_none(tmp_path: Path, config: Any, message: str) -> None:
    path = write_keras(tmp_path / "model.keras", config)
    with pytest.raises(ModelFileError) as caught:
        read_everything(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_an_archive_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
    with pytest.raises(ModelFileError, match=r"has no config.json, so it is not a Keras model"):
        read_architecture(path)


def test_a_description_that_unpacks_to_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.modelfile.container.LARGEST_JSON_BYTES", 1000)
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 1001)
    with pytest.raises(
        ModelFileError, match=r"config.json is far too large for a model \(1,001 bytes; at most 1,000\)"
    ):
        read_architecture(path)


def test_an_h5_with_weights_only(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["dense/kernel"] = np.zeros((2, 2))
    with pytest.raises(ModelFileError, match=r"weights.h5: holds no model, only weights; save the whole model"):
        read_architecture(tmp_path / "weights.h5")


def test_an_attribute_that_is_no_text(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = np.arange(3)
    with pytest.raises(ModelFileError, match="its model_config is damaged"):
        read_architecture(path)


@both
@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (
            {"format": METADATA_FORMAT + 1, "version": "9.0"},
            f"was written by mlpcli 9.0 (format {METADATA_FORMAT + 1}), and this one reads format {METADATA_FORMAT}",
        ),
        ({"format": "1"}, "its mlpcli metadata is damaged"),
        ({}, "its mlpcli metadata is damaged"),
    ],
)
def test_metadata_of_another_kind(tmp_path: Path, kind: str, metadata: dict[str, Any], message: str) -> None:
    path = (write_keras if kind == "keras" else write_h5)(tmp_path / "model")
    add_metadata(path, metadata)
    with pytest.raises(ModelFileError) as caught:
        read_metadata(path)
    assert message in str(caught.value)


def put_group(file: Any) -> None:
    file.create_group(H5_DATASET)


def put_text(file: Any) -> None:
    file[H5_DATASET] = "text"


def put_broken_json(file: Any) -> None:
    file[H5_DATASET] = np.frombuffer(b"{", np.uint8)


def put_bytes_of_another_file(file: Any) -> None:
    file.create_dataset(H5_DATASET, (4,), "u1", external=[("/etc/hostname", 0, 4)])


def put_link(file: Any) -> None:
    file[H5_DATASET] = h5py.ExternalLink("other.h5", "/metadata")


@pytest.mark.parametrize("put", [put_link, put_group, put_text, put_broken_json, put_bytes_of_another_file])
def test_metadata_of_an_h5_that_is_none(tmp_path: Path, put: Callable[[Any], None]) -> None:
    path = write_h5(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        put(file)
    with pytest.raises(ModelFileError, match=r"model.h5: (is damaged|its mlpcli_metadata is damaged)"):
        read_metadata(path)


def dense_with(**config: Any) -> dict[str, Any]:
    return sequential({**DENSE, "config": {**DENSE["config"], **config}})


def function(name: str, module: str = "builtins") -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


STRANGERS = [
    (sequential(layer("Lambda", name="l")), "layer 0 is keras.layers.Lambda"),
    (sequential(DENSE, layer("TFSMLayer", filepath="/etc")), "layer 1 is keras.layers.TFSMLayer"),
    (sequential(layer("Dense", "my.module", units=1)), "layer 0 is my.module.Dense"),
    (sequential({**DENSE, "registered_name": "evil>Dense"}), "layer 0 is keras.layers.Dense"),
    (sequential({**DENSE, "class_name": ["Dense"]}), "layer 0 is"),
    (sequential(layer("TimeDistributed", layer=layer("Lambda"))), "layer 0 is keras.layers.TimeDistributed"),
    (sequential(sequential(DENSE)), "layer 0 is keras.Sequential"),
    (sequential(layer("InputLayer", hidden=layer("Lambda"))), "it names keras.layers.Lambda"),
    (dense_with(kernel_regularizer=layer("Lambda")), "it names keras.layers.Lambda"),
    (dense_with(kernel_initializer=layer("Lambda", None)), "it names keras.Lambda"),
    (dense_with(activation=function("set_epsilon", "keras.config")), "it names keras.config.set_epsilon"),
    (dense_with(activation=function("eval")), "it names builtins.eval"),
    (dense_with(activation={"class_name": "__lambda__", "config": {"value": "AAA="}}), "it names keras.__lambda__"),
    (dense_with(kernel_initializer=layer("GlorotUniform", "os")), "it names os.GlorotUniform"),
    (dense_with(deep=[[{"x": [layer("Lambda")]}]]), "it names keras.layers.Lambda"),
    (sequential(DENSE, compile_config={"loss": layer("Evil", "evil.losses")}), "it names evil.losses.Evil"),
    ({**sequential(DENSE), "module": "evil"}, "it names evil.None"),
    ({**sequential(DENSE), "registered_name": "evil>Sequential"}, "it names keras.evil>Sequential"),
]


@both
@pytest.mark.parametrize(("config", "message"), STRANGERS)
def test_what_could_run_code_is_refused(tmp_path: Path, kind: str, config: Any, message: str) -> None:
    path = (write_keras if kind == "keras" else write_h5)(tmp_path / "model", config)
    with pytest.raises(ModelFileError) as caught:
        check_layers(path, read_architecture(path))
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "which mlpcli does not open: a model file from a stranger could run code that way" in str(caught.value)


def test_what_an_h5_was_compiled_with_is_looked_at(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "model.h5", training={"loss": {"class_name": "Evil", "config": {}}})
    with pytest.raises(ModelFileError, match=r"it names keras\.Evil"):
        check_layers(path, read_architecture(path))


def test_the_schema_s_own_functions_are_no_strangers(tmp_path: Path) -> None:
    config = copy.deepcopy(
        dense_with(activation=function("relu"), kernel_regularizer=layer("L2", "keras.regularizers", l2=1))
    )
    config["compile_config"] = {"loss": function("mean_squared_error"), "optimizer": layer("Adam", "keras.optimizers")}
    check_layers(tmp_path, config)


def test_summary_of_a_model_file(tmp_path: Path) -> None:
    found = summary(whole(tmp_path, "keras"))
    assert (found.name, found.input_shape) == ("패션", (4,))
    assert [(row.name, row.keras_class, row.size.parameters) for row in found.layers] == [
        ("은닉", "Dense", 4 * 3 + 3),
        ("출력", "Dense", 3 * 2),
    ]
    assert (found.trainable, found.non_trainable) == (21, 0)
    assert summary(tmp_path) == found


def test_summary_of_a_stock_file(tmp_path: Path) -> None:
    adapted = layer("Normalization", name="n", axis=[-1], mean=None, variance=None)
    found = summary(write_h5(tmp_path / "stock.h5", sequential(adapted, DENSE)))
    assert found.metadata is None
    assert [(row.name, row.size.trainable, row.size.non_trainable) for row in found.layers] == [
        ("n", 0, 9),
        ("dense", 15, 0),
    ]
