"""Every loss and metric with every kind of output: which mean something, and why the others are refused."""

from __future__ import annotations

from typing import Any

import pytest

from mlpcli.config.data_words import Task
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import METRICS
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts
from mlpcli.errors import SettingError
from mlpcli.model.objective import Objective, choose_objective

CLASSES = {"classification": ("a", "b", "c"), "binary": ("no", "yes"), "regression": None}
SIGMOID, LINEAR, SOFTPLUS = ({"activation": name} for name in ("sigmoid", "linear", "softplus"))


def chosen(task: Task, output: Any = "auto", targets: int = 1, **training: Any) -> Objective:
    data = {"source": "iris", "task": "binary" if task == "binary" else "auto"}
    config = Config.model_validate({"name": "n", "data": data, "model": {"output": output}, "training": training})
    facts = DataFacts("s", "table", (4,), task, CLASSES[task], None, None, targets, 30, 5, 5, "here")
    return choose_objective(config, facts)


OUTPUTS: dict[str, tuple[Task, dict[str, Any]]] = {
    "sigmoid": ("binary", {"loss": "bce"}),
    "linear": ("binary", {"loss": "mse", "output": LINEAR}),
    "tanh": ("binary", {"loss": "hinge"}),
    "sparse": ("classification", {"loss": "sparse_categorical_crossentropy"}),
    "softmax": ("classification", {"loss": "categorical_crossentropy"}),
    "sigmoids": ("classification", {"loss": "bce", "output": SIGMOID}),
    "linears": ("classification", {"loss": "categorical_hinge"}),
    "number": ("regression", {}),
    "positive": ("regression", {"output": SOFTPLUS}),
    "numbers": ("regression", {"targets": 2}),
}
"""The columns of METRIC_TABLE: one output, three for classes (`sparse`: softmax with class indices), or numbers."""

WHY = {
    "task": "does not fit a",
    "form": "does not fit the labels of the loss",
    "half": "counts outputs above 0.5, and",
    "range": "needs outputs from 0 to 1, and",
    "k": "with k = 5 is always 1 for 3 classes; use k from 1 to 2",
    "alone": "judges each output of softmax alone",
    "sum": "needs outputs that sum up to 1, which sigmoid does not give",
    "far": "compares outputs with labels of 0 and 1, and",
    "log": "needs outputs above 0, but linear gives others, too; use softplus",
    "probs": "needs probabilities, which",
    "sides": "needs outputs on both sides of 0, which sigmoid does not give",
    "sign": "of one number is only its sign; use mean_squared_error",
}
"""A part of the message behind each word of the tables; ok is allowed, and 0.5 is the threshold that is chosen."""

METRIC_TABLE = """
                                  sigmoid linear tanh  sparse softmax sigmoids linears number positive numbers
accuracy                          ok      ok     ok    ok     ok      ok       ok      task   task     task
binary_accuracy                   ok      ok     half  form   alone   ok       half    task   task     task
categorical_accuracy              task    task   task  form   ok      ok       ok      task   task     task
sparse_categorical_accuracy       task    task   task  ok     form    form     form    task   task     task
top_k_categorical_accuracy        task    task   task  form   k       k        k       task   task     task
sparse_top_k_categorical_accuracy task    task   task  k      form    form     form    task   task     task
precision                         ok      ok     half  form   ok      ok       half    task   task     task
recall                            ok      ok     half  form   ok      ok       half    task   task     task
true_positives                    ok      ok     half  form   ok      ok       half    task   task     task
true_negatives                    ok      ok     half  form   ok      ok       half    task   task     task
false_positives                   ok      ok     half  form   ok      ok       half    task   task     task
false_negatives                   ok      ok     half  form   ok      ok       half    task   task     task
auc                               ok      range  range form   ok      ok       range   task   task     task
precision_at_recall               ok      range  range form   ok      ok       range   task   task     task
recall_at_precision               ok      range  range form   ok      ok       range   task   task     task
sensitivity_at_specificity        ok      range  range form   ok      ok       range   task   task     task
specificity_at_sensitivity        ok      range  range form   ok      ok       range   task   task     task
f1_score                          0.5     0.5    half  form   ok      ok       ok      task   task     task
fbeta_score                       0.5     0.5    half  form   ok      ok       ok      task   task     task
balanced_accuracy                 ok      ok     half  form   ok      ok       ok      task   task     task
sparse_categorical_crossentropy   task    task   task  ok     form    form     form    task   task     task
categorical_crossentropy          task    task   task  form   ok      ok       range   task   task     task
binary_crossentropy               ok      range  range form   ok      ok       range   task   task     task
kl_divergence                     task    task   task  form   ok      sum      range   task   task     task
categorical_hinge                 task    task   task  form   ok      ok       ok      task   task     task
hinge                             ok      ok     ok    form   ok      ok       ok      task   task     task
squared_hinge                     ok      ok     ok    form   ok      ok       ok      task   task     task
mean_squared_error                ok      ok     far   form   ok      ok       far     ok     ok       ok
root_mean_squared_error           ok      ok     far   form   ok      ok       far     ok     ok       ok
mean_absolute_error               ok      ok     far   form   ok      ok       far     ok     ok       ok
mean_absolute_percentage_error    task    task   task  task   task    task     task    ok     ok       ok
mean_squared_logarithmic_error    task    task   task  task   task    task     task    ok     ok       ok
log_cosh_error                    task    task   task  task   task    task     task    ok     ok       ok
poisson                           task    task   task  task   task    task     task    log    ok       log
r2_score                          task    task   task  task   task    task     task    ok     ok       ok
cosine_similarity                 task    task   task  form   ok      ok       ok      task   task     task
"""

