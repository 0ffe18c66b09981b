"""What is built from a config, against the same model written by hand in Keras."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from mlpcli.backend import keras
from mlpcli.config.data_words import Task
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import METRICS
from mlpcli.config.schema import Config
from mlpcli.data.batches import encode_targets
from mlpcli.data.dataset import DataFacts, Kind
from mlpcli.data.scaling import Scaling
from mlpcli.keras_engine.build import build_model, build_optimizer
from mlpcli.model.plan import Plan, make_plan
from tests.eager_keras import eagerly

pytestmark = pytest.mark.tf

CLASSES: dict[str, tuple[str, ...] | None] = {
    "classification": ("a", "b", "c"),
    "binary": ("a", "b"),
    "regression": None,
}
TASKS: tuple[Task, ...] = get_args(Task)
NO_SCALING = {"data": {"source": "iris", "scaling": "none"}}
UNSCALED = Scaling("none")


def planned(
    settings: dict[str, Any], task: Task = "classification", shape: tuple[int, ...] = (4,), scaling: Scaling = UNSCALED
) -> tuple[Plan, Any]:
    kind: Kind = "table" if len(shape) == 1 else "image"
    pixel_max = 255 if kind == "image" else None
    facts = DataFacts("s", kind, shape, task, CLASSES[task], None, pixel_max, 1, 30, 5, 5, "here")
    config = Config.model_validate({"name": "n", **NO_SCALING, **settings})
    plan = make_plan(config, facts)
    return plan, build_model(plan, config, scaling)


def rows(task: str, labels: Any, count: int = 12) -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(count, 4)).astype(np.float32)
    classes = len(CLASSES[task] or ())
    y = np.arange(count) % classes if classes else draw.uniform(1, 2, count)
    return x, encode_targets(np.asarray(y), labels, classes)


def test_the_same_model_by_hand() -> None:
    settings = {
        "model": {
            "hidden_units": [8],
            "activation": "tanh",
            "batch_normalization": True,
            "dropout": 0.5,
            "kernel_initializer": "he_normal",
            "kernel_regularizer": {"l2": 0.1},
        },
        "training": {"optimizer": {"name": "sgd", "momentum": 0.9}, "metrics": ["accuracy"]},
    }
    _, built = planned(settings)
    layers = keras().layers
    by_hand = keras().Sequential(
        [
            keras().Input((4,), name="input"),
            layers.Dense(
                8, kernel_initializer="he_normal", kernel_regularizer=keras().regularizers.L2(0.1), name="dense"
            ),
            layers.BatchNormalization(name="batch_normalization"),
            layers.Activation("tanh", name="activation"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(3, activation="softmax", name="dense_1"),
        ],
        name="n",
    )
    by_hand.compile(
        keras().optimizers.SGD(0.01, momentum=0.9), keras().losses.SparseCategoricalCrossentropy(), metrics=["accuracy"]
    )
    built_layers, hand_layers = built.get_config()["layers"], by_hand.get_config()["layers"]
    assert [plain(layer) for layer in built_layers] == [plain(layer) for layer in hand_layers]
    assert [weight.shape for weight in built.weights] == [weight.shape for weight in by_hand.weights]
    assert built.count_params() == by_hand.count_params() == 4 * 8 + 8 + 4 * 8 + 8 * 3 + 3
    same = by_hand.optimizer.get_config() | {"name": built.optimizer.name}
    assert built.optimizer.get_config() == same
    by_hand.set_weights(built.get_weights())
    x, y = rows("classification", "sparse")
    with eagerly(built, by_hand):
        assert built.evaluate(x, y, verbose=0) == pytest.approx(by_hand.evaluate(x, y, verbose=0), rel=1e-6)


def plain(layer: dict[str, Any]) -> Any:
    """A layer's description without the numbers that tell one object from another of the same kind."""
    return {key: value for key, value in layer["config"].items() if key not in ("dtype", "seed")} | {
        "kernel_initializer": layer["config"].get("kernel_initializer", {}).get("class_name"),
        "bias_initializer": layer["config"].get("bias_initializer", {}).get("class_name"),
    }


def test_names_in_any_script_train() -> None:
    names = ["은닉 층 1", "input", "출력"]
    layers = [{"dense": {"units": 3, "name": name}} for name in names]
    plan, model = planned({"name": "패션 모델", "model": {"layers": layers}})
    assert [layer.name for layer in plan.layers] == names
    x, y = rows("classification", plan.labels)
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])


