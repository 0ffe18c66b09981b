"""Models built anew from a file, beside what stock Keras loads from it: every layer of the schema, both formats."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.config.base import Component
from mlpcli.config.layers import LAYERS
from mlpcli.errors import ModelFileError
from mlpcli.keras_engine.build import rebuild
from mlpcli.modelfile.description import saved_layers
from mlpcli.modelfile.saved_model import open_model
from tests.eager_keras import eagerly
from tests.model_file_parts import read_architecture

pytestmark = [
    pytest.mark.tf,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]
both = pytest.mark.parametrize("kind", ["keras", "h5"])
PICTURE = (6, 6, 4)
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "Dense": [{"units": 3, "activation": "gelu", "kernel_regularizer": "l2"}, {"units": 2, "use_bias": False}],
    "Activation": [{"activation": "softplus"}],
    "Dropout": [{"rate": 0.3}],
    "GaussianDropout": [{"rate": 0.3}],
    "AlphaDropout": [{"rate": 0.3}],
    "SpatialDropout2D": [{"rate": 0.3}],
    "GaussianNoise": [{"stddev": 0.3}],
    "ActivityRegularization": [{"l1": 0.1}],
    "BatchNormalization": [{}, {"axis": 1, "scale": False}, {"center": False, "epsilon": 0.1, "trainable": False}],
    "LayerNormalization": [{}, {"axis": 2, "scale": False}],
    "GroupNormalization": [{"groups": 2}, {"groups": -1, "center": False}],
    "Reshape": [{"target_shape": (12, -1)}],
    "Permute": [{"dims": (3, 1, 2)}],
    "Rescaling": [{"scale": 0.5, "offset": -1.0}, {"scale": np.array([0.5, 1, 2, 3])}],
    "ReLU": [{}, {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}],
    "LeakyReLU": [{"negative_slope": 0.2}],
    "PReLU": [{"alpha_initializer": "random_normal"}, {"shared_axes": [1, 2]}],
    "ELU": [{"alpha": 0.5}],
    "Softmax": [{"axis": 1}],
    "Conv2D": [
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"},
        {"filters": 2, "kernel_size": (2, 3), "dilation_rate": 2, "use_bias": False, "groups": 2},
    ],
    "DepthwiseConv2D": [{"kernel_size": 2, "depth_multiplier": 2, "activation": "tanh"}],
    "SeparableConv2D": [{"filters": 3, "kernel_size": (2, 3), "strides": 2, "depth_multiplier": 2}],
    "MaxPooling2D": [{"pool_size": (2, 1), "strides": 1, "padding": "same"}],
    "AveragePooling2D": [{"pool_size": 2}],
    "GlobalAveragePooling2D": [{"keepdims": True}],
    "ZeroPadding2D": [{"padding": ((0, 1), (2, 3))}, {"padding": 2}],
    "Cropping2D": [{"cropping": ((0, 1), (2, 3))}, {"cropping": (1, 2)}],
    "UpSampling2D": [{"size": (2, 3), "interpolation": "bilinear"}],
}  # fmt: skip
CASES = [(cls.keras_class, arguments) for cls in LAYERS for arguments in ARGUMENTS.get(cls.keras_class, [{}])]


def saved(keras: Any, path: Path, *layers: Any, shape: tuple[int, ...] = PICTURE, **compiled: Any) -> tuple[Any, Any]:
    """A model with weights that are not its first ones, saved, and rows for it."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input(shape), *layers])
    draw = np.random.default_rng(0)
    model.set_weights([draw.uniform(0.1, 1, weight.shape).astype(weight.dtype) for weight in model.get_weights()])
    if compiled:
        model.compile(**compiled)
    model.save(path)
    return model, draw.normal(size=(5, *shape)).astype(np.float32)


def outputs(model: Any, x: Any) -> Any:
    """As `predict` gives them, without making a graph first."""
    return np.asarray(model(x, training=False))


def opened(path: Path) -> Any:
    return rebuild(open_model(path))


@both
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_each_layer(tmp_path: Path, kind: str, name: str, arguments: dict[str, Any]) -> None:
    keras = backend.keras()
    path = tmp_path / f"model.{kind}"
    model, x = saved(keras, path, getattr(keras.layers, name)(**arguments))
    found = opened(path)
    assert np.array_equal(outputs(found, x), outputs(model, x))
    if kind == "keras":  # from an .h5, Keras 3.8 forgets the axis of a Softmax and of a BatchNormalization
        assert np.array_equal(outputs(keras.models.load_model(path), x), outputs(found, x))
    assert [w.shape for w in found.get_weights()] == [w.shape for w in model.get_weights()]
    assert [layer.trainable for layer in found.layers] == [layer.trainable for layer in model.layers]
    assert [float(loss) for loss in found.losses] == pytest.approx([float(loss) for loss in model.losses])
    assert sum(layer.size.trainable for layer in saved_layers(path, read_architecture(path))[1]) == sum(
        int(np.prod(variable.shape)) for variable in model.trainable_variables
    )


def test_the_table_has_every_layer() -> None:
    without = {"Flatten", "Identity", "GlobalMaxPooling2D", "UnitNormalization"}
    assert {cls.keras_class for cls in LAYERS} == set(ARGUMENTS) | without


