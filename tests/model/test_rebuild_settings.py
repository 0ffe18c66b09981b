"""Hostile files and the Keras that opens them: nothing they name is called, no setting of the process changes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import h5py
import pytest

from mlpcli import backend
from mlpcli.errors import ModelFileError
from mlpcli.keras_engine.build import rebuild
from mlpcli.modelfile.saved_model import open_model

pytestmark = [
    pytest.mark.tf,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]

STATE = {"module": "keras.config", "class_name": "function", "config": "set_epsilon", "registered_name": "set_epsilon"}


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("place", ["activation", "kernel_initializer", "loss"])
def test_settings_of_the_process_stay(tmp_path: Path, kind: str, place: str) -> None:
    keras = backend.keras()
    path, before = tmp_path / f"m.{kind}", (keras.config.epsilon(), keras.config.floatx(), keras.config.dtype_policy())
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="relu")])
    model.compile(loss="mse")
    model.save(path)
    spoil(path, place)
    refused = pytest.raises(ModelFileError, match=r"it names keras\.config\.set_epsilon, which mlpcli does not open")
    with refused:
        rebuild(open_model(path))
    assert before == (keras.config.epsilon(), keras.config.floatx(), keras.config.dtype_policy())


def spoil(path: Path, place: str) -> None:
    """Name a function that changes Keras's settings, in a layer or as the loss."""

    def changed(text: str | bytes) -> str:
        value = json.loads(text)
        for layer in value.get("config", {}).get("layers", []):
            if place in layer["config"]:
                layer["config"][place] = STATE
        for holder in (value, value.get("compile_config") or {}):
            if place in holder:
                holder[place] = STATE
        return json.dumps(value)

    if path.suffix == ".h5":
        with h5py.File(path, "a") as file:
            for name in ("model_config", "training_config"):
                file.attrs[name] = changed(file.attrs[name])
        return
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, changed(text) if name == "config.json" else text)
