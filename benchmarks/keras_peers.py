"""Keras: `model.fit` as everybody writes it, with steps_per_execution, and mlpcli's engines."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.work import Work


def build(work: Work, optimizer: str, regularized: bool) -> Any:
    """The compiled model; `regularized` puts BatchNorm and Dropout 0.2 into each block."""
    from mlpcli import backend

    keras = backend.keras()
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    layers = [keras.Input((work.x.shape[1],)), keras.layers.Rescaling(work.scale)]
    for units in work.hidden_units:
        if regularized:
            layers += [keras.layers.Dense(units), keras.layers.BatchNormalization()]
            layers += [keras.layers.Activation("relu"), keras.layers.Dropout(0.2)]
        else:
            layers.append(keras.layers.Dense(units, activation="relu"))
    model = keras.Sequential([*layers, keras.layers.Dense(work.classes, activation="softmax")])
    chosen = keras.optimizers.Adam() if optimizer == "adam" else keras.optimizers.SGD(0.01, momentum=0.9)
    metrics = [keras.metrics.SparseCategoricalAccuracy()]
    model.compile(chosen, loss=keras.losses.SparseCategoricalCrossentropy(), metrics=metrics)
    return model


def run(peer: str, work: Work, optimizer: str, regularized: bool, epochs: int) -> list[float]:
    """Seconds of each epoch; the first holds tracing, compiling and everything else before it."""
    model = build(work, optimizer, regularized)
    if peer == "keras, steps_per_execution":
        model.steps_per_execution = work.steps
    clock = _clock()
    started = time.perf_counter()
    if peer.startswith("mlpcli"):
        _fit_resident(model, work, epochs, compiled=peer == "mlpcli compiled", auto=peer == "mlpcli auto", clock=clock)
    else:
        model.fit(work.x, work.y, batch_size=work.batch_size, epochs=epochs, verbose=0, callbacks=[clock])
    ends = [started, *clock.ends]
    return list(np.diff(ends))


def _fit_resident(model: Any, work: Work, epochs: int, compiled: bool, auto: bool, clock: Any) -> None:
    from mlpcli.config.sections import TrainingConfig
    from mlpcli.data.batches import RowBatches
    from mlpcli.data.dataset import Part
    from mlpcli.keras_engine.resident import ResidentEpochs
    from mlpcli.training.engine_choice import choose_engine

    batches = RowBatches(Part(work.x, work.y, np.arange(len(work.x))), work.y, work.batch_size, seed=0)
    if auto:
        config = TrainingConfig(epochs=epochs, early_stopping=False)
        layers, parameters = len(model.layers), model.count_params()
        values = work.batch_size * work.x.shape[1]
        compiled = choose_engine(config, work.steps, layers, parameters, batch_values=values).compiled
    engine = ResidentEpochs(model, batches, None, compiled, print, callbacks=[clock], epochs=epochs)
    with engine.running():
        for epoch in range(epochs):
            engine.ended(epoch, engine.epoch(epoch))
        engine.finish()


def _clock() -> Any:
    from mlpcli import backend

    class Clock(backend.keras().callbacks.Callback):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.ends: list[float] = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.ends.append(time.perf_counter())

    return Clock()
