"""Untrained models as files, and what the formats make of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mlpcli.data.dataset import Part
from mlpcli.exporters.formats import FORMATS, Rows
from mlpcli.model.layer_rules import layer_size
from mlpcli.model.shapes import SavedLayer
from mlpcli.modelfile.description import layer_component
from mlpcli.modelfile.saved_model import SavedModel, open_model
from mlpcli.modelfile.writer import architecture_json, save_model, write_keras
from mlpcli.numpy_engine.numpy_model import NumpyModel
from mlpcli.scoring.predictor import load_predictor
from mlpcli.workflows.prepare import prepare, read_config
from mlpcli.workflows.run import model_metadata


def untrained(config: Path, model: Path, *overrides: str) -> SavedModel:
    """The model of a config with its initial weights, written and opened."""
    loaded = read_config(config, overrides)
    prepared = prepare(loaded)
    made = NumpyModel(prepared.plan, loaded.config, prepared.scaling, prepared.target_scaling)
    save_model(made, model, model_metadata(loaded.config, prepared, None, {}, "", {"versions": {}}))
    return open_model(model)


def chain(
    model: Path, shape: tuple[int, ...], described: list[tuple[str, dict[str, Any]]], seed: int = 0
) -> SavedModel:
    """Layers one after the other, by Keras's classes and arguments, with drawn weights; as a file of stock Keras."""
    draw, side, layers, arrays = np.random.default_rng(0), shape, [], []
    for number, (keras_class, arguments) in enumerate(described):
        component = layer_component(keras_class, {"name": f"layer_{number}", **arguments})
        layers.append(SavedLayer(f"layer_{number}", keras_class, layer_size(component.tag, component, side), component))
        arrays += [draw.uniform(0.1, 0.9, weight).astype(np.float32) for weight in layers[-1].weights]
        side = layers[-1].size.output_shape
    write_keras(model, architecture_json("chain", shape, layers, None), layers, arrays)
    return open_model(model)


def own_outputs(saved: SavedModel, x: np.ndarray, engine: Any = "auto") -> np.ndarray:
    """The model's own (n, units)."""
    return load_predictor(saved, engine).predict(Part(x, np.zeros(len(x), np.int64), np.arange(len(x))))


def exported(saved: SavedModel, to: str, folder: Path, rows: Rows) -> np.ndarray:
    """What the format's runtime makes of the rows."""
    form = FORMATS[to]
    files = form.exporter().write(saved, folder / f"model{form.endings[0]}")
    return form.exporter().outputs(saved, files[0], rows)


def imported(path: Path) -> ModuleType:
    """A Python file as a module."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