def test_a_last_layer_without_activation_is_what_keras_takes_as_logits() -> None:
    plan, model = planned({"model": {"layers": [{"dense": {"units": 5, "activation": "relu"}}, {"dense": 3}]}})
    layers = keras().layers
    stock = keras().Sequential([keras().Input((4,)), layers.Dense(5, activation="relu"), layers.Dense(3)])
    stock.compile(loss=keras().losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    stock.set_weights(model.get_weights())
    x, y = rows("classification", plan.labels)
    with eagerly(model, stock):
        assert model.evaluate(x, y, verbose=0) == pytest.approx(stock.evaluate(x, y, verbose=0), rel=1e-6)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("adam", {"learning_rate": 0.001, "beta_1": 0.9}),
        (
            {"name": "sgd", "learning_rate": 0.5, "momentum": 0.9, "nesterov": True},
            {"learning_rate": 0.5, "momentum": 0.9, "nesterov": True},
        ),
        (
            {"name": "rmsprop", "rho": 0.8, "centered": True, "clipnorm": 1.0},
            {"rho": 0.8, "centered": True, "clipnorm": 1.0},
        ),
        ({"name": "adamw", "weight_decay": 0.02}, {"weight_decay": 0.02}),
        ({"name": "adam", "global_clipnorm": 2.0, "use_ema": True}, {"global_clipnorm": 2.0, "use_ema": True}),
    ],
)
def test_arguments_reach_the_optimizer(optimizer: Any, expected: dict[str, Any]) -> None:
    config = Config.model_validate({"name": "n", **NO_SCALING, "training": {"optimizer": optimizer}})
    found = build_optimizer(config.training, config.training.learning_rate_schedule).get_config()
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("schedule", "step", "rate"),
    [
        (None, 7, 0.4),
        ("reduce_on_plateau", 7, 0.4),
        ({"exponential_decay": {"decay_steps": 10, "decay_rate": 0.25}}, 5, 0.2),
        ({"inverse_time_decay": {"decay_steps": 10, "decay_rate": 1.0}}, 10, 0.2),
        ({"polynomial_decay": {"decay_steps": 10, "end_learning_rate": 0.0}}, 5, 0.2),
        ({"cosine_decay": {"decay_steps": 10}}, 5, 0.2),
        ({"cosine_decay": {"decay_steps": 10, "warmup_steps": 10, "warmup_target": 0.8}}, 5, 0.6),
        ({"cosine_decay_restarts": {"first_decay_steps": 10}}, 5, 0.2),
        ({"piecewise_constant_decay": {"boundaries": [3], "values": [0.1, 0.7]}}, 5, 0.7),
    ],
)
def test_a_schedule_takes_the_rate_s_place(schedule: Any, step: int, rate: float) -> None:
    training = {"optimizer": {"name": "sgd", "learning_rate": 0.4}, "learning_rate_schedule": schedule}
    config = Config.model_validate({"name": "n", **NO_SCALING, "training": training})
    optimizer = build_optimizer(config.training, config.training.learning_rate_schedule)
    optimizer.iterations.assign(step)
    assert float(optimizer.learning_rate) == pytest.approx(rate, abs=1e-6)


def test_regularizers_and_constraints_arrive() -> None:
    dense = {
        "units": 2,
        "use_bias": False,
        "kernel_initializer": "ones",
        "kernel_regularizer": {"l1": 0.5, "l2": 0.25},
        "kernel_constraint": {"max_norm": 1.0},
        "activity_regularizer": {"l2": 0.1},
    }
    plan, model = planned({"model": {"layers": [{"dense": dense}]}})
    layer = model.layers[0]
    assert float(layer.kernel_regularizer(layer.kernel)) == pytest.approx(8 * 0.5 + 8 * 0.25)
    assert float(layer.activity_regularizer.l2) == pytest.approx(0.1)
    x, y = rows("classification", plan.labels)
    with eagerly(model):
        model.fit(x, y, verbose=0)
    assert np.linalg.norm(layer.kernel.numpy(), axis=0) == pytest.approx([1, 1], abs=1e-5)


