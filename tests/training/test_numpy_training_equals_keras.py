"""Training with NumPy gives what Keras gives, from the same initial weights and in the same order of the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.tf

CONFIG = """
name: digits
seed: 5
data: {source: digits, limit: 450, validation: 0.2, test: 0.2, scaling: standardize}
model: {hidden_units: [12, 8], activation: tanh}
training: {epochs: 3, batch_size: 32, early_stopping: false}
output: {plots: [], keep: last}
"""

OPTIMIZERS = [
    "{name: sgd, learning_rate: 0.05}",
    "{name: sgd, learning_rate: 0.02, momentum: 0.9}",
    "{name: sgd, learning_rate: 0.02, momentum: 0.9, nesterov: true}",
    "{name: adagrad, learning_rate: 0.05}",
    "{name: rmsprop, learning_rate: 0.005}",
    "{name: rmsprop, learning_rate: 0.002, momentum: 0.5, centered: true, epsilon: 1.0e-3}",
    "{name: adam, learning_rate: 0.005, epsilon: 1.0e-4}",
]
"""Adam with its own epsilon moves by slope / |slope| also where a slope is a rounding error and nothing else."""

NORMALIZED = ("model.batch_normalization=true", "model.kernel_regularizer={l1_l2: {l1: 0.001, l2: 0.01}}")
OTHERS = [
    ("training.optimizer={name: adam, learning_rate: 0.005}",
     "training.loss={categorical_crossentropy: {label_smoothing: 0.1}}", "data.class_weight=balanced"),
    ("training.optimizer={name: adam, learning_rate: 0.01, amsgrad: true}", "training.loss=dice",
     "data.class_weight=balanced"),
    ("training.optimizer={name: adamw, learning_rate: 0.01, weight_decay: 0.1}", "data.scaling=robust"),
    (
        "training.optimizer={name: adamw, learning_rate: 0.005, weight_decay: 0.5, epsilon: 1.0e-4}",
        "model.batch_normalization=true",
    ),
    ("training.optimizer={name: sgd, learning_rate: 0.05, clipvalue: 0.01}", "data.class_weight=balanced",
     "model={layers: [flatten, {dense: 9}, {layer_normalization: {}}, {activation: gelu}, prelu]}"),
    ("training.optimizer={name: sgd, learning_rate: 0.05, clipnorm: 0.1}", "training.loss=mean_squared_error",
     "training.batch_size=7"),
    ("training.optimizer={name: sgd, learning_rate: 0.05, global_clipnorm: 0.1}",
     "model={layers: [{conv2d: {filters: 3, kernel_size: 3, activation: relu}}, max_pooling2d, flatten, {dense: 8}]}"),
    ("training.optimizer={name: sgd, learning_rate: 0.05, use_ema: true, ema_momentum: 0.9}",
     "training.learning_rate_schedule={reduce_on_plateau: {monitor: loss, patience: 0, min_delta: 1.0}}",
     "training.loss=categorical_hinge", "model.output={activation: linear}"),
    ("training.optimizer={name: sgd, learning_rate: 0.05, use_ema: true, ema_overwrite_frequency: 7}",
     "model={layers: [flatten, {batch_normalization: {momentum: 0.5}}, {dense: 8}]}"),
    ("model.activation=relu", "training.metrics=[accuracy, {auc: {num_thresholds: 20}}]", "training.loss=dice"),
    ("data.scaling=unit", "model.hidden_units=[]", "training.learning_rate_schedule={cosine_decay: {decay_steps: 20}}"),
    ("training.optimizer=sgd", "model={layers: [{batch_normalization: {center: false, scale: false}}, flatten]}"),
]  # fmt: skip
"""What has nothing to do with each other shares a training: half a second each, most of it for Keras's graphs."""


