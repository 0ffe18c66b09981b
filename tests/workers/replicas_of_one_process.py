"""Run by test_replicas.py in a process of its own, whose processor TensorFlow takes for two devices.

Trains networks on both, and in one replica; prints how far weights and logs are from each other, as JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli import backend

keras, tf = backend.keras(), backend.tensorflow()
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

from mlpcli.data.dataset import Part  # noqa: E402
from mlpcli.keras_engine.keras_epochs import Batches  # noqa: E402
from mlpcli.keras_engine.resident import ResidentEpochs, noise_variables  # noqa: E402
from mlpcli.keras_engine.team import Team  # noqa: E402
from mlpcli.keras_engine.workers import WorkerEpochs  # noqa: E402

ROWS, CLASSES, EPOCHS, BATCH = 33, 3, 2, 16
"""The last batch has one row, so that one replica has none."""
layers, optimizers = keras.layers, keras.optimizers
NETWORKS: dict[str, Callable[[], tuple[list[Any], Any]]] = {
    "shared": lambda: (
        [layers.Dense(5, "relu", kernel_regularizer="l2")],
        optimizers.SGD(0.1, momentum=0.9, clipnorm=0.1, use_ema=True, ema_momentum=0.5),
    ),
    "normalized": lambda: ([layers.Dense(4), layers.BatchNormalization(), layers.Dropout(0.5)], optimizers.SGD(0.1)),
}


def _batches(rows: range) -> Batches:
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(50, 4)).astype(np.float32), draw.integers(0, CLASSES, 50)
    targets = np.eye(CLASSES, dtype=np.float32)[y]
    indices = np.array(rows)
    seed, weights = (7, np.array([0.5, 1.0, 2.0], np.float32)[y]) if rows.start == 0 else (None, None)
    return Batches(Part(x, y, indices), targets, BATCH, seed, weights)


def _model(network: str) -> Any:
    hidden, optimizer = NETWORKS[network]()
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(CLASSES, "softmax")])
    model.compile(
        optimizer, keras.losses.CategoricalCrossentropy(), metrics=["accuracy", keras.metrics.AUC(name="auc")]
    )
    return model


def _fit(epochs: ResidentEpochs) -> list[dict[str, float]]:
    with epochs.running():
        logs = [epochs.epoch(number) for number in range(EPOCHS)]
        epochs.finish()
    return logs


def _epochs(network: str, own: Any, team: Team | None) -> ResidentEpochs:
    train, validation = _batches(range(ROWS)), _batches(range(ROWS, 50))
    if team is None:
        return ResidentEpochs(own, train, validation, False, print)
    return WorkerEpochs(team, lambda: _model(network), own, train, validation, print, lambda steps: None)


def _compared(network: str, team: Team) -> dict[str, float]:
    """The largest differences between two replicas and one."""
    alone, own = _model(network), _model(network)
    own.set_weights(alone.get_weights())
    first, second = _epochs(network, alone, None), _epochs(network, own, team)
    expected, found = _fit(first), _fit(second)
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    state = zip(first.get_state()["optimizer"], second.get_state()["optimizer"], strict=True)
    return {
        "weights": max(float(np.abs(one - other).max()) for one, other in pairs),
        "optimizer": max(float(np.abs(np.asarray(one) - other).max()) for one, other in state),
        "logs": max(abs(one[key] - other[key]) for one, other in zip(expected, found, strict=True) for key in one),
    }


def _of_each_replica(network: str, team: Team) -> dict[str, Any]:
    """What the replicas have of seed generators, and of the moving means of BatchNormalization, after training."""
    epochs = _epochs(network, _model(network), team)
    _fit(epochs)
    [noise], mean = noise_variables(epochs.model), epochs.model.layers[1].moving_mean
    return {
        name: [np.asarray(part).tolist() for part in team.strategy.experimental_local_results(variable.value)]
        for name, variable in (("noise", noise), ("means", mean))
    }


def main() -> None:
    team = Team(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))  # two at a time mix up their collectives
    found = {"compared": _compared("shared", team), "each": _of_each_replica("normalized", team)}
    print(json.dumps(found), flush=True)
    os._exit(0)  # TensorFlow would take a second to end


if __name__ == "__main__":
    main()