LOSS_OUTPUTS: dict[str, tuple[Task, dict[str, Any]]] = {
    "sigmoid": ("binary", {"output": SIGMOID}),
    "linear": ("binary", {"output": LINEAR}),
    "tanh": ("binary", {"output": {"activation": "tanh"}}),
    "softmax": ("classification", {"output": {"activation": "softmax"}}),
    "sigmoids": ("classification", {"output": SIGMOID}),
    "linears": ("classification", {"output": LINEAR}),
    "number": ("regression", {"output": LINEAR}),
    "positive": ("regression", {"output": SOFTPLUS}),
    "numbers": ("regression", {"output": LINEAR, "targets": 2}),
}

LOSS_TABLE = """
                                sigmoid linear tanh   softmax sigmoids linears number positive numbers
sparse_categorical_crossentropy task    task   task   sparse  probs    probs   task   task     task
categorical_crossentropy        task    task   task   one_hot probs    probs   task   task     task
binary_crossentropy             binary  probs  probs  one_hot one_hot  probs   task   task     task
mean_squared_error              binary  binary binary one_hot one_hot  one_hot value  value    value
mean_absolute_error             binary  binary binary one_hot one_hot  one_hot value  value    value
huber                           binary  binary binary one_hot one_hot  one_hot value  value    value
hinge                           sides   binary binary one_hot one_hot  one_hot task   task     task
kl_divergence                   task    task   task   one_hot probs    probs   task   task     task
log_cosh                        binary  binary binary one_hot one_hot  one_hot value  value    value
cosine_similarity               task    task   task   one_hot one_hot  one_hot sign   sign     value
poisson                         task    task   task   task    task     task    log    value    log
dice                            binary  probs  probs  one_hot one_hot  probs   task   task     task
categorical_focal_crossentropy  task    task   task   one_hot probs    probs   task   task     task
categorical_hinge               task    task   task   one_hot one_hot  one_hot task   task     task
binary_focal_crossentropy       binary  probs  probs  one_hot one_hot  probs   task   task     task
squared_hinge                   sides   binary binary one_hot one_hot  one_hot task   task     task
tversky                         binary  probs  probs  one_hot one_hot  probs   task   task     task
mean_absolute_percentage_error  task    task   task   task    task     task    value  value    value
mean_squared_logarithmic_error  task    task   task   task    task     task    value  value    value
"""
"""What the labels are fed as, or why the loss is refused."""


def cells(table: str) -> list[tuple[str, str, str]]:
    """Name, column and word of each cell."""
    header, *lines = [line.split() for line in table.strip().splitlines()]
    return [(line[0], column, word) for line in lines for column, word in zip(header, line[1:], strict=True)]


ARGUMENTS = {
    "precision_at_recall": {"recall": 0.5},
    "recall_at_precision": {"precision": 0.5},
    "sensitivity_at_specificity": {"specificity": 0.5},
    "specificity_at_sensitivity": {"sensitivity": 0.5},
}


