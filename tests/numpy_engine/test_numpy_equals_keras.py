"""The same numbers as Keras: random networks, every activation, every loss, every metric, and the tape's gradients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.arrays import Array
from mlpcli.backend import keras, tensorflow
from mlpcli.config.layers import ACTIVATIONS
from mlpcli.config.losses import LOSSES, MeanSquaredError, SparseCategoricalCrossentropy
from mlpcli.config.metrics import KERAS_METRICS
from mlpcli.keras_engine.build import keras_object
from mlpcli.modelfile.description import saved_layers
from mlpcli.modelfile.keras_objects import compilation_of
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.numpy_objective import NumpyObjective, loss_and_metrics, make_loss, metric_of
from mlpcli.numpy_engine.step import Batch, gradients
from tests.eager_keras import eagerly

pytestmark = pytest.mark.tf


def keras_model(described: Any, shape: tuple[int, ...], layers: Any, seed: int = 0) -> Any:
    """With weights and statistics drawn at random."""
    made = [keras_object(layer.component, name=layer.name) for layer in described(shape, layers)]
    model = keras().Sequential([keras().Input(shape), *made], name="model")
    draw = np.random.default_rng(seed)
    for weight in model.weights:
        positive = "variance" in weight.path
        size = weight.shape
        weight.assign(draw.uniform(0.5, 1.5, size) if positive else draw.normal(0, 0.4, size))
    return model


def numpy_network(model: Any) -> Network:
    """From Keras's own description of the model, as a file has it."""
    described = json.loads(json.dumps(keras().saving.serialize_keras_object(model)))
    return Network.of(*saved_layers(Path("model"), described), model.get_weights())


def assert_same_predictions(model: Any, x: Array) -> Network:
    network = numpy_network(model)
    expected = np.asarray(model(x, training=False))
    for found in (network.predict(x), network.forward(x)):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    return network


def random_layers(draw: np.random.Generator) -> tuple[tuple[int, ...], list[Any]]:
    """A network that a config could hold; half of them look at images."""
    steady = [name for name in ACTIVATIONS if name not in ("exponential", "sparsemax", "softmax", "log_softmax")]
    layers: list[Any] = []
    shape: tuple[int, ...] = (int(draw.integers(2, 9)),)
    if draw.random() < 0.5:
        shape = (int(draw.integers(5, 9)), int(draw.integers(5, 9)), int(draw.integers(1, 4)))
        layers += [{"rescaling": 1 / 255}] if draw.random() < 0.5 else [{"rescaling": {"scale": 0.02, "offset": -1.0}}]
        if draw.random() < 0.6:
            padding = str(draw.choice(["same", "valid"]))
            layers += [{"conv2d": {"filters": 3, "kernel_size": 3, "padding": padding, "activation": "relu"}}]
            layers += [str(draw.choice(["max_pooling2d", "average_pooling2d", "batch_normalization"]))]
        layers += ["flatten"] if draw.random() < 0.7 else ["global_average_pooling2d"]
    for _ in range(int(draw.integers(0, 4))):
        layers += [{"dense": {"units": int(draw.integers(1, 12)), "use_bias": bool(draw.random() < 0.8)}}]
        extras = ["batch_normalization", {"dropout": 0.5}, "layer_normalization", "prelu", {"leaky_relu": 0.1}, "relu"]
        chosen = draw.permutation(len(extras))[: int(draw.integers(0, 4))]
        layers += [*(extras[index] for index in chosen), {"activation": str(draw.choice(steady))}]
    last = str(draw.choice(["softmax", "sigmoid", "linear", "tanh"]))
    return shape, [*layers, {"dense": {"units": int(draw.integers(2, 6)), "activation": last}}]


@pytest.mark.parametrize("seed", range(40))
def test_random_networks_predict_the_same(described: Any, seed: int) -> None:
    draw = np.random.default_rng(seed)
    shape, layers = random_layers(draw)
    pixels = len(shape) > 1
    x = draw.integers(0, 256, (50, *shape)).astype(np.uint8) if pixels else draw.normal(0, 2, (50, *shape))
    assert_same_predictions(keras_model(described, shape, layers, seed), x)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(described: Any, name: str) -> None:
    model = keras_model(described, (3,), [{"dense": {"units": 4, "activation": name}}])
    assert_same_predictions(model, np.random.default_rng(0).normal(0, 3, (200, 3)).astype(np.float32))


