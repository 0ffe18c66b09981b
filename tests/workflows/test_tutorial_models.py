"""The model of the tutorials, 784 inputs and one-hot targets, saved by stock Keras: scored and asked as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mlpcli
from mlpcli import backend
from mlpcli.data.catalog import CATALOG
from mlpcli.modelfile.card import Told

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, np.ndarray, np.ndarray]:
    """A folder with model.h5, model.keras and the rows; the model; and the rows as uint8 (60, 28, 28) and labels."""
    keras, folder = backend.keras(), tmp_path_factory.mktemp("tutorial")
    backend.seed_everything(1, True)
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    x, y = np.random.default_rng(0).integers(0, 256, (60, 28, 28), np.uint8), np.arange(60) % 10
    model.save(folder / "model.h5")
    model.save(folder / "model.keras")
    np.savez(folder / "test.npz", x_test=x, y_test=y)
    np.savez(folder / "one_hot.npz", x_test=x.reshape(60, 784), y_test=np.eye(10)[y])
    return folder, model, x, y


SAID = {
    "test.npz": "rows of the shape (28, 28) become (784,)",
    "one_hot.npz": "y_test is one-hot: its columns are the classes",
}


@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
@pytest.mark.parametrize("engine", ["numpy", "keras"])
@pytest.mark.parametrize("data", SAID)
def test_scores_are_those_of_keras(tutorial: Any, name: str, engine: Any, data: str) -> None:
    folder, model, x, y = tutorial
    loss, accuracy = model.evaluate(x.reshape(60, 784) / 255, np.eye(10)[y], verbose=0)
    told = Told(CATALOG["fashion_mnist"].class_names, 255)
    result = mlpcli.evaluate(folder / name, data=folder / data, engine=engine, told=told)
    assert result.evaluation["loss"] == pytest.approx(loss, rel=1e-4)
    assert result.evaluation["accuracy"] == pytest.approx(accuracy)
    assert result.evaluation["class_names"][0] == "T-shirt/top"
    assert result.notes[0] == f"note: {folder / data}: {SAID[data]}"


def test_pixels_that_were_not_divided_are_pointed_out(tutorial: Any) -> None:
    folder = tutorial[0]

    def warnings(told: Told) -> list[str]:
        notes = mlpcli.evaluate(folder / "model.keras", data=folder / "test.npz", told=told).notes
        return [note for note in notes if note.startswith("warning")]

    assert warnings(Told()) == [
        "warning: these rows hold whole numbers up to 255, and the model has no layer that scales; if it learnt"
        " x / 255, give --divide-by 255, else --divide-by 1"
    ]
    assert warnings(Told(None, 1)) == warnings(Told(None, 255)) == []


def test_values_of_0_to_1_for_a_model_of_pixels_are_pointed_out(tmp_path: Path) -> None:
    """The model that `train` writes takes pixels as they are; who has divided them already is told."""
    x, y = np.random.default_rng(0).integers(0, 256, (60, 6, 6), np.uint8), np.arange(60) % 3
    np.savez(tmp_path / "pixels.npz", x=x, y=y)
    np.savez(tmp_path / "divided.npz", x=(x / 255).astype(np.float32), y=y)
    config = tmp_path / "a.yaml"
    config.write_text(
        f"data: {{source: '{tmp_path / 'pixels.npz'}'}}\nmodel: {{hidden_units: []}}\n"
        "training: {engine: numpy, epochs: 1}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    run = mlpcli.train(config, run_dir=tmp_path / "run").run
    said = "warning: these rows hold values from 0 to 1, but the model takes 0 to 255, which its first layer scales"
    for result in (mlpcli.evaluate(run, data=tmp_path / "divided.npz"), mlpcli.predict(run, tmp_path / "divided.npz")):
        assert [note.partition(";")[0] for note in result.notes] == [said]
    for result in (mlpcli.evaluate(run, data=tmp_path / "pixels.npz"), mlpcli.predict(run, x.astype(np.float32))):
        assert result.notes == []


def test_a_picture_is_taken_as_the_tutorials_do(tutorial: Any, tmp_path: Path) -> None:
    """Dark on light, in the size of the training pictures: inverted, and divided by 255."""
    folder, model, _, _ = tutorial
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 12:16] = 255
    picture, file = tmp_path / "a.png", folder / "model.h5"
    Image.fromarray(255 - digit).save(picture)
    found = mlpcli.predict(file, picture)
    np.testing.assert_allclose(found.outputs, model.predict(digit.reshape(1, 784) / 255, verbose=0), atol=1e-5)
    assert found.notes == [
        f"{picture}: light background, but the model was trained on dark ones: inverted; --no-invert prevents that",
        f"{file}: mlpcli did not write this model, and assumes that it was trained on values from 0 to 1 (--divide-by 1"
        " for 0 to 255) and light digits on a dark background (--no-invert for dark ones, --classes fashion_mnist for"
        " clothes)",
    ]
    kept = mlpcli.predict(file, picture, invert=False, told=Told(None, 1))
    expected = model.predict((255.0 - digit).reshape(1, 784), verbose=0)
    np.testing.assert_allclose(kept.outputs, expected, atol=1e-5)


def test_classes_may_be_those_of_a_built_in_set() -> None:
    from mlpcli.cli.options import told_of

    assert told_of("fashion_mnist", None) == Told(CATALOG["fashion_mnist"].class_names, None)
    assert told_of("cat, dog", 255) == Told(("cat", "dog"), 255)
    assert told_of(None, None) == Told()


def test_arrays_of_pictures_are_flattened(tutorial: Any) -> None:
    folder, model, x, _ = tutorial
    found = mlpcli.predict(folder / "model.keras", x[:3], told=Told(None, 255))
    expected = model.predict(x[:3].reshape(3, 784) / 255, verbose=0)
    np.testing.assert_allclose(found.outputs, expected, atol=1e-5)


def test_convolutions_of_many_rows_go_to_keras(tmp_path: Path) -> None:
    """26 x 26 places times 9 weights times 4 filters are 24,336 products a row: 2e9 of them are 82,183 rows."""
    from mlpcli.keras_engine.keras_predictor import KerasPredictor
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.numpy_engine.numpy_predictor import NumpyPredictor
    from mlpcli.scoring.predictor import load_predictor

    keras = backend.keras()
    layers = [keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.save(tmp_path / "cnn.keras")
    saved = open_model(tmp_path / "cnn.keras")
    for rows, kind in ((None, NumpyPredictor), (82_182, NumpyPredictor), (82_184, KerasPredictor)):
        assert isinstance(load_predictor(saved, rows=rows), kind)
    assert isinstance(load_predictor(saved, "numpy", rows=10**9), NumpyPredictor)
