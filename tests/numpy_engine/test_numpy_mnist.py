"""Real images: a trained network says the same of every test image, and nearly the same in numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mlpcli.backend import keras
from mlpcli.config.sections import DataConfig
from mlpcli.data.sources import load_source
from mlpcli.modelfile.description import saved_layers
from mlpcli.numpy_engine.network import Network

pytestmark = pytest.mark.tf


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_same_class_on_every_test_image(shared_data: Path, name: str) -> None:
    source = load_source(DataConfig(source=name, path=str(shared_data / name.replace("_", "-"))))
    assert source.test is not None
    keras().utils.set_random_seed(0)
    layers = keras().layers
    hidden = [layers.Dense(64, activation="relu"), layers.Dense(32), layers.BatchNormalization()]
    model = keras().Sequential(
        [keras().Input((28, 28)), layers.Rescaling(1 / 255), layers.Flatten(), *hidden, layers.Activation("relu"),
         layers.Dropout(0.2), layers.Dense(10, activation="softmax")]
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(source.train.x[:10_000], source.train.y[:10_000], batch_size=100, verbose=0)
    described = json.loads(json.dumps(keras().saving.serialize_keras_object(model)))
    network = Network.of(*saved_layers(Path("model"), described), model.get_weights())
    expected = np.asarray(model(source.test.x, training=False))
    found = network.predict(source.test.x)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    assert (found.argmax(axis=1) == source.test.y).mean() > 0.75
