"""Model files as they are really written: stock Keras opens them, and we read back what we planned."""

from __future__ import annotations

import errno
import json
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts, Part
from mlpcli.data.scaling import Scaling
from mlpcli.errors import ModelFileError, OutputError
from mlpcli.keras_engine.build import build_model
from mlpcli.keras_engine.keras_predictor import KerasPredictor
from mlpcli.model.plan import Plan, make_plan
from mlpcli.modelfile.description import saved_layers
from mlpcli.modelfile.saved_model import open_model
from mlpcli.modelfile.weights import weights_digest
from mlpcli.modelfile.writer import save_model
from mlpcli.scoring.predictor import load_predictor
from tests.eager_keras import eagerly
from tests.model_file_parts import read_architecture, read_metadata

pytestmark = pytest.mark.tf

METADATA = {
    "version": "0.1",
    "name": "패션 모델",
    "note": "가" * 50_000,
    "scores": {"test": {"r2_score": float("nan")}},
    "plan": {
        "task": "classification",
        "input_shape": [8, 8],
        "class_names": ["a", "b", "c"],
        "labels": "sparse",
        "targets": 1,
        "threshold": 0.5,
    },
    "data": {"fingerprint": "", "feature_names": None},
    "config": {"data": {"source": "iris"}},
}
TWO_NUMBERS = {
    **METADATA,
    "plan": {
        "task": "regression",
        "input_shape": [4],
        "class_names": None,
        "labels": "value",
        "targets": 2,
        "threshold": 0.5,
    },
}
NAMES = ("model.keras", "model.h5")
LAYERS: list[Any] = [
    {"conv2d": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}},
    {"separable_conv2d": {"filters": 4, "kernel_size": [2, 3], "strides": 2, "padding": "same"}},
    {"depthwise_conv2d": {"kernel_size": 2}},
    {"zero_padding2d": [1, 2]},
    {"cropping2d": [0, 1]},
    {"max_pooling2d": 2},
    {"up_sampling2d": 2},
    {"average_pooling2d": {"pool_size": [2, 1], "strides": 1, "padding": "same"}},
    {"spatial_dropout2d": 0.1},
    {"batch_normalization": {"scale": False}},
    {"layer_normalization": {"axis": 1}},
    {"group_normalization": 2},
    {"prelu": {"shared_axes": [1, 2]}},
    {"permute": [2, 1, 3]},
    {"reshape": [4, -1]},
    "flatten",
    {"dense": {"units": 3, "name": "은닉", "kernel_regularizer": {"l2": 0.01}, "kernel_constraint": "max_norm"}},
    {"leaky_relu": 0.2},
    {"activation": "gelu"},
]
SETTINGS = {
    "name": "n",
    "data": {"source": "iris", "scaling": "standardize"},
    "model": {"layers": LAYERS},
    "training": {"metrics": ["accuracy"], "learning_rate_schedule": {"cosine_decay": {"decay_steps": 10}}},
}
SHAPE = (8, 8)


def make(settings: dict[str, Any] = SETTINGS, shape: tuple[int, ...] = SHAPE) -> tuple[Plan, Any]:
    facts = DataFacts("s", "image", shape, "classification", ("a", "b", "c"), None, 255, 1, 30, 5, 5, "here")
    config = Config.model_validate(settings)
    plan = make_plan(config, facts)
    axis, count = (None, 1) if len(shape) == 2 else (-1, shape[-1])
    return plan, build_model(
        plan, config, Scaling("normalization", axis=axis, mean=(7.0,) * count, variance=(4.0,) * count)
    )


@pytest.fixture(scope="module")
def models() -> dict[str, tuple[Plan, Any]]:
    """A model for each format: saved as .h5, a model in memory forgets what optimizer it was compiled with."""
    found = {name: make() for name in NAMES}
    for _, model in found.values():
        _fit_eagerly(model, *rows())
    return found


def _fit_eagerly(model: Any, x: Any, y: Any) -> None:
    """One epoch, and what follows: the same numbers as in graphs, which take seconds to make; no file tells of it."""
    with eagerly(model):
        model.fit(x, y, verbose=0)


@pytest.fixture
def planned(models: dict[str, tuple[Plan, Any]], name: str) -> tuple[Plan, Any]:
    return models[name]


def rows(count: int = 10) -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    return draw.integers(0, 16, (count, *SHAPE)).astype(np.uint8), np.arange(count) % 3


both = pytest.mark.parametrize("name", NAMES)


@both
def test_the_file_says_what_the_plan_says(tmp_path: Path, planned: tuple[Plan, Any], name: str) -> None:
    plan, model = planned
    save_model(model, tmp_path / name, METADATA)
    shape, layers = saved_layers(tmp_path / name, read_architecture(tmp_path / name))
    assert shape == plan.input_shape
    assert [layer.size for layer in layers] == [layer.size for layer in plan.layers]
    assert [layer.name for layer in layers] == [layer.safe_name for layer in plan.layers]
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@both
def test_the_metadata_survives(tmp_path: Path, planned: tuple[Plan, Any], name: str) -> None:
    save_model(planned[1], tmp_path / name, METADATA)
    found = read_metadata(tmp_path / name) or {}
    assert found["note"] == METADATA["note"]
    assert found["scores"] == {"test": {"r2_score": None}}
    assert found["weights"] == weights_digest(planned[1].get_weights())


