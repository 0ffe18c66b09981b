"""Files that versions of Keras wrote, from 2 to today's: they are opened, and predict what they predicted then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.modelfile.container import kind_of, open_model_file
from mlpcli.modelfile.saved_model import open_model
from mlpcli.workflows.summary import origin_of, summary
from tests.eager_keras import eagerly
from tests.model_file_parts import read_architecture, read_weights

FOLDER = Path(__file__).resolve().parent / "golden"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "predictions.json").read_text(encoding="utf-8"))
every = pytest.mark.parametrize("name", EXPECTED)
flat = pytest.mark.parametrize("name", [name for name in EXPECTED if not name.startswith("image")])


def inputs(name: str) -> Any:
    """As make_golden.py draws them."""
    return np.random.default_rng(1).normal(size=(5, *EXPECTED[name]["shape"])).astype(np.float32)


def forward(name: str) -> Any:
    """Predictions by the formulas in Keras's documentation."""
    architecture = read_architecture(FOLDER / name)
    weights = read_weights(FOLDER / name, architecture)
    configs = [layer["config"] for layer in architecture["config"]["layers"]]
    x = inputs(name)
    for config in configs:
        arrays = weights.get(config["name"], [])
        if "units" in config:
            x = x @ arrays[0] + (arrays[1] if config["use_bias"] else 0)
            x = np.maximum(x, 0) if config["activation"] == "relu" else x
            if config["activation"] == "softmax":
                x = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        elif "momentum" in config:
            gamma, beta, mean, variance = arrays
            x = gamma * (x - mean) / np.sqrt(variance + config["epsilon"]) + beta
        elif "invert" in config:
            x = (x - arrays[0]) / np.maximum(np.sqrt(arrays[1]), 1e-7)
        elif "negative_slope" in config or "alpha" in config:
            x = np.where(x > 0, x, x * config.get("negative_slope", config.get("alpha")))
    return x


def test_no_file_is_left_out() -> None:
    assert sorted(EXPECTED) == sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".json")


@flat
def test_predictions_from_the_weights_that_were_read(name: str) -> None:
    assert forward(name) == pytest.approx(np.array(EXPECTED[name]["predictions"]), abs=1e-6)


@every
def test_what_the_files_say(name: str) -> None:
    path, version = FOLDER / name, name.split("-")[1].rpartition(".")[0]
    found = summary(path)
    with open_model_file(path) as opened:
        origin = origin_of(opened)
    assert origin.kind == kind_of(path) == path.suffix[1:]
    assert str(origin.keras_version).startswith(f"{version}.")
    facts = dict(found.facts)
    assert facts["compiled"] == "with sgd, loss sparse_categorical_crossentropy"
    assert facts["written by"] == f"Keras {origin.keras_version}"
    assert ("saved" in facts) == (origin.kind == "keras")
    assert found.input_shape == tuple(EXPECTED[name]["shape"])


@pytest.mark.tf
@every
def test_a_rebuilt_model_predicts_the_same(name: str) -> None:
    from mlpcli.keras_engine.build import rebuild

    saved = open_model(FOLDER / name)
    model = rebuild(saved)
    predictions = np.array(EXPECTED[name]["predictions"])
    assert np.asarray(model(inputs(name), training=False)) == pytest.approx(predictions, abs=1e-6)
    with eagerly(model):
        scores = model.evaluate(inputs(name), np.arange(5) % 3, verbose=0, return_dict=True)
    assert scores["accuracy"] == pytest.approx((predictions.argmax(axis=1) == np.arange(5) % 3).mean())
    assert saved.uncompiled is None and type(model.optimizer).__name__ == "SGD"
