"""`mlpcli trace`: tables for a terminal of 80 columns, every number as JSON, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from mlpcli.cli.main import cli
from mlpcli.cli.terminal import _lines
from mlpcli.errors import ModelFileError, UserError
from mlpcli.workflows.trace import trace as run
from mlpcli.workflows.train import train

Write = Callable[..., Path]
TABLE = "height,width,kind\n" + "1,2,a\n3,4,b\n5,7,a\n2,2,b\n1,1,a\n4,4,b\n" * 3
CONFIG = "name: shapes\ndata: {source: shapes.csv, target: kind, scaling: none}\noutput: {plots: []}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "shapes.csv").write_text(TABLE, encoding="utf-8")
    path = tmp_path / "shapes.yaml"
    path.write_text(f"{CONFIG}model: {{hidden_units: [3], activation: relu}}\n", encoding="utf-8")
    return path


def _print(*arguments: str | Path) -> str:
    shown = CliRunner().invoke(cli, ["trace", *map(str, arguments)], standalone_mode=False)
    assert shown.exception is None, shown.exception
    return shown.output


def test_the_tables(config: Path) -> None:
    shown = _print(config, "--row", "2")
    assert shown.startswith("shapes, initial weights of seed 777, row 2 of 18\n")
    assert " input" in shown and " 5  7\n" in shown
    assert 'target "a"' in shown and "(binary_crossentropy)" in shown
    assert "the loss is computed from the input of sigmoid, so backpropagation starts there" in shown
    forward, backward = shown.split("backward: the gradient of the loss by")
    names = ["input", "  dense/kernel", "  dense/bias", "dense", "dense: relu", "  dense_1/kernel", "dense_1: sigmoid"]
    assert all(f" {name} " in forward for name in names)
    assert backward.index(" dense_1/kernel") < backward.index(" dense: relu") < backward.index(" dense/kernel")
    assert max(map(len, shown.splitlines())) <= 80


def test_the_json_has_every_number_and_they_agree(config: Path) -> None:
    found = json.loads(_print(config, "--json", "-s", "model.hidden_units=[20]"))
    assert (found["name"], found["weights"], found["row"], found["rows"]) == ("shapes", "initial", 0, 18)
    assert (found["input"], found["target"], found["noise_off"]) == ([1, 2], "a", [])
    dense, relu, last, sigmoid = found["layers"]
    assert [layer["step"] for layer in found["layers"]] == ["Dense", "relu", "Dense", "sigmoid"]
    before = np.array(found["input"]) @ np.array(dense["weights"]["kernel"]) + dense["weights"]["bias"]
    assert dense["output"] == pytest.approx(before.tolist())
    assert relu["output"] == pytest.approx(np.maximum(before, 0).tolist())
    assert found["loss"]["value"] == pytest.approx(-np.log(1 - sigmoid["output"][0]))
    assert last["output_gradient"] == pytest.approx(sigmoid["output"]), "sigmoid - 0"
    assert sigmoid["output_gradient"] is None
    assert last["gradients"]["kernel"] == pytest.approx(np.outer(relu["output"], sigmoid["output"]))


def test_a_run_has_trained_weights_and_the_config_those_of_the_engine(config: Path, tmp_path: Path) -> None:
    trained = train(config, ["training.engine=numpy", "training.epochs=2"], run_dir=tmp_path / "run").run
    assert _print(trained).startswith("shapes, trained weights, row 0 of 18\n")
    found, initial = run(trained), run(config)
    assert found.trained and not initial.trained
    first = [result.trace.layers[0].weights["kernel"] for result in (found, initial)]
    assert first[0].shape == first[1].shape and not np.array_equal(*first)


def test_a_standardized_target(write_config: Write) -> None:
    text = (
        "data: {source: diabetes, target_scaling: standardize}\nmodel: {hidden_units: [2], batch_normalization: true, "
    )
    shown = _print(write_config(text + "dropout: 0.5}\n"))
    assert "target 151.0" in shown
    assert "(the target is standardized)  (mean_squared_error)" in shown
    assert "switched off, as in predictions: dropout" in shown
    assert "with its running averages, as in predictions: batch_normalization" in shown


def test_penalties_are_said(config: Path) -> None:
    shown = _print(config, "-s", "model.kernel_regularizer={l2: 0.1}")
    assert "with penalties" in shown


def test_long_vectors_are_thinned() -> None:
    """As many values as fit, the last one, and the range of all."""
    assert _lines(np.arange(4.0), 44) == ["0  1  2  3"]
    assert _lines(np.arange(20.0), 44) == ["0  1  2  3  4  5  6  ...  19", "20 values from 0 to 19"]
    few = _lines(np.linspace(-1, 1, 12) * 1.23456e-7, 44)
    assert few == ["-1.235e-07  -1.01e-07  ...  1.235e-07", "12 values from -1.235e-07 to 1.235e-07"]
    rows = _lines(np.arange(16.0).reshape(8, 2) - 10, 44)
    assert rows == ["-10  -9", " -8  -7", "...", "  4   5", "16 values from -10 to 5"]
    assert _lines(np.array([[-0.0]]), 44) == ["0"]
    assert _lines(np.ones((2, 2, 2)), 44) == ["1  1  1  1  1  1  1  1"]
    assert _lines(np.arange(4.0) + 100, 13) == ["100  ...  103", "4 values from 100 to 103"]


def test_pictures(write_config: Write) -> None:
    """A layer of the engine for pictures, and one that only Keras has."""
    text = "data: {source: digits}\nmodel: {layers: [{conv2d: {filters: 2, kernel_size: 3}}, flatten]}\n"
    shown = _print(write_config(text))
    assert " 6x6x2 " in shown and "3x3x1x2" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_what_is_refused(config: Path, tmp_path: Path, write_config: Write) -> None:
    with pytest.raises(UserError, match="--row 18: the data has 18 rows, 0 to 17"):
        run(config, 18)
    path = write_config("data: {source: iris}\nmodel: {layers: [{group_normalization: 2}]}\n")
    said = "trace shows what NumPy computes, and layer group_normalization needs Keras .the NumPy engine has no Group"
    with pytest.raises(UserError, match=said):
        run(path)
    with pytest.raises(ModelFileError, match="does not exist"):
        run(tmp_path / "model.keras")
    with pytest.raises(UserError, match=r"-s sets keys of a config, but .*run is not a config; leave out -s"):
        run(tmp_path / "run", overrides=["seed=3"])


@pytest.mark.tf
def test_keras_computes_the_same(config: Path, tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    trained = train(config, ["training.epochs=2"], run_dir=tmp_path / "run")
    found: Any = run(trained.run, 3).trace
    model = keras.saving.load_model(trained.model)
    x = tf.constant(found.input[None], tf.float32)
    with tf.GradientTape() as tape:
        value = keras.losses.BinaryCrossentropy()(tf.constant([[1.0]]), model(x))
    slopes = tape.gradient(value, model.trainable_variables)
    assert found.loss == pytest.approx(float(value), rel=1e-5)
    mine = [array for layer in found.layers for array in layer.gradients.values()]
    for own, keras_own in zip(mine, slopes, strict=True):
        np.testing.assert_allclose(own, keras_own, rtol=1e-4, atol=1e-6)