LAYERS: list[tuple[tuple[int, ...], Any]] = [
    ((6, 7, 2), {"conv2d": {"filters": 3, "kernel_size": [2, 3], "strides": 2, "padding": "same"}}),
    ((6, 7, 2), {"conv2d": {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "padding": "same"}}),
    ((6, 7, 2), {"max_pooling2d": {"pool_size": 3, "strides": 2, "padding": "same"}}),
    ((6, 7, 2), {"average_pooling2d": {"pool_size": [2, 3], "strides": 1, "padding": "same"}}),
    ((6, 7, 2), {"global_max_pooling2d": {"keepdims": True}}),
    ((6, 7, 2), {"zero_padding2d": [1, 2]}),
    ((6, 7, 2), {"cropping2d": [1, 2]}),
    ((6, 7, 2), {"up_sampling2d": [2, 3]}),
    ((6, 7, 2), {"permute": [3, 1, 2]}),
    ((6, 7, 2), {"prelu": {"shared_axes": [1, 2]}}),
    ((6, 7, 2), "batch_normalization"),
    ((6, 7, 2), "layer_normalization"),
    ((6, 7, 2), {"group_normalization": {"groups": 2, "scale": False, "center": False, "epsilon": 0.1}}),
    ((6, 7, 2), "unit_normalization"),
    ((6, 4), {"dense": 3}),
    ((4,), {"relu": {"max_value": 1.0, "threshold": 0.5}}),
    ((4,), {"relu": {"negative_slope": 0.3, "threshold": 0.5}}),
    ((4,), {"elu": 0.5}),
    ((4,), {"reshape": [2, -1]}),
    ((4,), "softmax"),
    ((4,), {"gaussian_noise": 1.0}),
    ((4,), "identity"),
]


@pytest.mark.parametrize(("shape", "layer"), LAYERS, ids=str)
def test_every_other_layer(described: Any, shape: tuple[int, ...], layer: Any) -> None:
    x = np.random.default_rng(0).normal(0, 2, (5, *shape)).astype(np.float32)
    assert_same_predictions(keras_model(described, shape, [layer, {"activation": "tanh"}]), x)


@pytest.mark.parametrize("given", [True, False])
def test_normalization_with_given_and_with_adapted_numbers(given: bool) -> None:
    x = np.random.default_rng(0).normal([3, -200], [0.1, 50], (100, 2)).astype(np.float32)
    layer = keras().layers.Normalization(mean=[3.0, -200.0], variance=[0.01, 0.0]) if given else None
    if layer is None:
        layer = keras().layers.Normalization()
        layer.adapt(x)
    assert_same_predictions(keras().Sequential([keras().Input((2,)), layer, keras().layers.Dense(2)]), x)


def evaluated(model: Any, x: Array, y: Array, objective: NumpyObjective) -> tuple[dict[str, float], dict[str, float]]:
    """What Keras says, and what is found here."""
    batches = ((x[start : start + 32], y[start : start + 32]) for start in range(0, len(x), 32))
    found = loss_and_metrics(numpy_network(model), batches, objective.loss, objective.metrics, objective.weight)
    with eagerly(model):
        return model.evaluate(x, y, batch_size=32, verbose=0, return_dict=True), found


def targets(labels: str, rows: int, units: int) -> Array:
    draw = np.random.default_rng(1)
    if labels == "sparse":
        return draw.integers(0, units, rows).astype(np.int32)
    if labels == "one_hot":
        return np.eye(units, dtype=np.float32)[draw.integers(0, units, rows)]
    return draw.integers(0, 2, (rows, 1)).astype(np.float32) if labels == "binary" else draw.uniform(1, 3, (rows, 2))


OUTPUTS = {"sparse": (4, "softmax"), "one_hot": (4, "softmax"), "binary": (1, "sigmoid"), "value": (2, "softplus")}
LOSS_CASES = sorted({(cls, labels) for cls in LOSSES for labels in cls.labels.values()}, key=str)


