"""The Keras code of docs/ko/tutorials.md runs, and trains what the recipe beside it trains."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mlpcli
from mlpcli import backend
from mlpcli.config.load_config import load_config
from mlpcli.keras_engine.build import build_optimizer, keras_object
from mlpcli.workflows.validate import validate
from tests.markdown_parts import ROOT, blocks_of

pytestmark = pytest.mark.tf

PAGE = ROOT / "docs" / "ko" / "tutorials.md"
UNNAMED = {"name", "dtype", "trainable"}
"""What a layer's config has besides what it computes."""
AROUND = ("Flatten", "Rescaling", "Normalization", "Reshape")
"""Layers for what the tutorials do to the arrays before training."""


@dataclass(frozen=True)
class Fitted:
    """A call of `model.fit`: the compiled model, its arguments, and the names of its callbacks with their settings."""

    model: Any
    epochs: int
    batch_size: int
    validation: float | str
    callbacks: dict[str, Any]


def _trained_by_page() -> list[str]:
    """The recipes whose command stands right behind a block of Keras code that fits, in their order."""
    blocks = blocks_of(PAGE)
    found = []
    for code, commands in pairwise(blocks):
        if code.language == "python" and ".fit(" in code.text:
            found += re.findall(r"^\$ mlpcli train ([\w/]+)$", commands.text, re.M)
    return found


RECIPES = _trained_by_page()


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> list[Fitted]:
    """Runs all Python of the page in a folder of its own, on few made-up rows; every `fit` is one step."""
    keras = backend.keras()
    calls: list[Fitted] = []

    def step(model: Any, x: Any, y: Any, **settings: Any) -> None:
        shared = settings.get("validation_split") or "test"
        callbacks = {type(callback).__name__: callback for callback in settings.get("callbacks", [])}
        calls.append(Fitted(model, settings["epochs"], settings.get("batch_size", 32), shared, callbacks))
        model.run_eagerly = True  # building graphs for each of them would take a minute
        logs = model.train_on_batch(x[:10], y[:10], return_dict=True)
        for callback in callbacks.values():
            callback.set_model(model)
            callback.on_train_begin()
            callback.on_epoch_end(0, {**logs, **{f"val_{name}": value for name, value in logs.items()}})

    def train(config: str, overrides: list[str], callbacks: list[Any]) -> None:
        assert load_config(Path(config), overrides).config.training.engine == "auto"
        assert all(isinstance(callback, keras.callbacks.Callback) for callback in callbacks)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("tutorials"))
        _prepare(patch, keras)
        patch.setattr(keras.Sequential, "fit", step)
        patch.setattr(mlpcli, "train", train)  # tests/training/test_callbacks.py has real ones
        names: dict[str, Any] = {}
        for block in blocks_of(PAGE, "python"):
            if not block.text.startswith(">>>"):
                exec(compile("\n" * block.line + block.text, str(PAGE), "exec"), names)
    return calls


def _prepare(patch: pytest.MonkeyPatch, keras: Any) -> None:
    """Small sets instead of those that Keras downloads, and the files that the page speaks of."""
    draw = np.random.default_rng(0)
    for name, shape in (("mnist", (28, 28)), ("fashion_mnist", (28, 28)), ("cifar10", (32, 32, 3))):
        labels = np.arange(40, dtype=np.uint8) % 10
        half = draw.integers(0, 256, (40, *shape), np.uint8), labels if name != "cifar10" else labels[:, None]
        patch.setattr(getattr(keras.datasets, name), "load_data", lambda half=half: (half, half))
    settings = ["training.epochs=1", "training.engine=numpy", "output.model=model.h5", "output.plots=[]"]
    mlpcli.train("digits", settings, run_dir="runs/digits-h5")
    Image.fromarray(np.full((60, 60, 3), 255, np.uint8)).save("my-digit.png")


def test_each_fit_has_its_command(fitted: list[Fitted]) -> None:
    assert len(fitted) == len(RECIPES) > 15


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_recipe_is_the_network_of_the_code(recipe: str, fitted: list[Fitted]) -> None:
    made, planned = fitted[RECIPES.index(recipe)].model, validate(ROOT / "configs" / f"{recipe}.yaml").plan
    ours = [keras_object(layer.component) for layer in planned.layers if layer.component.keras_class not in AROUND]
    theirs = [layer for layer in made.layers if type(layer).__name__ not in AROUND]
    assert [_settings(layer) for layer in theirs] == [_settings(layer) for layer in ours]
    compiled = made.get_compile_config()
    assert compiled["loss"] == planned.loss.tag
    assert compiled["metrics"] == [metric.name or metric.tag for metric in planned.metrics]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_recipe_is_trained_as_in_the_code(recipe: str, fitted: list[Fitted]) -> None:
    call, config = fitted[RECIPES.index(recipe)], load_config(Path("configs") / f"{recipe}.yaml").config
    training, stopping = config.training, config.training.early_stopping
    assert _settings(call.model.optimizer) == _settings(build_optimizer(training, training.learning_rate_schedule))
    assert (call.epochs, call.batch_size) == (training.epochs, training.batch_size)
    assert call.validation == config.data.validation
    assert {"EarlyStopping": bool(stopping), "StopWhenEqual": bool(training.stop_when_equal)} == {
        name: name in call.callbacks for name in ("EarlyStopping", "StopWhenEqual")
    }
    if stopping:
        keras_stops: Any = call.callbacks["EarlyStopping"]
        assert (keras_stops.monitor, keras_stops.patience) == (stopping.monitor, stopping.patience)
        assert keras_stops.restore_best_weights == (config.output.keep == "best")
    else:
        assert config.output.keep == "last" or recipe == "cifar10/dense_512"


def _settings(made: Any) -> dict[str, Any]:
    """The config of a Keras object without names and seeds, and its class."""
    return {"class": type(made).__name__, **_unseeded(made.get_config())}


def _unseeded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unseeded(inner) for key, inner in value.items() if key not in {*UNNAMED, "seed", "build_config"}}
    return round(value, 9) if isinstance(value, float) else value
