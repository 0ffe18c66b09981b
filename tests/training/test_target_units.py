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
from tests.eager_keras import eagerly

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
        with eagerly(inner):
            inner.fit(train.x[rows], scaled[rows], batch_size=32, shuffle=False, verbose=0)

    test = prepared.splits.test
    assert test is not None
    x, y = test.arrays()
    by_hand = np.asarray(inner(x))[:, 0] * prepared.target_scaling.deviation + prepared.target_scaling.mean
    saved = keras.models.load_model(result.model)
    np.testing.assert_allclose(np.asarray(saved(x))[:, 0], by_hand, rtol=1e-4)
    metrics = json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["scores"]["test"]["mean_absolute_error"] == pytest.approx(np.abs(by_hand - y).mean(), rel=1e-3)
    degree = 2 if loss == "mean_squared_error" else 1
    error = np.mean(np.abs((by_hand - y) / prepared.target_scaling.deviation) ** degree)
    assert metrics["scores"]["test"]["loss"] == pytest.approx(error, rel=1e-3)


TWO = """
name: two
seed: 3
data: {source: two.npz, target_scaling: standardize, test: 0.2, validation: null}
model: {hidden_units: [8], activation: tanh}
training: {optimizer: {name: sgd, learning_rate: 0.05}, loss: LOSS, epochs: 3, batch_size: 32, engine: ENGINE}
output: {plots: [], model: MODEL}
"""


@pytest.mark.parametrize("loss", ["mean_squared_error", "mean_absolute_error"])
def test_two_targets_of_different_size(tmp_path: Path, loss: str) -> None:
    """As on targets standardized by hand, whichever engine; stock Keras opens the file and predicts the same."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3)).astype(np.float32)
    y = np.stack([1e5 + 2e4 * x[:, 0], 0.01 * x[:, 1] * x[:, 2]], axis=1).astype(np.float32)
    np.savez(tmp_path / "two.npz", x=x, y=y)
    keras, scores = backend.keras(), {}
    for engine, name in (("keras", "model.keras"), ("auto", "model.h5"), ("numpy", "model.keras")):
        path = tmp_path / f"{engine}.yaml"
        text = TWO.replace("LOSS", loss).replace("ENGINE", engine).replace("MODEL", name)
        path.write_text(text, encoding="utf-8")
        result = mlpcli.train(path, run_dir=tmp_path / engine)
        scores[engine] = result.evaluation
        outputs = np.asarray(keras.models.load_model(result.model)(x))
        np.testing.assert_allclose(mlpcli.predict(result.model, x).outputs, outputs, rtol=1e-5, atol=1e-5)
        again = mlpcli.evaluate(result.model, engine="keras" if engine == "numpy" else "numpy").evaluation
        assert again["loss"] == pytest.approx(result.evaluation["loss"], rel=1e-4)
    assert scores["keras"]["loss"] == pytest.approx(scores["auto"]["loss"], rel=1e-5)

    prepared = prepare(load_config(tmp_path / "keras.yaml"))
    mean, deviation = np.array(prepared.target_scaling.mean), np.array(prepared.target_scaling.deviation)
    train, test = prepared.splits.train, prepared.splits.test
    assert test is not None
    np.testing.assert_allclose(mean, y[train.indices].mean(axis=0, dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(deviation, y[train.indices].std(axis=0, dtype=np.float64), rtol=1e-6)
    scaled = ((y - mean) / deviation).astype(np.float32)
    backend.seed_everything(3, True)
    from mlpcli.data.batches import epoch_order
    from mlpcli.keras_engine.build import build_model

    config = load_config(tmp_path / "keras.yaml").config
    whole = build_model(prepared.plan, config, prepared.scaling, prepared.target_scaling)
    inner = keras.Sequential([keras.Input(whole.input_shape[1:]), *whole.layers[:-1]])
    inner.compile(keras.optimizers.SGD(0.05), keras.losses.get(loss))
    for epoch in range(3):
        rows = train.indices[epoch_order(3, epoch, len(train))]
        with eagerly(inner):
            inner.fit(train.x[rows], scaled[rows], batch_size=32, shuffle=False, verbose=0)
    with eagerly(inner):
        by_hand = inner.evaluate(x[test.indices], scaled[test.indices], verbose=0)
    assert scores["keras"]["loss"] == pytest.approx(by_hand, rel=1e-3)
    outputs = np.asarray(inner(x[test.indices])) * deviation + mean
    errors = np.abs(outputs - y[test.indices]).mean(axis=0)
    np.testing.assert_allclose([one["mae"] for one in scores["keras"]["targets"]], errors, rtol=1e-3)
