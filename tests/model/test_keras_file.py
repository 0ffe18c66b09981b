"""Files written without Keras are what Keras's own are: stock Keras opens them, compiled, with the same numbers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.numpy_engine.numpy_epochs import build_numpy_model
from mlpcli.workflows.prepare import prepare
from tests.eager_keras import eagerly

pytestmark = pytest.mark.tf

CONFIG = """
name: 숫자
seed: 3
data: {source: digits, limit: 300, validation: 0.2, test: 0.2}
model: {hidden_units: [9, 7]}
training: {engine: numpy, epochs: 2, batch_size: 50, early_stopping: false, optimizer: {name: adam, amsgrad: true}}
"""
NETWORKS: list[tuple[str, ...]] = [
    (),
    ("model.batch_normalization=true", "model.dropout=0.2", "training.optimizer={name: sgd, momentum: 0.9}"),
    ("model.kernel_regularizer={l2: 0.01}", "training.optimizer={name: rmsprop, momentum: 0.1, centered: true}"),
    ("data.scaling=standardize", "training.optimizer={name: adagrad, clipnorm: 1.0}"),
    ("training.optimizer={name: adamw, use_ema: true}",),
    ("training.learning_rate_schedule={exponential_decay: {decay_steps: 9, decay_rate: 0.9}}",),
    ("training.learning_rate_schedule={piecewise_constant_decay: {boundaries: [3], values: [0.1, 0.01]}}",),
    ("training.learning_rate_schedule=reduce_on_plateau", "training.optimizer=sgd"),
    ("training.loss={categorical_crossentropy: {label_smoothing: 0.1}}", "training.metrics=[acc, auc, f1_score]"),
    ("model={layers: [{conv2d: {filters: 3, kernel_size: 3}}, flatten, {dense: {units: 5, name: 층}}]}",),
    ("model={layers: [{rescaling: 0.1}, flatten, {dense: 5}, layer_normalization, prelu, {relu: {max_value: 6.0}}]}",),
    ("model={layers: [flatten, {gaussian_noise: 0.1}, {dense: {units: 5, use_bias: false}}, leaky_relu, identity]}",),
]  # fmt: skip
ENDINGS = ["model.keras", "model.h5"]

Make = Callable[..., tuple[Any, Any]]


@pytest.fixture
def make(write_config: Callable[..., Path]) -> Make:
    """A model for a config, after two epochs, and the prepared data."""

    def build(*overrides: str, config: str = CONFIG) -> tuple[Any, Any]:
        from mlpcli.config.load_config import load_config

        loaded = load_config(write_config(config), list(overrides))
        prepared = prepare(loaded)
        model = build_numpy_model(prepared.plan, loaded.config, prepared.scaling, prepared.target_scaling)
        _train(model, prepared)
        return model, prepared

    return build


def _train(model: Any, prepared: Any, first: int = 0) -> None:
    from mlpcli.numpy_engine.numpy_epochs import NumpyEpochs

    epochs = NumpyEpochs(model, _batches(prepared)[1], None, seed=3)
    for epoch in (first, first + 1):
        epochs.epoch(epoch)


def _batches(prepared: Any) -> tuple[Any, Any]:
    from mlpcli.data.batches import RowBatches
    from mlpcli.training.loop import targets_of

    part = prepared.splits.train
    return part.x, RowBatches(part, targets_of(prepared, part), 50, seed=3)


def _predictions(model: Any, x: Any) -> Any:
    from mlpcli.numpy_engine.numpy_predictor import NumpyPredictor

    return NumpyPredictor(model.network, model.empty_objective).network.predict(x)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("overrides", NETWORKS, ids=str)
def test_stock_keras_opens_it(make: Make, tmp_path: Path, overrides: tuple[str, ...], ending: str) -> None:
    model, prepared = make(*overrides)
    x, batches = _batches(prepared)
    model.save(tmp_path / ending)
    loaded = backend.keras().models.load_model(tmp_path / ending)
    np.testing.assert_allclose(np.asarray(loaded(x)), _predictions(model, x), rtol=1e-5, atol=1e-6)
    for expected, found in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    rows = batches.part.indices
    expected = model.evaluate([(x[rows], batches.targets[rows])])
    with eagerly(loaded):
        found = loaded.evaluate(x[rows], batches.targets[rows], verbose=0, return_dict=True)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-5, abs=1e-6), name


@pytest.mark.parametrize("overrides", [NETWORKS[0], NETWORKS[2], NETWORKS[3], NETWORKS[5]], ids=str)
def test_the_optimizer_goes_on_where_it_was(make: Make, tmp_path: Path, overrides: tuple[str, ...]) -> None:
    """Two more epochs by Keras's own `fit` end where two more with NumPy do."""
    model, prepared = make(*overrides)
    model.save(tmp_path / "model.keras")
    loaded = backend.keras().models.load_model(tmp_path / "model.keras")
    _fit(loaded, prepared)
    _train(model, prepared, first=2)
    for expected, found in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * max(0.01, np.abs(expected).max()))


def test_an_h5_can_be_trained_further_with_a_new_optimizer(make: Make, tmp_path: Path) -> None:
    model, prepared = make()
    model.save(tmp_path / "model.h5")
    loaded = backend.keras().models.load_model(tmp_path / "model.h5")
    _fit(loaded, prepared)
    assert any((a != b).any() for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True))


def _fit(loaded: Any, prepared: Any) -> None:
    x, batches = _batches(prepared)
    for epoch in (2, 3):
        batches.set_epoch(epoch)
        with eagerly(loaded):
            loaded.fit(x[batches.rows], batches.targets[batches.rows], batch_size=50, shuffle=False, verbose=0)


def test_the_bytes_are_a_function_of_the_model(make: Make, tmp_path: Path) -> None:
    model, _ = make()
    for name in ("a.keras", "b.keras", "a.h5", "b.h5"):
        model.save(tmp_path / name)
    for ending in ("keras", "h5"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_the_weights_lie_where_keras_puts_them(make: Make, tmp_path: Path) -> None:
    """Saved again by Keras, the archive has the same members, groups and arrays."""
    import h5py

    model, _ = make("training.optimizer={name: sgd, momentum: 0.9}", "model.batch_normalization=true")
    model.save(tmp_path / "ours.keras")
    backend.keras().models.load_model(tmp_path / "ours.keras").save(tmp_path / "theirs.keras")
    found = []
    for name in ("ours.keras", "theirs.keras"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert sorted(archive.namelist()) == ["config.json", "metadata.json", "model.weights.h5"]
            places: dict[str, Any] = {}
            with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
                file.visititems(lambda place, held, into=places: into.update({place: _held(held)}))
            layers = json.loads(archive.read("config.json"))["config"]["layers"]
        found.append((places, [(layer["class_name"], layer["config"]["name"]) for layer in layers]))
    assert found[0] == found[1]


def _held(item: Any) -> Any:
    return item[()].tolist() if hasattr(item, "shape") else dict(item.attrs)


def test_lists_of_names_that_hdf5_cannot_hold_in_one_attribute(tmp_path: Path) -> None:
    import h5py

    from mlpcli.modelfile.writer import LARGEST_ATTRIBUTE, _write_names

    names = [f"layer_{number:0400}" for number in range(400)]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        _write_names(file, "layer_names", names)
        parts = [file.attrs[f"layer_names{number}"] for number in range(len(file.attrs))]
    assert len(parts) > 1 and all(part.nbytes <= LARGEST_ATTRIBUTE for part in parts)
    assert [name.decode() for part in parts for name in part] == names
