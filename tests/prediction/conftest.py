"""Small model files with metadata, and a stand-in for the network: no TensorFlow."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mlpcli.modelfile.container import add_metadata
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.scoring import predictor as inference

CLASSES = ["a", "b", "c"]


class StandIn:
    """A network that is a function of x; `seen` keeps every x it was asked about."""

    def __init__(self, input_shape: tuple[int, ...], answer: Callable[[np.ndarray], Any]) -> None:
        self.input_shape, self.answer = input_shape, answer
        self.seen: list[np.ndarray] = []

    def predict(self, part: Any) -> np.ndarray:
        x = part.x[part.indices]
        self.seen.append(x)
        return np.asarray(self.answer(x), np.float32)


def _write_model(path: Path, shape: tuple[int, ...], units: int, activation: str) -> None:
    """One dense layer, all of whose weights are 0."""
    first = {"class_name": "InputLayer", "config": {"name": "input", "batch_shape": [None, *shape]}}
    flat = {"class_name": "Flatten", "config": {"name": "flatten"}}
    dense = {"class_name": "Dense", "config": {"name": "dense", "units": units, "activation": activation}}
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"] = np.zeros((math.prod(shape), units), np.float32)
        file["layers/dense/vars/1"] = np.zeros(units, np.float32)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        description = {"class_name": "Sequential", "config": {"layers": [first, flat, dense]}}
        archive.writestr("config.json", json.dumps(description))
        archive.writestr("model.weights.h5", content.getvalue())


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Path, StandIn]]:
    """`model(shape, classes, answer, **data)` writes a model file that is answered for by a function.

    Without an `answer`, the test fails when the network is loaded: the mistake is to be found before.
    """

    def make(
        shape: tuple[int, ...],
        classes: list[str] | None = CLASSES,
        answer: Callable[[np.ndarray], Any] | None = None,
        activation: str | None = None,
        plan: dict[str, Any] | None = None,
        target: str | None = None,
        **data: Any,
    ) -> tuple[Path, StandIn]:
        task = "regression" if classes is None else "binary" if len(classes) == 2 else "classification"
        usual = {"regression": "linear", "binary": "sigmoid", "classification": "softmax"}[task]
        metadata = {
            "format": 1,
            "version": "0.1.0",
            "name": "숫자",
            "config": {"data": {"source": "somewhere", "target": target}},
            "plan": {
                "task": task,
                "input_shape": list(shape),
                "class_names": classes,
                "labels": "sparse",
                "targets": 1,
                "threshold": 0.5,
                **(plan or {}),
            },
            "data": {
                "fingerprint": "",
                "feature_names": None,
                "pixel_max": None,
                "preprocessing": None,
                "image": None,
                **data,
            },
        }
        units = metadata["plan"]["targets"] if classes is None else 1 if task == "binary" else len(classes)
        path = tmp_path / "model.keras"
        _write_model(path, shape, units, activation or usual)
        add_metadata(path, metadata)
        stand_in = StandIn(shape, answer or (lambda x: pytest.fail("the network was loaded")))

        def load(saved: SavedModel, *settings: Any, rows: int | None = None) -> StandIn:
            assert saved.path.resolve() == path.resolve()
            if answer is None:
                pytest.fail("the network was loaded")
            return stand_in

        monkeypatch.setattr(inference, "load_predictor", load)
        return path, stand_in

    return make


@pytest.fixture
def digits_form() -> dict[str, Any]:
    """The metadata of a model of 4 x 4 gray pictures on a dark background, with values from 0 to 16."""
    return {"image": {"size": [4, 4], "color": "grayscale", "fit": "pad", "border": 0.1}, "pixel_max": 16.0}


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """`picture("a.png", pixels)` saves an array (h, w) or (h, w, 3); a number is a picture of that one gray."""
    from PIL import Image

    def save(name: str, pixels: Any = 0, size: tuple[int, int] = (4, 4)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.full(size, pixels, np.uint8) if np.isscalar(pixels) else np.asarray(pixels, np.uint8)
        Image.fromarray(values).save(path)
        return path

    return save
