"""Model files with metadata but without weights, and a stand-in for the network: no TensorFlow."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
            "data": {"feature_names": None, "pixel_max": None, "preprocessing": None, "image": None, **data},
        }
        layers = {"layers": [{"class_name": "Dense", "config": {"activation": activation or usual}}]}
        path = tmp_path / "model.keras"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"mlpcli": metadata}))
            archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": layers}))
        stand_in = StandIn(shape, answer or (lambda x: pytest.fail("the network was loaded")))

        def load(file: Path, *settings: Any) -> StandIn:
            assert file.resolve() == path.resolve()
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
