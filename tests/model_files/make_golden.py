"""Writes the model files in golden/ with the Keras that is installed, and what it predicts with them.

The files are kept, since the versions that wrote them grow old. To add those of another version:

    pip install --no-deps --target /tmp/keras keras==3.12.0     (tf_keras for Keras 2; 3.0 needs dm-tree, namex)
    PYTHONPATH=/tmp/keras python tests/model_files/make_golden.py keras dense     (or tf_keras dense chain image)
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent / "golden"
ROWS = 5


def inputs(shape: tuple[int, ...]) -> Any:
    """The same rows for every version."""
    return np.random.default_rng(1).normal(size=(ROWS, *shape)).astype(np.float32)


def dense(keras: Any) -> Any:
    layers = keras.layers
    scale = layers.Normalization()
    scale.adapt(np.arange(12, dtype=np.float32).reshape(3, 4) ** 2)
    return keras.Sequential(
        [
            keras.Input((4,)),
            scale,
            layers.Dense(5, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ],
        name="dense",
    )


def chain(keras: Any) -> Any:
    layers, start = keras.layers, keras.Input((4,))
    x = layers.Dense(5, use_bias=False)(start)
    x = layers.LeakyReLU()(layers.BatchNormalization(momentum=0.5)(x))
    return keras.Model(start, layers.Dense(3, activation="softmax", name="out")(layers.Dropout(0.5)(x)), name="chain")


def image(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(3, 3, strides=2, padding="same", activation="relu"),
            layers.SeparableConv2D(2, 2),
            layers.ZeroPadding2D(((0, 1), (1, 0))),
            layers.MaxPooling2D(2, strides=1),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ],
        name="image",
    )


def main(package: str, *models: str) -> None:
    os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    keras = importlib.import_module(package)
    version = ".".join(keras.__version__.split(".")[:2]) if package == "keras" else "2"
    answers_file = FOLDER / "predictions.json"
    answers = json.loads(answers_file.read_text(encoding="utf-8")) if answers_file.exists() else {}
    for make in [make for make in (dense, chain, image) if make.__name__ in models]:
        keras.utils.set_random_seed(3)
        model = make(keras)
        model.compile(keras.optimizers.SGD(0.1), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        x = inputs(model.input_shape[1:])
        model.fit(x, np.arange(ROWS) % 3, epochs=2, verbose=0)
        predicted = model.predict(x, verbose=0)
        for extension in ("keras", "h5"):
            name = f"{make.__name__}-{version}.{extension}"
            model.save(FOLDER / name)
            answers[name] = {"shape": list(x.shape[1:]), "predictions": predicted.tolist()}
    lines = [f"{json.dumps(name)}: {json.dumps(answers[name])}" for name in sorted(answers)]
    answers_file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