@pytest.mark.parametrize(
    ("scaling", "kind", "shape", "x", "expected"),
    [
        ("unit", Scaling("rescaling", scale=1 / 255), (1, 2), [[[0, 255]]], [0, 1]),
        ("standardize", Scaling("normalization", mean=(1.0, 2.0), variance=(4.0, 0.25)), (2,), [[5, 1]], [2, -2]),
        (
            "standardize",
            Scaling("normalization", axis=None, mean=(10.0,), variance=(25.0,)),
            (1, 2),
            [[[0, 20]]],
            [-2, 2],
        ),
    ],
)
def test_the_model_takes_raw_values(
    scaling: str, kind: Scaling, shape: tuple[int, ...], x: Any, expected: list[float]
) -> None:
    output = {"activation": "linear", "kernel_initializer": "identity"}
    settings = {
        "data": {"source": "iris", "scaling": scaling},
        "model": {"hidden_units": [], "output": output},
        "training": {"loss": "mse"},
    }
    _, model = planned(settings, "classification", shape, kind)
    for dtype in (np.uint8, np.float32, np.float64):
        assert np.asarray(model(np.array(x, dtype)))[0, :2] == pytest.approx(expected)


LOSS_CASES = [(cls.tag, task) for cls in LOSSES for task in TASKS if task in cls.labels]
LOSS_CASES.remove(("cosine_similarity", "regression"))  # refused for one target


@pytest.mark.parametrize(("loss", "task"), LOSS_CASES)
def test_every_loss_trains(loss: str, task: Task) -> None:
    plan, model = planned({"model": {"hidden_units": [3]}, "training": {"loss": loss}}, task)
    before = [weight.copy() for weight in model.get_weights()]
    x, y = rows(task, plan.labels)
    with eagerly(model):
        history = model.fit(x, y, batch_size=12, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert any(not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


METRIC_ARGUMENTS: dict[str, dict[str, Any]] = {
    "precision_at_recall": {"recall": 0.5},
    "recall_at_precision": {"precision": 0.5},
    "sensitivity_at_specificity": {"specificity": 0.5},
    "specificity_at_sensitivity": {"sensitivity": 0.5},
    "precision": {"top_k": 1},
    "recall": {"class_id": 0},
    "binary_accuracy": {"threshold": 0.5},
    "top_k_categorical_accuracy": {"k": 1},
    "sparse_top_k_categorical_accuracy": {"k": 1},
}


@pytest.mark.parametrize(
    ("task", "labels"),
    [("classification", "sparse"), ("classification", "one_hot"), ("binary", "binary"), ("regression", "value")],
)
def test_every_metric_gives_one_number(task: Task, labels: str) -> None:
    """All metrics that take these labels at once, under the names that history.csv gives them."""
    chosen = [
        cls for cls in METRICS if cls.labels.get(task) == labels or (cls.tag == "accuracy" and task in cls.labels)
    ]
    loss = {"sparse": "auto", "one_hot": "categorical_crossentropy"}.get(labels, "auto")
    arguments = METRIC_ARGUMENTS | ({"precision": {}} if task == "binary" else {})  # the one output is its top 1
    metrics = [{cls.tag: arguments.get(cls.tag, {})} for cls in chosen]
    output = {"activation": "softplus"} if task == "regression" else "auto"  # the Poisson metric takes a logarithm
    settings = {"model": {"hidden_units": [3], "output": output}, "training": {"loss": loss, "metrics": metrics}}
    plan, model = planned(settings, task)
    assert plan.labels == labels
    x, y = rows(task, plan.labels)
    with eagerly(model):
        history = model.fit(x, y, batch_size=4, verbose=0).history
    assert set(history) == {"loss", *(cls.tag for cls in chosen)}
    assert all(np.isscalar(values[0]) and np.isfinite(values[0]) for values in history.values())


def test_the_accuracy_of_signed_outputs_changes_class_at_zero() -> None:
    settings = {"model": {"hidden_units": [], "output": {"kernel_initializer": "ones"}}, "training": {"loss": "hinge"}}
    _, model = planned(settings, "binary")
    x = np.array([[0.1, 0, 0, 0], [-0.1, 0, 0, 0]], np.float32)
    with eagerly(model):
        assert model.evaluate(x, np.array([[1.0], [0.0]]), verbose=0)[1] == 1.0


def test_mixed_precision_keeps_the_weights_and_the_output_in_float32() -> None:
    _, model = planned({"training": {"precision": "mixed_bfloat16"}})
    hidden, output = model.layers[-2], model.layers[-1]
    assert (hidden.compute_dtype, output.compute_dtype) == ("bfloat16", "float32")
    assert {weight.dtype for weight in model.weights} == {"float32"}
    _, full = planned({})
    assert {layer.compute_dtype for layer in full.layers} == {"float32"}