STOCK = """
import json, os, sys
import numpy as np
sys.modules |= dict.fromkeys(["sklearn", "matplotlib", "pandas", "scipy"])  # Keras does without them, and starts sooner
import keras
rows = np.load(sys.argv[1])
for path in sys.argv[2:]:
    model = keras.models.load_model(path)
    model.run_eagerly = True
    print(json.dumps(model.evaluate(rows["x"], rows["y"], verbose=0)), flush=True)
assert not any(name.startswith("mlpcli") for name in sys.modules)
os._exit(0)  # TensorFlow would take a second to end
"""


def test_stock_keras_opens_both(tmp_path: Path, models: dict[str, tuple[Plan, Any]]) -> None:
    x, y = rows()
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    for name, (_, model) in models.items():
        save_model(model, tmp_path / name, METADATA)
    arguments = [str(tmp_path / name) for name in ("rows.npz", *NAMES)]
    done = subprocess.run(
        [sys.executable, "-c", STOCK, *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=300
    )
    assert done.returncode == 0, done.stderr
    for line, (_, model) in zip(done.stdout.splitlines()[-2:], models.values(), strict=True):
        with eagerly(model):
            assert json.loads(line) == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-5)


@both
def test_a_full_disk_keeps_the_old_model(
    tmp_path: Path, planned: tuple[Plan, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    save_model(planned[1], path, METADATA)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mlpcli.modelfile.writer.add_metadata", full)
    with pytest.raises(OutputError, match=f"{name}: cannot be written: No space left on device; free some space"):
        save_model(planned[1], path, METADATA)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@both
@pytest.mark.parametrize("limit", [0, 1000, 20_000])
def test_a_disk_that_fills_while_keras_writes(tmp_path: Path, planned: tuple[Plan, Any], name: str, limit: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OutputError, match=f"{name}: cannot be written"):
            save_model(planned[1], tmp_path / name, METADATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == []


@both
def test_predictions_are_keras_s(tmp_path: Path, planned: tuple[Plan, Any], name: str) -> None:
    x, y = rows()
    save_model(planned[1], tmp_path / name, METADATA)
    predictor = load_predictor(open_model(tmp_path / name))
    assert predictor.input_shape == SHAPE
    assert (read_metadata(tmp_path / name) or {})["name"] == "패션 모델"
    part = Part(x, y, np.array([7, 2, 3]))
    outputs = predictor.predict(part)
    with eagerly(planned[1]):
        assert outputs == pytest.approx(planned[1].predict(x[[7, 2, 3]], verbose=0), abs=1e-6)
        expected = planned[1].evaluate(x[[7, 2, 3]], y[[7, 2, 3]], verbose=0, return_dict=True)
    assert predictor.losses(part, y.astype(np.int32)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", NAMES[:1])
@pytest.mark.parametrize(("many", "asked_of"), [(3, [4, 4, 2]), (2, [4, None])])  # None: a graph is traced, once
def test_scores_and_outputs_come_from_one_run_of_the_network(
    planned: tuple[Plan, Any], many: int, asked_of: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, (x, y) = planned[1], rows(10)
    with eagerly(model):
        expected = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
        outputs = model.predict(x, verbose=0)
    asked: list[int | None] = []
    call = model.call
    monkeypatch.setattr(model, "call", lambda x, **more: asked.append(x.shape[0]) or call(x, **more))
    monkeypatch.setattr("mlpcli.keras_engine.keras_predictor.PREDICTION_BATCH", 4)
    monkeypatch.setattr("mlpcli.keras_engine.keras_predictor.MANY_BATCHES", many)
    seen = np.zeros((10, 3), np.float32)
    losses = KerasPredictor(model).losses(Part(x, y, np.arange(10)), y.astype(np.int32), seen.__setitem__)
    assert asked == asked_of
    assert seen == pytest.approx(outputs, abs=1e-6)
    assert (list(losses), losses) == (list(expected), pytest.approx(expected, rel=1e-5))


@pytest.mark.parametrize("name", NAMES[:1])
def test_many_rows_are_predicted_in_batches(planned: tuple[Plan, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.keras_engine.keras_predictor.PREDICTION_BATCH", 4)
    x, y = rows(10)
    outputs = KerasPredictor(planned[1]).predict(Part(x, y, np.arange(10)))
    with eagerly(planned[1]):
        assert outputs == pytest.approx(planned[1].predict(x, verbose=0), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "other"),
    [("model.keras", "model.h5"), ("model.h5", "model.keras"), ("model.keras", "MODEL.KERAS"), ("model.h5", "model")],
)
def test_the_name_does_not_matter_for_loading(tmp_path: Path, planned: tuple[Plan, Any], name: str, other: str) -> None:
    save_model(planned[1], tmp_path / name, METADATA)
    path = (tmp_path / name).rename(tmp_path / other)
    assert load_predictor(open_model(path)).input_shape == SHAPE


def change_weights(model: Any, path: Path, change: Any) -> None:
    """A file whose weights are not those that its metadata was made with, as a disk might leave it."""
    kernel = model.get_weights()[-2]
    save_model(model, path, METADATA)
    content, old = path.read_bytes(), kernel.tobytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, change(kernel).tobytes()))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.h5", "its weights have changed since they were saved; restore"),
        ("model.keras", r"is damaged \(the checksum of model\.weights\.h5 is wrong\)"),
    ],
)
def test_weights_that_changed_are_refused(tmp_path: Path, planned: tuple[Plan, Any], name: str, message: str) -> None:
    change_weights(planned[1], tmp_path / name, lambda weight: weight + np.float32(1e-3))
    with pytest.raises(ModelFileError, match=f"{name}: {message}"):
        load_predictor(open_model(tmp_path / name))


@both
def test_weights_that_are_nan_are_refused(tmp_path: Path, name: str) -> None:
    _, model = make({**SETTINGS, "model": {"hidden_units": []}})
    _fit_eagerly(model, *rows())
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    save_model(model, tmp_path / name, METADATA)
    with pytest.raises(ModelFileError, match="has weights that are NaN or infinite"):
        load_predictor(open_model(tmp_path / name))


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    keras = backend.keras()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile(loss=keras.losses.MeanSquaredError())
    save_model(model, tmp_path / "model.h5", METADATA)
    import h5py

    with h5py.File(tmp_path / "model.h5", "a") as file:
        text = file.attrs["model_config"]
        file.attrs["model_config"] = text.replace('"units": 3', '"units": 4')
    with pytest.raises(ModelFileError, match=r"its metadata or description has changed since it was saved; restore it"):
        load_predictor(open_model(tmp_path / "model.h5"))
    with h5py.File(tmp_path / "model.h5", "a") as file:
        del file.attrs["mlpcli_checksums"]
        file.attrs["model_config"] = text.replace('"units": 3', '"units": 900000')
    with pytest.raises(
        ModelFileError, match=r"names 4,500,000 parameters but is too small to hold them; it is damaged"
    ):
        load_predictor(open_model(tmp_path / "model.h5"))


@both
def test_a_lambda_is_refused_before_keras_sees_it(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = backend.keras()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2), keras.layers.Dense(2)])
    model.compile(loss=keras.losses.MeanSquaredError())
    save_model(model, tmp_path / name, METADATA)
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("Keras was asked"))
    with pytest.raises(ModelFileError, match=r"layer 0 is keras.layers.Lambda, which mlpcli does not open"):
        load_predictor(open_model(tmp_path / name))