@pytest.mark.parametrize(
    ("loss", "labels", "activation"),
    [(*case, name) for case in LOSS_CASES for name in (None, "sigmoid", "linear") if OUTPUTS[case[1]][1] != name],
    ids=lambda value: getattr(value, "tag", value),
)
def test_every_loss_and_its_gradients(described: Any, loss: Any, labels: str, activation: str | None) -> None:
    units, default = OUTPUTS[labels]
    if activation == "linear" and (loss.probabilities or loss.tag == "poisson"):
        activation = "hard_sigmoid" if loss.probabilities else "exponential"
    hidden = {"dense": {"units": 5, "activation": "tanh", "kernel_regularizer": {"l1": 0.01, "l2": 0.02}}}
    output = {"dense": {"units": units, "activation": activation or default, "bias_regularizer": "l2"}}
    layers = [hidden, "batch_normalization", output]
    model = keras_model(described, (3,), layers)
    changed = {"label_smoothing": 0.1} if "label_smoothing" in loss.model_fields else {}
    component = loss(**changed)
    model.compile(loss=keras_object(component), loss_weights=0.5)
    x, y = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32), targets(labels, 80, units)
    expected, found = evaluated(model, x, y, NumpyObjective(make_loss(component), 0.5, ()))
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)
    _, slopes = gradients(numpy_network(model), Batch(x, y, make_loss(component), 0.5))
    with tensorflow().GradientTape() as tape:
        value = 0.5 * model.loss(y, model(x, training=True)) + sum(model.losses)
    for weight, slope in zip(tape.gradient(value, model.trainable_variables), slopes.values(), strict=True):
        np.testing.assert_allclose(slope, np.asarray(weight), rtol=1e-3, atol=2e-6)


ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "precision_at_recall": [{"recall": 0.5}], "recall_at_precision": [{"precision": 0.5, "num_thresholds": 7}],
    "sensitivity_at_specificity": [{"specificity": 0.5, "class_id": 0}],
    "specificity_at_sensitivity": [{"sensitivity": 0.5}],
    "precision": [{}, {"thresholds": 0.3}, {"class_id": 0}], "recall": [{}, {"thresholds": 0.3}],
    "auc": [{"curve": curve, "summation_method": how} for curve in ("ROC", "PR")
            for how in ("interpolation", "minoring", "majoring")],
    "f1_score": [{"average": how} for how in ("micro", "macro", "weighted")],
    "fbeta_score": [{"beta": 0.5, "threshold": 0.4}], "binary_accuracy": [{"threshold": 0.3}, {}],
    "top_k_categorical_accuracy": [{"k": 2}], "sparse_top_k_categorical_accuracy": [{"k": 2}],
}  # fmt: skip


@pytest.mark.parametrize("labels", OUTPUTS)
def test_every_metric(described: Any, labels: str) -> None:
    """All metrics that take these labels at once."""
    units, activation = OUTPUTS[labels]
    model = keras_model(described, (3,), [{"dense": {"units": units, "activation": activation}}])
    chosen = [cls for cls in KERAS_METRICS if labels in cls.labels.values() and cls.tag != "accuracy"]
    components = [
        cls(name=f"{cls.tag}_{index}", **arguments)
        for cls in chosen
        for index, arguments in enumerate(ARGUMENTS.get(cls.tag, [{}]))
    ]
    loss = MeanSquaredError() if labels != "sparse" else SparseCategoricalCrossentropy()
    model.compile(loss=keras_object(loss), metrics=[keras_object(component) for component in components])
    x, y = np.random.default_rng(0).normal(size=(150, 3)).astype(np.float32), targets(labels, 150, units)
    metrics = tuple(metric_of(component, {}, labels, 0.5) for component in components)
    expected, found = evaluated(model, x, y, NumpyObjective(make_loss(loss), 1.0, metrics))
    assert found == pytest.approx(expected, rel=2e-5, abs=1e-6)


@pytest.mark.parametrize(
    ("labels", "loss", "metrics"),
    [
        ("sparse", "SparseCategoricalCrossentropy", ["accuracy"]),
        ("one_hot", "CategoricalCrossentropy", ["acc", "AUC"]),
        ("binary", "BinaryCrossentropy", ["accuracy", "mse"]),
    ],
)
@pytest.mark.parametrize("from_logits", [True, False])
def test_what_a_file_says_it_was_compiled_with(labels: str, loss: str, metrics: list[str], from_logits: bool) -> None:
    units, activation = OUTPUTS[labels]
    layer = keras().layers.Dense(units, activation=None if from_logits else activation)
    model = keras().Sequential([keras().Input((3,)), layer])
    made = getattr(keras().losses, loss)(from_logits=from_logits)
    model.compile(loss=made, metrics=metrics, loss_weights=2.0)
    x, y = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32), targets(labels, 50, units)
    compilation, why = compilation_of(json.loads(json.dumps(keras().saving.serialize_keras_object(model))))
    assert compilation is not None, why
    expected, found = evaluated(model, x, y, NumpyObjective.of_compilation(compilation, labels))
    assert found == pytest.approx(expected, rel=1e-5)
