"""Why the convolutional tutorial's first epoch costs more: TensorFlow 1's RMSprop, and Dropout after the pooling.

TensorFlow 1 starts RMSprop's mean of squared gradients at one, Keras at zero, so that the old one takes far shorter
first steps. Both optimizers still come with TensorFlow, under compat.v1, and train the network of the old tutorials
here: no biases, weights of spread 0.01, 55,000 rows in batches of 100, Dropout 0.3 before the last layer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import versions
from benchmarks.recipes.results import path_of
from mlpcli.data.idx import read_idx_folder
from mlpcli.files import write_text

GROUP = "tutorials/first_epoch"
ROWS, BATCH, SEEDS = 55_000, 100, (777, 778, 779)
VARIANTS = {
    "RMSprop of TensorFlow 1": ("RMSPropOptimizer", 0.0),
    "Adam": ("AdamOptimizer", 0.0),
    "Adam, Dropout 0.3 after each pooling, too": ("AdamOptimizer", 0.3),
}


def measure_first_epoch(data: Path) -> None:
    """The mean cost of the first epoch, for each variant and seed; skipped where it has been measured."""
    folder = data / "mnist"
    if path_of(GROUP).is_file() or not folder.is_dir():
        return
    train, _ = read_idx_folder(folder)
    pixels, labels = train.x[:ROWS, ..., None].astype(np.float32) / 255, train.y[:ROWS]
    costs = {name: [_cost(*how, seed, pixels, labels) for seed in SEEDS] for name, how in VARIANTS.items()}
    path_of(GROUP).parent.mkdir(parents=True, exist_ok=True)
    write_text(path_of(GROUP), json.dumps({"costs": costs, "versions": versions()}, indent=1) + "\n")
    print(f"{GROUP}: {costs}", file=sys.stderr, flush=True)


def first_costs(variant: str) -> list[float]:
    """The mean cost of the first epoch, one for each seed."""
    costs: list[float] = json.loads(path_of(GROUP).read_text(encoding="utf-8"))["costs"][variant]
    return costs


def _cost(optimizer: str, dropout: float, seed: int, pixels: np.ndarray, labels: np.ndarray) -> float:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    model = _network(keras, dropout)
    update = getattr(tf.compat.v1.train, optimizer)(0.001)

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            cost = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x, training=True)))
        variables = [variable.value for variable in model.trainable_variables]
        update.apply_gradients(zip(tape.gradient(cost, variables), variables, strict=True))
        return cost

    order = np.random.default_rng(seed).permutation(ROWS)
    batches = (order[start : start + BATCH] for start in range(0, ROWS, BATCH))
    return round(float(np.mean([step(pixels[rows], labels[rows]) for rows in batches])), 4)


def _network(keras: Any, dropout: float) -> Any:
    def plain(kind: Any, *arguments: Any, **options: Any) -> Any:
        return kind(
            *arguments, use_bias=False, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01), **options
        )

    layers = keras.layers
    convolution = {"padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(plain(layers.Conv2D, 32, 3, **convolution), layers.MaxPooling2D(), layers.Dropout(dropout)),
            *(plain(layers.Conv2D, 64, 3, **convolution), layers.MaxPooling2D(), layers.Dropout(dropout)),
            *(layers.Flatten(), plain(layers.Dense, 256, activation="relu"), layers.Dropout(0.3)),
            plain(layers.Dense, 10),
        ]
    )