@both
def test_a_functional_model_that_branches_is_refused(tmp_path: Path, name: str) -> None:
    keras = backend.keras()
    start = keras.Input((4,))
    model = keras.Model(start, keras.layers.Add()([keras.layers.Dense(4)(start), start]))
    model.compile(loss=keras.losses.MeanSquaredError())
    save_model(model, tmp_path / name, METADATA)
    with pytest.raises(ModelFileError, match="is a Functional model that branches or joins at layer"):
        load_predictor(open_model(tmp_path / name))


@both
def test_a_stock_model_with_functions_and_an_adapted_layer_is_opened(tmp_path: Path, name: str) -> None:
    keras = backend.keras()
    scale = keras.layers.Normalization()
    scale.adapt(np.arange(12.0).reshape(3, 4))
    model = keras.Sequential([keras.Input((4,)), scale, keras.layers.Dense(2, activation=keras.activations.relu)])
    model.compile(optimizer="adam", loss="mean_squared_error", metrics=["mae"])
    _fit_eagerly(model, np.ones((2, 4)), np.ones((2, 2)))
    save_model(model, tmp_path / name, TWO_NUMBERS)
    _, layers = saved_layers(tmp_path / name, read_architecture(tmp_path / name))
    assert sum(layer.size.parameters for layer in layers) == model.count_params() == 9 + 10
    x = np.ones((2, 4), np.float32)
    predicted = load_predictor(open_model(tmp_path / name)).predict(Part(x, x, np.arange(2)))
    with eagerly(model):
        assert predicted == pytest.approx(model.predict(x, verbose=0))


def test_the_digest_is_of_shape_type_and_values() -> None:
    a = np.arange(6, dtype=np.float32)
    same, other_shape, other_type = a[::-1][::-1], a.reshape(2, 3), a.astype(np.float64)
    assert weights_digest([a]) == weights_digest([same])
    assert len({weights_digest([array]) for array in (a, other_shape, other_type, a + 1)}) == 4
    assert weights_digest([a, a]) != weights_digest([a])