REGRESSION = """
name: heights
seed: 5
data: {source: height_weight, validation: 0.2, test: 0.2, target_scaling: standardize}
model: {hidden_units: [8], activation: tanh}
training: {epochs: 3, batch_size: 32, early_stopping: false, metrics: [mae, root_mean_squared_error, r2_score]}
output: {plots: [], keep: last}
"""
BINARY = """
name: moons
seed: 5
data: {source: moons, validation: 0.2, test: 0.2}
model: {hidden_units: [8], activation: relu}
training: {epochs: 3, batch_size: 33, early_stopping: false, metrics: [accuracy, precision, recall]}
output: {plots: [], keep: last}
"""


def _both(folder: Path, *overrides: str, config: str = CONFIG) -> tuple[Any, Any]:
    """Engine and outcome of Keras and of NumPy."""
    from mlpcli.config.load_config import load_config
    from mlpcli.keras_engine.keras_epochs import KerasEngine
    from mlpcli.numpy_engine.numpy_epochs import NumpyEngine
    from mlpcli.training.loop import fit_model
    from mlpcli.training.progress import Silence
    from mlpcli.workflows.prepare import prepare

    path = folder / "c.yaml"
    path.write_text(config, encoding="utf-8")
    loaded = load_config(path, list(overrides))
    prepared = prepare(loaded)
    found = [NumpyEngine(loaded.config, prepared), KerasEngine(loaded.config, prepared)]
    found[1].model.set_weights(found[0].model.get_weights())
    outcomes = []
    for engine in found:
        place = folder / type(engine).__name__
        place.mkdir()
        outcomes.append((engine, fit_model(engine, place, Silence(), [], compiled=False)))
    return outcomes[1], outcomes[0]


def _compare(keras: Any, numpy: Any, weights: float, history: float) -> None:
    """Relative to the largest number of an array: rounding errors of sums are in proportion to their terms.

    A bias before BatchNorm has slopes that are rounding errors and nothing else, so that no array counts as smaller
    than 0.01.
    """
    for expected, found in zip(keras[0].model.get_weights(), numpy[0].model.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=weights * max(0.01, np.abs(expected).max()))
    expected, found = keras[1].history, numpy[1].history
    assert list(found) == list(expected)
    for name in set(expected) - {"seconds"}:
        np.testing.assert_allclose(found[name], expected[name], rtol=history, atol=history, err_msg=name)


# Every optimizer on the plain network, and another network with one that has a state and one that has two.
@pytest.mark.parametrize(
    ("optimizer", "network"),
    [(optimizer, ()) for optimizer in OPTIMIZERS] + [(OPTIMIZERS[2], NORMALIZED), (OPTIMIZERS[-1], NORMALIZED)],
)
def test_weights_and_history_after_three_epochs(tmp_path: Path, optimizer: str, network: tuple[str, ...]) -> None:
    keras, numpy = _both(tmp_path, f"training.optimizer={optimizer}", *network)
    _compare(keras, numpy, weights=2e-4, history=1e-4)
    assert keras[1].history["loss"][2] < keras[1].history["loss"][0]  # and it did learn something


@pytest.mark.parametrize("overrides", OTHERS, ids=str)
def test_whatever_else_a_config_may_ask_for(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    _compare(*_both(tmp_path, *overrides), weights=5e-4, history=5e-4)


ENSEMBLES = [
    (CONFIG, ("model={hidden_units: [8], batch_normalization: true, members: 3}", "training.optimizer=sgd")),
    (REGRESSION, ("model={hidden_units: [8], activation: tanh, members: 2}",)),
    (BINARY.replace("moons}", "moons, class_weight: balanced}"), ("model.members=4",)),
    (CONFIG, ("model={hidden_units: [8], input_scale: 6}",)),
]


@pytest.mark.parametrize(("config", "overrides"), ENSEMBLES)
def test_ensembles_and_factors_of_inputs(tmp_path: Path, config: str, overrides: tuple[str, ...]) -> None:
    _compare(*_both(tmp_path, *overrides, config=config), weights=5e-4, history=5e-4)


@pytest.mark.parametrize("config", [REGRESSION, BINARY, BINARY.replace("moons}", "moons, class_weight: balanced}")])
def test_a_number_in_its_own_units_and_two_classes(tmp_path: Path, config: str) -> None:
    _compare(*_both(tmp_path, config=config), weights=2e-4, history=2e-4)
