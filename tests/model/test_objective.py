"""What is chosen for each task, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from mlpcli.config.data_words import Task
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts
from mlpcli.errors import SettingError
from mlpcli.model.objective import Objective, choose_objective
from mlpcli.model.plan import make_plan

CLASSES = {"classification": ("a", "b", "c"), "binary": ("no", "yes"), "regression": None}


def facts(task: Task, targets: int = 1, classes: tuple[str, ...] | None = None) -> DataFacts:
    names = classes or CLASSES[task]
    return DataFacts("s", "table", (4,), task, names, None, None, targets, 30, 5, 5, "here")


def config(data: dict[str, Any] | None = None, **sections: Any) -> Config:
    return Config.model_validate({"name": "n", "data": {"source": "iris", **(data or {})}, **sections})


def chosen(
    task: Task, output: Any = "auto", targets: int = 1, explicit_task: str = "auto", **training: Any
) -> Objective:
    settings = config({"task": explicit_task}, model={"output": output}, training=training)
    return choose_objective(settings, facts(task, targets))


SIGMOID, TWO = {"activation": "sigmoid"}, "classification sparse_categorical_crossentropy sparse 2 softmax 0.5 accuracy"


@pytest.mark.parametrize(
    ("task", "settings", "expected"),
    [
        # the task after the choice, loss, form of the labels, units, activation, threshold, metrics
        ("classification", {}, "classification sparse_categorical_crossentropy sparse 3 softmax 0.5 accuracy"),
        ("binary", {}, "binary binary_crossentropy binary 1 sigmoid 0.5 accuracy"),
        ("regression", {}, "regression mean_squared_error value 1 linear 0.5 mean_absolute_error"),
        (
            "regression",
            {"targets": 2, "loss": "mae"},
            "regression mean_absolute_error value 2 linear 0.5 mean_absolute_error",
        ),
        ("regression", {"loss": "poisson"}, "regression poisson value 1 softplus 0.5 mean_absolute_error"),
        ("classification", {"loss": "kld"}, "classification kl_divergence one_hot 3 softmax 0.5 accuracy"),
        ("classification", {"metrics": ["auc"]}, "classification categorical_crossentropy one_hot 3 softmax 0.5 auc"),
        ("classification", {"loss": "mse"}, "classification mean_squared_error one_hot 3 softmax 0.5 accuracy"),
        (
            "classification",
            {"loss": "categorical_hinge"},
            "classification categorical_hinge one_hot 3 linear 0.5 accuracy",
        ),
        (
            "classification",
            {"loss": "bce", "output": SIGMOID},
            "classification binary_crossentropy one_hot 3 sigmoid 0.5 accuracy",
        ),
        ("binary", {"loss": "hinge"}, "binary hinge binary 1 tanh 0.0 accuracy"),
        (
            "binary",
            {"loss": "mse", "output": {"activation": "linear"}},
            "binary mean_squared_error binary 1 linear 0.5 accuracy",
        ),
        ("binary", {"output": {"units": 2}}, TWO),
        ("binary", {"output": {"activation": "softmax"}}, TWO),
        ("binary", {"loss": "sparse_categorical_crossentropy"}, TWO),
        ("binary", {"metrics": ["auc", "acc"]}, "binary binary_crossentropy binary 1 sigmoid 0.5 auc acc"),
    ],
)
def test_the_choice(task: Task, settings: dict[str, Any], expected: str) -> None:
    found = chosen(task, **settings)
    names = [metric.name for metric in found.metrics]
    output = found.output
    parts = [found.task, found.loss.tag, found.labels, output.units, output.activation, found.threshold, *names]
    assert " ".join(map(str, parts)) == expected


LOSS, OUTPUT, UNITS, METRIC = "training.loss", "model.output.activation", "model.output.units", "training.metrics[0]"


@pytest.mark.parametrize(
    ("task", "settings", "key", "message"),
    [
        ("classification", {"loss": "poisson"}, LOSS, "poisson does not fit a classification task; use sparse_cat"),
        ("regression", {"loss": "bce"}, LOSS, "does not fit a regression task; use mean_squared_error"),
        (
            "binary",
            {"loss": "sparse_categorical_crossentropy", "explicit_task": "binary"},
            LOSS,
            "does not fit a binary task; use binary_crossentropy",
        ),
        ("classification", {"output": {"units": 4}}, UNITS, "must be one per class, 3 (got 4)"),
        ("binary", {"output": {"units": 3}}, UNITS, "must be 1 for a binary task (got 3)"),
        ("regression", {"output": {"units": 2}}, UNITS, "must be one per target, 1 (got 2)"),
        ("binary", {"output": {"units": 1, "activation": "softmax"}}, OUTPUT, "softmax over one unit is always 1"),
        ("regression", {"output": {"activation": "softmax"}}, OUTPUT, "softmax over one unit is always 1"),
        (
            "classification",
            {"output": {"activation": "linear"}},
            OUTPUT,
            "needs probabilities, which linear does not give; use softmax",
        ),
        (
            "classification",
            {"output": {"activation": "sigmoid"}},
            OUTPUT,
            "needs probabilities, which sigmoid does not give",
        ),
        (
            "binary",
            {"output": {"activation": "tanh"}},
            OUTPUT,
            "which tanh does not give; use sigmoid",
        ),
        (
            "binary",
            {"loss": "hinge", "output": {"activation": "sigmoid"}},
            OUTPUT,
            "needs outputs on both sides of 0, which sigmoid does not give; use tanh",
        ),
        (
            "regression",
            {"loss": "poisson", "output": {"activation": "linear"}},
            OUTPUT,
            "poisson needs outputs above 0, but linear gives others, too; use softplus",
        ),
        ("regression", {"metrics": ["accuracy"]}, METRIC, "accuracy does not fit a regression task"),
        ("binary", {"metrics": ["categorical_accuracy"]}, METRIC, "does not fit a binary task"),
        (
            "classification",
            {"metrics": ["auc"], "loss": "sparse_categorical_crossentropy"},
            METRIC,
            "auc does not fit the labels of the loss sparse_categorical_crossentropy; use loss: cat",
        ),
        (
            "classification",
            {"metrics": ["sparse_categorical_accuracy"], "loss": "mse"},
            METRIC,
            "use loss: sparse_categorical_crossentropy",
        ),
        (
            "classification",
            {"metrics": [{"precision": {"class_id": 3}}]},
            METRIC,
            "class_id 3 does not exist; the network has 3 outputs, counted from 0",
        ),
        ("binary", {"metrics": [{"recall": {"class_id": 1}}]}, METRIC, "class_id 1 does not exist"),
        ("classification", {"metrics": [{"recall": {"top_k": 5}}]}, METRIC, "top_k 5 is more than the 3 outputs"),
        ("binary", {"metrics": [{"recall": {"top_k": 1}}]}, METRIC, "top_k 1 always includes every output"),
        (
            "classification",
            {"metrics": ["top_k_categorical_accuracy"]},
            METRIC,
            "always 1 for 3 classes; use k from 1 to 2",
        ),
        ("classification", {"metrics": ["sparse_top_k_categorical_accuracy"]}, METRIC, "with k = 5 is always 1"),
        ("binary", {"loss": "hinge", "metrics": ["auc"]}, METRIC, "auc needs outputs from 0 to 1, and tanh gives"),
        ("binary", {"loss": "hinge", "metrics": ["f1_score"]}, METRIC, "f1_score counts outputs above 0.5, and hinge"),
        ("binary", {"loss": "hinge", "metrics": ["precision"]}, METRIC, "at 0; use accuracy"),
        ("binary", {"loss": "hinge", "metrics": ["binary_accuracy"]}, METRIC, "at 0; use accuracy"),
        ("regression", {"loss": "cosine_similarity"}, LOSS, "cosine_similarity of one number is only its sign"),
    ],
)
def test_what_does_not_fit(task: Task, settings: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        chosen(task, **settings)
    assert caught.value.key == key
    assert message in caught.value.message


def test_the_threshold_of_f1() -> None:
    metrics = ["f1_score", "fbeta_score", {"f1_score": {"threshold": 0.3, "name": "early"}}]
    assert [metric.threshold for metric in chosen("binary", metrics=metrics).metrics] == [0.5, 0.5, 0.3]
    assert [metric.threshold for metric in chosen("classification", metrics=metrics).metrics] == [None, None, 0.3]


def test_one_hot_metrics_beside_sparse_ones_have_no_loss() -> None:
    with pytest.raises(
        SettingError, match=r"training.metrics\[1\].*sparse_categorical_accuracy does not fit the labels"
    ):
        chosen("classification", metrics=["auc", "sparse_categorical_accuracy"])


def test_a_plan() -> None:
    plan = make_plan(config(model={"hidden_units": [8]}), facts("classification"))
    assert (plan.name, plan.scaling, plan.labels, plan.metric_names) == ("n", "standardize", "sparse", ["accuracy"])
    assert (plan.trainable, plan.non_trainable) == (4 * 8 + 8 + 8 * 3 + 3, 0)
    assert plan.as_metadata() == {
        "task": "classification",
        "input_shape": [4],
        "class_names": ["a", "b", "c"],
        "labels": "sparse",
        "targets": 1,
        "threshold": 0.5,
        "scaling": "standardize",
        "target_scaling": "none",
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 32,
    }


@pytest.mark.parametrize(
    ("training", "key", "message"),
    [
        (
            {"early_stopping": {"monitor": "val_accuracy"}},
            "training.early_stopping.monitor",
            'unknown metric "val_accuracy"',
        ),
        (
            {"learning_rate_schedule": {"reduce_on_plateau": {"monitor": "accuracy"}}},
            "training.learning_rate_schedule.reduce_on_plateau.monitor",
            'unknown metric "accuracy"; available: loss, mean_absolute_error',
        ),
    ],
)
def test_a_monitor_of_another_task(training: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        make_plan(config(training=training), facts("regression"))
    assert caught.value.key == key
    assert message in caught.value.message
