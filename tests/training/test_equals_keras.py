"""`mlpcli train` is Keras's fit: the same history as the same network written and fitted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.data.batches import epoch_order
from mlpcli.runs.history import read_history
from tests.eager_keras import eagerly

pytestmark = pytest.mark.tf

SEED, EPOCHS, BATCH = 777, 3, 64


def _load(path: Any) -> Any:
    from mlpcli.config.load_config import load_config
    from mlpcli.workflows.prepare import prepare

    loaded = load_config(path)
    return loaded.config, prepare(loaded)


def _initial_weights(digits: Any) -> list[np.ndarray]:
    from mlpcli.keras_engine.build import build_model

    config, prepared = _load(digits)
    backend.seed_everything(SEED, deterministic=True)
    return [array.copy() for array in build_model(prepared.plan, config, prepared.scaling).get_weights()]


def _by_hand(weights: list[np.ndarray]) -> Any:
    keras = backend.keras()
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((8, 8)),
        layers.Rescaling(1 / 16),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.set_weights(weights)
    return model


def _fit_by_hand(digits: Any, **settings: Any) -> dict[str, list[float]]:
    """One `fit` an epoch, on rows that were shuffled beforehand: Keras itself is not asked to shuffle."""
    _, prepared = _load(digits)
    x, y = prepared.splits.train.arrays()
    model = _by_hand(_initial_weights(digits))
    history: dict[str, list[float]] = {}
    for epoch in range(EPOCHS):
        order = epoch_order(SEED, epoch, len(y))
        with eagerly(model):
            done = model.fit(
                x[order], y[order], batch_size=BATCH, epochs=1, shuffle=False, verbose=0,
                validation_data=prepared.splits.validation.arrays(), **settings,
            )  # fmt: skip
        for name, values in done.history.items():
            history.setdefault(name, []).extend(values)
    return history


@pytest.mark.parametrize("weights", [None, {0: 5.0, 1: 0.5, **dict.fromkeys(range(2, 10), 1.0)}])
def test_the_history_is_that_of_a_fit_written_by_hand(train: Any, digits: Any, weights: dict | None) -> None:
    expected = _fit_by_hand(digits, **({"class_weight": weights} if weights else {}))
    setting = [f"data.class_weight={weights}"] if weights else []
    result = train(f"training.epochs={EPOCHS}", "training.early_stopping=false", *setting)
    found = read_history(result.run / "history.csv")
    assert found["epoch"] == [1, 2, 3]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(found[name], expected[name], rtol=2e-5, err_msg=name)
    assert found["loss"][2] < found["loss"][0]  # and it did learn something


def test_class_weights_change_the_result(train: Any) -> None:
    short = ("training.epochs=1", "training.engine=numpy")
    plain = train(*short).metrics["scores"]["train"]["loss"]
    weighed = train(*short, "data.class_weight=balanced").metrics["scores"]["train"]["loss"]
    assert plain != weighed
