"""Standardizing inside the model is the same arithmetic as standardizing the targets by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mlpcli
from mlpcli import backend
from mlpcli.config.load_config import load_config
from mlpcli.workflows.prepare import prepare

pytestmark = pytest.mark.tf

CONFIG = """
name: units
seed: 3
data: {source: diabetes, target_scaling: standardize, test: 0.2, validation: null}
model: {hidden_units: [8], activation: tanh}
training: {optimizer: {name: sgd, learning_rate: 0.05}, loss: LOSS, epochs: 3, batch_size: 32, engine: keras}
output: {plots: []}
"""


@pytest.mark.parametrize("loss", ["mean_squared_error", "mean_absolute_error"])
def test_equals_training_on_standardized_targets(tmp_path: Path, loss: str) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(CONFIG.replace("LOSS", loss), encoding="utf-8")
    result = mlpcli.train(path, run_dir=tmp_path / "run")
    prepared = prepare(load_config(path))
    keras, train = backend.keras(), prepared.splits.train
    scaled = (train.y - prepared.target_scaling.mean) / prepared.target_scaling.deviation

    backend.seed_everything(3, True)
    from mlpcli.keras_engine.build import build_model

    config = load_config(path).config
    whole = build_model(prepared.plan, config, prepared.scaling, prepared.target_scaling)
    inner = keras.Sequential([keras.Input(whole.input_shape[1:]), *whole.layers[:-1]])
    inner.compile(keras.optimizers.SGD(0.05), keras.losses.get(loss))
    from mlpcli.data.batches import epoch_order

    for epoch in range(3):
        rows = train.indices[epoch_order(3, epoch, len(train))]
        inner.fit(train.x[rows], scaled[rows], batch_size=32, shuffle=False, verbose=0)

    test = prepared.splits.test
    assert test is not None
    x, y = test.arrays()
    by_hand = inner.predict(x, verbose=0)[:, 0] * prepared.target_scaling.deviation + prepared.target_scaling.mean
    saved = keras.models.load_model(result.model)
    np.testing.assert_allclose(saved.predict(x, verbose=0)[:, 0], by_hand, rtol=1e-4)
    metrics = json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["scores"]["test"]["mean_absolute_error"] == pytest.approx(np.abs(by_hand - y).mean(), rel=1e-3)
    degree = 2 if loss == "mean_squared_error" else 1
    error = np.mean(np.abs((by_hand - y) / prepared.target_scaling.deviation) ** degree)
    assert metrics["scores"]["test"]["loss"] == pytest.approx(error, rel=1e-3)
