"""Early stopping and the plateau with NumPy follow the rules of Keras's callbacks, epoch by epoch."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.config.metrics import KERAS_METRICS, METRICS
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.sections import EarlyStopping
from mlpcli.training.stopping import LowerRate, StopEarly

pytestmark = pytest.mark.tf

EPOCHS = 14
STOPPING = [
    {"patience": 0},
    {"patience": 2},
    {"patience": 1, "min_delta": 0.05},
    {"patience": 3, "mode": "max"},
    {"patience": 2, "baseline": 0.5},
    {"patience": 2, "baseline": 0.2},
    {"patience": 1, "start_from_epoch": 4},
    {"patience": 2, "restore_best_weights": False},
    {"patience": 0, "min_delta": 1e-9},
]
PLATEAU = [
    {"patience": 0},
    {"patience": 2, "factor": 0.5},
    {"patience": 1, "cooldown": 2},
    {"patience": 0, "factor": 0.1, "min_lr": 0.004},
    {"patience": 1, "mode": "max", "min_delta": 0.1},
]


def _values(seed: int) -> list[float]:
    """Falling and restless, with repetitions; in float32, as Keras's logs are."""
    draws = np.random.default_rng(seed)
    values = 1 / np.arange(1, EPOCHS + 1) + draws.normal(0, 0.1, EPOCHS)
    values[5] = values[4]
    return [float(value) for value in values.astype(np.float32)]


def _stock(callback: Any, values: list[float]) -> Any:
    """The callback after these epochs, and the rates: the weights of an epoch are its number."""
    weights: list[Any] = []
    optimizer = SimpleNamespace(learning_rate=np.float32(0.1))
    model = SimpleNamespace(
        stop_training=False, optimizer=optimizer, get_weights=weights.copy, set_weights=lambda new: None
    )
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        weights[:] = [epoch]
        callback.on_epoch_end(epoch, {"val_loss": value})
        optimizer.learning_rate = np.float32(optimizer.learning_rate)
        rates.append(float(optimizer.learning_rate))
        if model.stop_training:
            break
    return callback, rates


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("settings", STOPPING, ids=str)
def test_it_stops_and_keeps_what_keras_does(settings: dict[str, Any], seed: int) -> None:
    chosen = EarlyStopping(**settings)
    expected, _ = _stock(
        backend.keras().callbacks.EarlyStopping(**{"restore_best_weights": True, **settings}), _values(seed)
    )
    found = StopEarly(chosen, [])
    _run(found, _values(seed))
    _same(found, expected)


def _run(rule: StopEarly, values: list[float]) -> None:
    for epoch, value in enumerate(values):
        if rule.look(epoch, {"val_loss": value}, [epoch]):  # type: ignore[list-item] # the number stands for weights
            break


def _same(found: StopEarly, expected: Any) -> None:
    assert found.stopped_epoch == expected.stopped_epoch
    assert (found.best_epoch, found.best) == (expected.best_epoch, expected.best)
    assert found.best_weights == expected.best_weights


TIED = [0.5, 0.25, 0.75, 0.25, 0.5, 0.125, 0.125, 0.25, 0.125, 0.5, 0.5, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("min_epochs", [0, 5, 11, 20])
@pytest.mark.parametrize("settings", [{}, {"mode": "max"}, {"restore_best_weights": False}, {"start_from_epoch": 6}])
@pytest.mark.parametrize("ties", ["first", "last"])
def test_ties_and_min_epochs_are_alike_in_both_engines(ties: Any, settings: dict[str, Any], min_epochs: int) -> None:
    from mlpcli.keras_engine import keras_epochs

    chosen = EarlyStopping(patience=2, ties=ties, **settings)
    expected, _ = _stock(keras_epochs.StopEarly(chosen, [], min_epochs), TIED)
    found = StopEarly(chosen, [], min_epochs)
    _run(found, TIED)
    _same(found, expected)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("settings", PLATEAU, ids=str)
def test_it_lowers_the_rate_when_keras_does(settings: dict[str, Any], seed: int) -> None:
    chosen = ReduceLROnPlateau(**settings)
    _, expected = _stock(backend.keras().callbacks.ReduceLROnPlateau(**dict(chosen)), _values(seed))
    found, rate, rates = LowerRate(chosen, []), float(np.float32(0.1)), []
    for value in _values(seed):
        rate = float(np.float32(found.look({"val_loss": value}, rate)))
        rates.append(rate)
    assert rates == expected
    assert len(set(rates)) > 1  # else the comparison would prove nothing


def test_a_value_that_is_no_number_improves_nothing() -> None:
    found = StopEarly(EarlyStopping(patience=2), [])
    assert [found.look(epoch, {"val_loss": value}, []) for epoch, value in enumerate([0.5, np.nan, np.nan])] == [
        False, False, True,
    ]  # fmt: skip
    assert found.best_epoch == 0


ARGUMENTS = {"precision": 0.5, "recall": 0.5, "sensitivity": 0.5, "specificity": 0.5}
FALLING = [
    "false_positives",
    "false_negatives",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "kl_divergence",
    "categorical_hinge",
    "hinge",
    "squared_hinge",
    "log_cosh_error",
    "mean_absolute_error",
    "mean_squared_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "root_mean_squared_error",
]
RISING = [
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "precision",
    "recall",
    "true_positives",
    "true_negatives",
    "auc",
    "precision_at_recall",
    "recall_at_precision",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
    "f1_score",
    "fbeta_score",
    "balanced_accuracy",
    "cosine_similarity",
    "r2_score",
]


def test_every_metric_rises_or_falls() -> None:
    assert sorted([*FALLING, *RISING]) == sorted(cls.tag for cls in METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.tag)
def test_both_engines_monitor_it_in_its_direction(metric: Any) -> None:
    """Under each of its names, under one of the user's, and for the validation rows."""
    from mlpcli.keras_engine import keras_epochs

    given = {name: value for name, value in ARGUMENTS.items() if name in metric.model_fields}
    for name in (metric.tag, *metric.aliases, "loss_of_mine"):
        component = metric(name=name, **given)
        for column in (name, f"val_{name}"):
            for rule in (EarlyStopping(monitor=column), ReduceLROnPlateau(monitor=column, min_delta=0.0)):
                numpy_engine: Any = StopEarly if isinstance(rule, EarlyStopping) else LowerRate
                assert numpy_engine(rule, [component]).improves(2.0, 1.0) == (metric.tag in RISING)
                assert keras_epochs.direction(rule, [component]) == ("max" if metric.tag in RISING else "min")


@pytest.mark.parametrize("metric", KERAS_METRICS, ids=lambda metric: metric.tag)
def test_the_better_way_of_a_metric_is_that_of_keras(metric: Any) -> None:
    given = {name: value for name, value in ARGUMENTS.items() if name in metric.model_fields}
    component = metric(name="m", **given)
    stock = getattr(backend.keras().metrics, "BinaryAccuracy" if metric.tag == "accuracy" else metric.keras_class)
    direction = getattr(stock(**given), "_direction", None)
    if direction is None:
        assert metric.tag in ("true_positives", "true_negatives", "false_positives", "false_negatives")
        return
    watched = StopEarly(EarlyStopping(monitor="val_m"), [component])
    assert watched.improves(2.0, 1.0) == (direction == "up")