@pytest.mark.parametrize(("name", "column", "word"), cells(METRIC_TABLE))
def test_metric(name: str, column: str, word: str) -> None:
    task, settings = OUTPUTS[column]
    metrics = [{name: ARGUMENTS.get(name, {})}]
    if word in WHY:
        with pytest.raises(SettingError) as caught:
            chosen(task, **settings, metrics=metrics)
        assert caught.value.key == "training.metrics[0]"
        assert WHY[word] in caught.value.message
        return
    (metric,) = chosen(task, **settings, metrics=metrics).metrics
    assert metric.name == name
    if word == "0.5":
        assert getattr(metric, "threshold", None) == 0.5


@pytest.mark.parametrize(("name", "column", "word"), cells(LOSS_TABLE))
def test_loss(name: str, column: str, word: str) -> None:
    task, settings = LOSS_OUTPUTS[column]
    if word in WHY:
        with pytest.raises(SettingError, match=r"training\.loss|model\.output") as caught:
            chosen(task, **settings, loss=name)
        assert WHY[word] in caught.value.message
        return
    assert chosen(task, **settings, loss=name).labels == word


def test_the_tables_are_complete() -> None:
    assert [name for name, column, _ in cells(METRIC_TABLE) if column == "tanh"] == [cls.tag for cls in METRICS]
    assert [name for name, column, _ in cells(LOSS_TABLE) if column == "tanh"] == [cls.tag for cls in LOSSES]


@pytest.mark.parametrize(
    ("column", "metric", "message"),
    [
        ("softmax", {"auc": {"num_thresholds": 2}}, "num_thresholds 2 leaves auc only the thresholds 0 and 1; use 3"),
        ("sigmoid", {"recall_at_precision": {"precision": 0.5, "num_thresholds": 2}}, "use 3 or more"),
        ("softmax", {"categorical_crossentropy": {"label_smoothing": 1}}, "makes all labels alike; use a smaller one"),
        ("sigmoid", {"precision": {"thresholds": 1}}, "counts outputs above 1, and sigmoid gives none; use a lower"),
        ("softmax", {"recall": {"thresholds": 0}}, "counts outputs above 0, and softmax gives no others; use a higher"),
        ("sigmoid", {"binary_accuracy": 0}, "use a higher threshold"),
    ],
)
def test_arguments_that_leave_one_value(column: str, metric: dict[str, Any], message: str) -> None:
    task, settings = OUTPUTS[column]
    with pytest.raises(SettingError) as caught:
        chosen(task, **settings, metrics=["accuracy", metric])
    assert caught.value.key == "training.metrics[1]"
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("task", "loss", "message"),
    [
        ("binary", {"bce": {"label_smoothing": 1}}, "label_smoothing 1 makes all labels alike"),
        ("classification", {"categorical_focal_crossentropy": {"alpha": 0}}, "makes the loss 0 for every output"),
        ("binary", {"tversky": {"alpha": 0, "beta": 0}}, "count no mistake"),
    ],
)
def test_losses_that_learn_nothing(task: Task, loss: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        chosen(task, loss=loss)
    assert caught.value.key == "training.loss"
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("column", "metric", "argument", "value"),
    [
        ("sigmoid", {"f1_score": {"threshold": 0.3}}, "threshold", 0.3),
        ("tanh", {"f1_score": {"threshold": 0.3}}, "threshold", 0.3),
        ("tanh", {"precision": {"thresholds": 0}}, "thresholds", 0),
        ("tanh", {"binary_accuracy": 0}, "threshold", 0),
        ("softmax", {"binary_accuracy": 0.5}, "threshold", 0.5),
        ("softmax", {"f1_score": {"threshold": 0.3}}, "threshold", 0.3),
        ("softmax", {"precision": {"top_k": 1}}, "top_k", 1),
        ("linears", {"precision": {"top_k": 1}}, "top_k", 1),
        ("linears", {"recall": {"thresholds": 0.4}}, "thresholds", 0.4),
        ("sparse", {"sparse_top_k_categorical_accuracy": 2}, "k", 2),
    ],
)
def test_what_the_config_says_is_kept(column: str, metric: dict[str, Any], argument: str, value: float) -> None:
    task, settings = OUTPUTS[column]
    (found,) = chosen(task, **settings, metrics=[metric]).metrics
    assert getattr(found, argument) == value
