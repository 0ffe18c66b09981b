"""model.input_scale by Keras: what is saved opens in stock Keras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlpcli.backend import keras
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts
from mlpcli.data.scaling import Scaling
from mlpcli.model.plan import make_plan, planned_layers
from mlpcli.modelfile.writer import save_model
from mlpcli.numpy_engine.network import Network

pytestmark = pytest.mark.tf


@pytest.mark.parametrize("members", [1, 2])
def test_stock_keras_opens_the_file_and_numpy_agrees(tmp_path: Path, members: int) -> None:
    from mlpcli.keras_engine.build import as_saved, build_model

    facts = DataFacts("s", "table", (4,), "regression", None, None, None, 1, 30, 5, 5, "here")
    network = {"hidden_units": [5], "input_scale": 6, "members": members}
    config = Config.model_validate({"name": "n", "data": {"source": "iris", "scaling": "none"}, "model": network})
    plan = make_plan(config, facts)
    model = build_model(plan, config, Scaling("none"))
    x = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    assert np.asarray(model.layers[1](model.layers[0](x))) == pytest.approx(x)
    model.train_step((x, x[:, :1]))
    path = tmp_path / "model.keras"
    save_model(as_saved(model, plan), path, {"name": "n"})
    expected = np.asarray(model(x, training=False))
    loaded = keras().models.load_model(path)
    np.testing.assert_array_equal(np.asarray(loaded(x, training=False)), expected)
    found = Network.of((4,), planned_layers(plan, Scaling("none")), model.get_weights()).predict(x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
