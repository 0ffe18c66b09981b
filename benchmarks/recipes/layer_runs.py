"""Runs whose layers docs/initializers.md draws: five hidden layers, their weights too wide, too narrow and fitted."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.recipes.jobs import CONFIGS, FIRST_SEED, Job
from benchmarks.recipes.results import path_of
from mlpcli.files import write_text
from mlpcli.runs.directory import GRADIENTS
from mlpcli.runs.layer_file import read_layers, write_layers

RECIPE = "mnist/relu_he_normal"
INITIALIZERS = {
    "stddev 1": "{random_normal: {stddev: 1.0}}",
    "stddev 0.01": "{random_normal: {stddev: 0.01}}",
    "he_normal": "he_normal",
}
ACTIVATIONS = ("sigmoid", "relu")
COMMON = (
    "data.limit=10000",
    "model.hidden_units=[100, 100, 100, 100, 100]",
    "training.engine=numpy",
    "training.epochs=10",
    "training.batch_size=100",
    "output={gradient_norms: true, plots: []}",
)
FOLDER = "starts/layers"


def overrides(activation: str, initializer: str) -> tuple[str, ...]:
    """What is changed in the recipe."""
    return (*COMMON, f"model.activation={activation}", f"model.kernel_initializer={INITIALIZERS[initializer]}")


def folder_of(activation: str, initializer: str) -> Path:
    """Where layers.json and gradients.csv of a run are stored."""
    return path_of(FOLDER).with_suffix("") / f"{activation}-{initializer.replace(' ', '-')}"


def measure_layers(data: Path) -> None:
    """Train what has changed since it was stored; `data` as MLPCLI_DATA has it."""
    os.environ["MLPCLI_DATA"] = str(data)
    for activation in ACTIVATIONS:
        for initializer in INITIALIZERS:
            if stored(activation, initializer).get("key") != _key(activation, initializer):
                _measure(activation, initializer)


def stored(activation: str, initializer: str) -> dict[str, Any]:
    """The key of the run, and its test accuracy (None where its loss was not finite); {} if it is not stored."""
    path = folder_of(activation, initializer) / "run.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def accuracy_of(activation: str, initializer: str) -> float | None:
    """The test accuracy; None where the loss was not finite.

    Raises:
        SystemExit: the run has changed since it was stored.
    """
    found = stored(activation, initializer)
    if found.get("key") != _key(activation, initializer):
        raise SystemExit(f"{folder_of(activation, initializer)}: has changed since it was measured; run make recipes")
    accuracy: float | None = found["accuracy"]
    return accuracy


def _key(activation: str, initializer: str) -> str:
    return Job(FOLDER, RECIPE, overrides(activation, initializer), FIRST_SEED).key


def _measure(activation: str, initializer: str) -> None:
    import mlpcli

    folder = folder_of(activation, initializer)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        config = CONFIGS / f"{RECIPE}.yaml"
        result = mlpcli.train(config, overrides(activation, initializer), run_dir=Path(place) / "run")
        write_layers(folder, replace(read_layers(result.run), first_layer=None))
        if (result.run / GRADIENTS).is_file():
            shutil.copy(result.run / GRADIENTS, folder / GRADIENTS)
    accuracy = result.metrics["scores"].get("test", {}).get("accuracy")
    found = {"key": _key(activation, initializer), "accuracy": accuracy}
    write_text(folder / "run.json", json.dumps(found, indent=1) + "\n")
