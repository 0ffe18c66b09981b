"""Files that stock Keras has written: scored and asked, once told what they cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli import backend
from mlpcli.data.catalog import CATALOG
from mlpcli.errors import ModelFileError, UserError
from mlpcli.modelfile.card import Told

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, np.ndarray, list[float]]:
    """A folder with stock models of x / 16 on the digits, the rows, and what Keras itself says of them."""
    from sklearn.datasets import load_digits

    keras, folder, digits = backend.keras(), tmp_path_factory.mktemp("stock"), load_digits()
    x, y = digits.images.astype(np.uint8), digits.target
    backend.seed_everything(1, True)
    layers = [
        keras.Input((8, 8)),
        keras.layers.Flatten(),
        keras.layers.Dense(16, "relu"),
        keras.layers.Dense(10, "softmax"),
    ]
    model = keras.Sequential(layers)
    model.save(folder / "uncompiled.keras")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x / 16.0, y, epochs=4, verbose=0)
    model.save(folder / "stock.keras")
    model.save(folder / "stock.h5")
    np.savez(folder / "digits.npz", x=x, y=y)
    return folder, x, y, model.evaluate(x / 16.0, y, verbose=0)


@pytest.mark.parametrize("name", ["stock.keras", "stock.h5"])
@pytest.mark.parametrize("engine", ["numpy", "keras"])
def test_scores_are_those_of_keras(trained: Any, name: str, engine: Any) -> None:
    folder, _, _, (loss, accuracy) = trained
    result = mlpcli.evaluate(folder / name, data=folder / "digits.npz", engine=engine, told=Told(divide_by=16))
    found = result.evaluation
    assert len(result.notes) == (1 if name.endswith(".h5") else 0)  # an .h5 has no checksum
    assert found["loss"] == pytest.approx(loss, rel=1e-4)
    assert found["accuracy"] == pytest.approx(accuracy)
    assert found["class_names"] == list("0123456789")


def test_class_names_can_be_told(trained: Any) -> None:
    folder, names = trained[0], tuple("영일이삼사오육칠팔구")
    told = Told(names, 16)
    x = trained[1][:5]
    found = mlpcli.predict(folder / "stock.keras", x, told=told)
    model = backend.keras().models.load_model(folder / "stock.keras")
    np.testing.assert_allclose(found.outputs, model(x / 16.0), atol=1e-5)
    assert {row["label"] for row in found.predictions} <= set(names)
    with pytest.raises(UserError, match=r"--classes names 2 classes, but .* has 10"):
        mlpcli.predict(folder / "stock.keras", x, told=Told(("a", "b")))


def test_a_built_in_set_brings_its_names(trained: Any) -> None:
    folder, (_, accuracy) = trained[0], trained[3]
    found = mlpcli.evaluate(folder / "stock.keras", data="digits", told=Told(divide_by=16)).evaluation
    assert found["class_names"] == list(CATALOG["digits"].class_names or ())
    assert found["accuracy"] == pytest.approx(accuracy)


def test_without_a_loss_the_usual_one_is_taken(trained: Any) -> None:
    folder, x, y, _ = trained
    file = folder / "uncompiled.keras"
    found = mlpcli.evaluate(file, data=folder / "digits.npz", told=Told(divide_by=16)).evaluation
    model = backend.keras().models.load_model(file)
    p = np.asarray(model(x / 16.0))
    assert found["loss"] == pytest.approx(-np.log(p[np.arange(len(y)), y]).mean(), rel=1e-4)
    with pytest.raises(ModelFileError, match="has no loss to score with"):
        mlpcli.evaluate(file, data=folder / "digits.npz", engine="keras")


def test_what_must_be_told(trained: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="so its data is unknown; give rows with --data"):
        mlpcli.evaluate(trained[0] / "stock.keras")
    config = tmp_path / "my.yaml"
    config.write_text("data: {source: iris}\ntraining: {epochs: 1}\noutput: {plots: []}\n", encoding="utf-8")
    run = mlpcli.train(config, run_dir=tmp_path / "run").run
    with pytest.raises(UserError, match="leave out --classes and --divide-by"):
        mlpcli.evaluate(run, told=Told(divide_by=2))


def test_a_photo(trained: Any, tmp_path: Path) -> None:
    from PIL import Image

    folder, x, _, _ = trained
    Image.fromarray((x[0] * 15).astype(np.uint8)).save(tmp_path / "숫자.png")
    found = mlpcli.predict(folder / "stock.keras", tmp_path / "숫자.png", told=Told(divide_by=255))
    expected = np.asarray(backend.keras().models.load_model(folder / "stock.keras")(x[:1] * 15 / 255.0))
    np.testing.assert_allclose(found.outputs, expected, atol=1e-5)
