"""model.members in Keras: trained on the mean of the members' losses, saved as a model of stock Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.backend import keras
from mlpcli.config.schema import Config
from mlpcli.data.batches import encode_targets
from mlpcli.data.dataset import DataFacts
from mlpcli.data.scaling import Scaling
from mlpcli.keras_engine.build import as_saved, build_model
from mlpcli.keras_engine.keras_predictor import KerasPredictor
from mlpcli.model.plan import Plan, make_plan
from mlpcli.modelfile.description import saved_layers
from mlpcli.modelfile.writer import save_model
from tests.model_file_parts import read_architecture

pytestmark = pytest.mark.tf

CLASSES: dict[str, tuple[str, ...] | None] = {"classification": ("a", "b", "c"), "regression": None}
SGD = {"optimizer": {"name": "sgd", "learning_rate": 0.01}}


def planned(model: dict[str, Any], training: dict[str, Any], task: Any, inputs: int = 4) -> tuple[Plan, Any]:
    facts = DataFacts("s", "table", (inputs,), task, CLASSES[task], None, None, 1, 30, 5, 5, "here")
    settings = {"name": "n", "data": {"source": "iris", "scaling": "none"}, "model": model, "training": training}
    config = Config.model_validate(settings)
    plan = make_plan(config, facts)
    return plan, build_model(plan, config, Scaling("none"))


BY_HAND = {"hidden_units": [1], "activation": "linear", "members": 2}
WEIGHTS = [
    [[1.0], [-1.0]],  # factors of the one input
    [[0.5]],  # the hidden unit of both
    [0.1],
    [[[2.0]], [[4.0]]],  # the outputs
    [[0.0], [1.0]],
]
"""For x = 2 the hidden unit is 1.1 and -0.9, and the outputs are 2.2 and -2.6."""
AFTER = [[[0.976], [-0.856]], [[0.164]], [0.22], [[[1.9868]], [[3.9676]]], [[-0.012], [1.036]]]
"""With the target 1, the slopes by the outputs are 1.2 and -3.6 (half of each loss's), and the rate is 0.01."""


def test_a_step_on_the_mean_of_the_losses() -> None:
    _, model = planned(BY_HAND, SGD, "regression", inputs=1)
    model.set_weights([np.array(weight) for weight in WEIGHTS])
    x, y = np.array([[2.0]], np.float32), np.array([[1.0]], np.float32)
    before = KerasPredictor(model).losses(_part(x), y)
    assert before["loss"] == pytest.approx(1.44)  # of the mean prediction, -0.2
    found = model.train_step((x, y))
    assert float(found["loss"]) == pytest.approx((1.44 + 12.96) / 2)
    assert float(found["mean_absolute_error"]) == pytest.approx(1.2)
    for weight, expected in zip(model.get_weights(), AFTER, strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-5)


def _part(x: Any) -> Any:
    from mlpcli.data.dataset import Part

    return Part(x, np.zeros(len(x), np.float32), np.arange(len(x)))


def test_the_weights_of_rows_count_for_each_member() -> None:
    _, model = planned(BY_HAND, SGD, "regression", inputs=1)
    model.set_weights([np.array(weight) for weight in WEIGHTS])
    x, y = np.array([[2.0], [2.0]], np.float32), np.array([[1.0], [2.2]], np.float32)
    each = model(x, training=True)
    assert each.shape == (2, 2, 1)
    assert model.members == 2
    weighted = model.compute_loss(y=y, y_pred=each, sample_weight=np.array([3.0, 0.5], np.float32), training=True)
    assert float(weighted) == pytest.approx((3 * 7.2 + 0.5 * (4.8**2 / 2)) / 2)  # 4.8: from -2.6 to 2.2


@pytest.fixture(scope="module")
def classifier() -> tuple[Plan, Any]:
    layers = [{"dense": 5}, "batch_normalization", {"activation": "relu"}, {"dropout": 0.5}]
    plan, model = planned({"layers": layers, "members": 3}, {"metrics": ["accuracy"]}, "classification")
    x, y = rows(plan)
    model.train_step((x, y))
    return plan, model


def rows(plan: Plan) -> tuple[Any, Any]:
    x = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    return x, encode_targets(np.arange(12) % 3, plan.labels, 3)


def test_first_weights() -> None:
    keras().utils.set_random_seed(1)
    _, model = planned({"hidden_units": [200], "members": 3}, SGD, "classification", inputs=50)
    signs, _, _, outputs, _ = model.get_weights()
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert abs(signs.mean()) < 0.25
    limit = (6 / (200 + 3)) ** 0.5  # glorot_uniform's, of one member's 200 inputs and 3 units
    assert 0.95 * limit < np.abs(outputs).max() <= limit
    assert not np.array_equal(outputs[0], outputs[1])


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_stock_keras_opens_the_file(classifier: tuple[Plan, Any], tmp_path: Path, ending: str) -> None:
    plan, model = classifier
    x, y = rows(plan)
    path = tmp_path / f"model.{ending}"
    save_model(as_saved(model, plan), path, {"name": "n"})
    assert saved_layers(path, read_architecture(path))[1][-2].size.output_shape == (3, 3)
    loaded = keras().models.load_model(path)
    assert type(loaded) is keras().Sequential
    np.testing.assert_array_equal(np.asarray(loaded(x, training=False)), np.asarray(model(x, training=False)))
    if ending == "keras":
        assert [v.shape for v in loaded.optimizer.variables] == [v.shape for v in model.optimizer.variables]
        np.testing.assert_array_equal(loaded.optimizer.variables[2], model.optimizer.variables[2])
        assert np.isfinite(float(loaded.train_step((x, y))["loss"]))


def test_the_mean_is_that_of_the_probabilities(classifier: tuple[Plan, Any]) -> None:
    plan, model = classifier
    x, _ = rows(plan)
    each = keras().Sequential(model.layers[:-1])(x, training=False)
    np.testing.assert_allclose(np.asarray(model(x, training=False)), np.asarray(each).mean(axis=1), rtol=1e-6)
