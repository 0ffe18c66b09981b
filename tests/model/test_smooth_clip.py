"""data.scaling: robust from end to end: the clip in NumPy, in Keras, in files, and in a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli import backend
from mlpcli.model.input_layers import smooth_clip
from mlpcli.model.layer_rules import layer_size
from mlpcli.model.shapes import SavedLayer
from mlpcli.numpy_engine.network import Network

VALUES = np.array(
    [*np.linspace(-30, 30, 601), *(0, 1e-20, -1e-8, 1e-3, 1e4, -1e20, 1e30, -5e32, 1 / np.sqrt(8 / 9))], np.float32
)


def clipped(x: np.ndarray) -> np.ndarray:
    wide = x.astype(np.float64)
    return wide / np.sqrt(1 + (wide / 3) ** 2)


def network(shape: tuple[int, ...], dtype: Any = np.float32) -> Network:
    described, now = [], shape
    for index, layer in enumerate(smooth_clip(shape)):
        size = layer_size(layer.tag, layer, now)
        described.append(SavedLayer(f"l{index}", layer.keras_class, size, layer))
        now = size.output_shape
    assert now == shape
    return Network.of(shape, described, dtype=dtype)


@pytest.mark.parametrize("shape", [(1,), (5,), (2, 3), (2, 3, 2), (1, 1)])
def test_the_clip_in_numpy(shape: tuple[int, ...]) -> None:
    x = np.resize(VALUES, (np.prod(shape) * 100, *shape))[:700]
    for found in (network(shape).forward(x), network(shape).predict(x)):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, clipped(x), rtol=1e-6, atol=0)
    np.testing.assert_allclose(network(shape, np.float64).forward(x), clipped(x), rtol=1e-14)


def test_by_hand() -> None:
    found = network((4,), np.float64).forward(np.array([[0, 4, -3, 1e9]]))
    np.testing.assert_allclose(found, [[0, 2.4, -3 / np.sqrt(2), 3]])


ROWS = "age,fare,port,out\n" + "".join(
    f"{20 + n},{'' if n % 9 == 0 else 10**6 if n == 7 else n * 7 % 30},{'SC'[n % 2]},{('no', 'yes')[n % 3 == 0]}\n"
    for n in range(60)
)
CONFIG = """
data: {source: rows.csv, target: out, scaling: robust, numeric_encoding: {piecewise_linear: 3}}
model: {hidden_units: [4]}
training: {epochs: 2, engine: numpy}
output: {plots: []}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "rows.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path / "rows.yaml"


def trained(config: Path, *overrides: str) -> Path:
    run = config.parent / ("run" + "".join(letter for letter in "".join(overrides) if letter.isalnum()))
    model = mlpcli.train(config, overrides, run_dir=run).model
    assert model is not None
    return model


def test_a_training_in_numpy_and_its_summary(config: Path) -> None:
    raw, scaled = (trained(config, f"output.input={form}") for form in ("raw", "scaled"))
    found = mlpcli.summary(raw)
    assert [row.keras_class for row in found.layers] == [
        *("Normalization", "Rescaling", "Reshape", "ZeroPadding2D", "GroupNormalization", "Cropping2D", "Reshape"),
        *("Rescaling", "Dense", "Dense"),
    ]
    assert ("scaling", "robust: median and quartiles, then a smooth clip at 3 (the first 8 layers)") in found.facts
    front = mlpcli.summary(scaled)
    assert [row.keras_class for row in front.layers] == ["Dense", "Dense"]
    assert ("scaling", "robust: median and quartiles, then a smooth clip at 3") in front.facts
    rows = config.parent / "rows.csv"
    np.testing.assert_array_equal(mlpcli.predict(raw, rows).outputs, mlpcli.predict(scaled, rows).outputs)
    assert mlpcli.evaluate(raw).evaluation == mlpcli.evaluate(scaled).evaluation


def test_a_trace_shows_each_step(config: Path) -> None:
    found = mlpcli.trace(trained(config), row=7).trace
    outputs = {layer.name: layer.output for layer in found.layers}
    fare, last = outputs["normalization"].ravel(), outputs["rescaling_1"].ravel()
    np.testing.assert_allclose(last, clipped(fare), rtol=1e-6)
    assert np.abs(last).max() < 3
    passing = (found.input == 0) | (found.input == 1)
    np.testing.assert_allclose(last[passing], found.input[passing], atol=1e-15)


@pytest.mark.tf
@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("engine", ["numpy", "auto"])
def test_stock_keras_takes_encoded_rows(config: Path, engine: str, ending: str) -> None:
    model = trained(config, f"training.engine={engine}", f"output.model=model.{ending}")
    folder = config.parent / "inputs"
    outputs = mlpcli.predict(model, config.parent / "rows.csv", save_input=folder).outputs
    x = np.loadtxt(folder / "rows.csv", delimiter=",", skiprows=1, encoding="utf-8-sig")
    assert x.shape == (60, 11)  # age, fare, whether it is missing, 2 ports, 3 bins of age, 3 of fare
    stock = backend.keras().models.load_model(model)
    np.testing.assert_allclose(stock.predict(x, verbose=0), outputs, atol=1e-6)
    by_keras = mlpcli.predict(model, config.parent / "rows.csv", engine="keras").outputs
    np.testing.assert_allclose(by_keras, outputs, atol=1e-6)


@pytest.mark.tf
def test_the_clip_in_keras() -> None:
    from mlpcli.keras_engine.build import keras_object

    keras = backend.keras()
    model = keras.Sequential([keras.Input((5,)), *map(keras_object, smooth_clip((5,)))])
    assert model.weights == []
    x = np.resize(VALUES, (130, 5))
    np.testing.assert_allclose(model.predict(x, verbose=0), clipped(x), rtol=1e-6, atol=0)