@both
@pytest.mark.parametrize("given", [{}, {"axis": None}, {"mean": 3.0, "variance": 2.0}, {"invert": True}])
def test_statistics_of_the_data(tmp_path: Path, kind: str, given: dict[str, Any]) -> None:
    keras = backend.keras()
    scale = keras.layers.Normalization(**given)
    if "mean" not in given:
        scale.adapt(np.random.default_rng(2).normal(3, 2, size=(50, 4)).astype(np.float32))
    model = keras.Sequential([keras.Input((4,)), scale])
    model.save(tmp_path / f"m.{kind}")
    x = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float32)
    assert np.array_equal(outputs(opened(tmp_path / f"m.{kind}"), x), outputs(model, x))


@both
@pytest.mark.parametrize("precision", ["float64", "mixed_bfloat16", "float16"])
def test_precisions(tmp_path: Path, kind: str, precision: str) -> None:
    keras = backend.keras()
    path = tmp_path / f"m.{kind}"
    model, x = saved(keras, path, keras.layers.Dense(3, dtype=precision), keras.layers.Flatten(dtype=precision))
    found = opened(path)
    assert np.array_equal(outputs(found, x), outputs(model, x))
    assert [weight.dtype for weight in found.get_weights()] == [weight.dtype for weight in model.get_weights()]


def compilations(keras: Any) -> dict[str, dict[str, Any]]:
    losses, metrics = keras.losses, keras.metrics
    return {
        "words": {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "optimizer": "adam"},
        "scores": {"loss": losses.SparseCategoricalCrossentropy(from_logits=True), "metrics": ["acc"]},
        "sum": {"loss": losses.SparseCategoricalCrossentropy(reduction="sum"), "loss_weights": 0.5},
        "objects": {
            "loss": losses.SparseCategoricalCrossentropy(),
            "metrics": [metrics.SparseTopKCategoricalAccuracy(k=2, name="top"), "sparse_categorical_crossentropy"],
            "optimizer": keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 10)),
        },
    }


@both
@pytest.mark.parametrize("name", ["words", "scores", "sum", "objects"])
def test_scores_are_those_of_the_model(tmp_path: Path, kind: str, name: str) -> None:
    keras = backend.keras()
    compiled, path = compilations(keras)[name], tmp_path / f"m.{kind}"
    activation = "linear" if name == "scores" else "softmax"
    last = [keras.layers.Flatten(), keras.layers.Dense(3, activation=activation, kernel_regularizer="l2")]
    model, x = saved(keras, path, *last, **compiled)
    y = np.arange(5) % 3
    found = opened(path)
    with eagerly(model, found):
        expected = model.evaluate(x, y, verbose=0, return_dict=True)
        assert found.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(expected, rel=1e-6)
    assert type(found.optimizer) is type(model.optimizer)
    assert float(found.optimizer.learning_rate) == pytest.approx(float(model.optimizer.learning_rate))


@both
def test_a_loss_that_is_not_known_leaves_the_model_uncompiled(tmp_path: Path, kind: str) -> None:
    keras = backend.keras()
    path = tmp_path / f"m.{kind}"
    model, x = saved(keras, path, keras.layers.Dense(3), loss=keras.losses.Circle())
    found = opened(path)
    assert not found.compiled and np.array_equal(outputs(found, x), outputs(model, x))


def test_names_in_any_script(tmp_path: Path) -> None:
    keras = backend.keras()
    path = tmp_path / "m.keras"
    model, x = saved(keras, path, keras.layers.Dense(2, name="a"), keras.layers.Dense(3, name="b"))
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(content["config.json"])
    config["config"]["name"] = "모델"
    for index, layer in enumerate(config["config"]["layers"]):
        layer["config"]["name"] = f"층/{index} ?"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**content, "config.json": json.dumps(config).encode()}.items():
            archive.writestr(name, text)
    assert np.array_equal(outputs(opened(path), x), outputs(model, x))


@both
def test_keras_is_never_asked_to_load(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = backend.keras()
    path = tmp_path / f"m.{kind}"
    _, x = saved(keras, path, keras.layers.Dense(2), keras.layers.Flatten())
    for owner, name in [
        (keras.models, "load_model"), (keras.saving, "load_model"), (keras.saving, "deserialize_keras_object"),
        (keras.layers, "deserialize"), (keras.Sequential, "from_config"),
    ]:  # fmt: skip
        monkeypatch.setattr(owner, name, lambda *_, **__: pytest.fail("Keras was asked"))
    assert outputs(opened(path), x).shape == (5, 72)


def test_what_keras_refuses_is_an_error_in_words(tmp_path: Path) -> None:
    keras = backend.keras()
    path = tmp_path / "m.keras"
    saved(keras, path, keras.layers.Dense(2))
    model = open_model(path)
    ((name, weights),) = model.weights.items()
    with pytest.raises(ModelFileError, match=r"m\.keras: cannot be built: layer dense.* has weights of shapes"):
        rebuild(replace(model, weights={name: weights[:1]}))


def test_components_are_the_schema_s(tmp_path: Path) -> None:
    keras = backend.keras()
    saved(keras, tmp_path / "m.keras", keras.layers.Dense(2))
    _, layers = saved_layers(tmp_path / "m.keras", read_architecture(tmp_path / "m.keras"))
    assert all(isinstance(layer.component, Component) for layer in layers)
