"""What a model was compiled with, as versions of Keras write it."""

from __future__ import annotations

from typing import Any

import pytest

from mlpcli.model.compilation import Compilation
from mlpcli.modelfile.keras_objects import compilation_of

ADAM = {"module": "keras.optimizers", "class_name": "Adam", "registered_name": None,
        "config": {"name": "adam", "learning_rate": 0.5, "beta_1": 0.8, "jit_compile": False}}  # fmt: skip
OLD_ADAM = {"class_name": "Custom>Adam", "config": {"name": "Adam", "learning_rate": 0.5, "is_legacy_optimizer": False}}


def compiled(key: str = "compile_config", /, **config: Any) -> Compilation:
    found, why_not = compilation_of({key: {"loss": "mse", **config}})
    assert found is not None and why_not is None, why_not
    return found


def named(class_name: str, module: str = "keras.losses", /, **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def function(name: str) -> dict[str, Any]:
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("mse", "mean_squared_error"), ("mean_squared_error", "mean_squared_error"),
        ("MeanSquaredError", "mean_squared_error"), (function("mean_absolute_error"), "mean_absolute_error"),
        (named("Huber", delta=2.0, name="h", reduction="sum_over_batch_size"), "huber"),
        ({"class_name": "MeanSquaredError", "config": {"reduction": "auto", "fn": "mse"}}, "mean_squared_error"),
        (["mse"], "mean_squared_error"), ({"out": "mse"}, "mean_squared_error"),
    ],
)  # fmt: skip
def test_losses(written: Any, tag: str) -> None:
    assert compiled(loss=written).loss.component.tag == tag


def test_arguments_of_a_loss() -> None:
    logits = named("SparseCategoricalCrossentropy", from_logits=True, ignore_class=None, axis=-1, reduction="sum")
    assert dict(compiled(loss=logits).loss.more) == {
        "from_logits": True, "ignore_class": None, "axis": -1, "reduction": "sum",
    }  # fmt: skip
    assert getattr(compiled(loss=named("Huber", delta=2)).loss.component, "delta", None) == 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, []), ([], []), (["accuracy"], [("accuracy", "accuracy")]), ([["mae"]], [("mean_absolute_error", "mae")]),
        ({"out": ["acc"]}, [("accuracy", "acc")]),
        ([named("MeanAbsoluteError", "keras.metrics", name="m", dtype="float32")], [("mean_absolute_error", "m")]),
        ([[{"class_name": "MeanMetricWrapper", "config": {"name": "accuracy", "fn": "sparse_categorical_accuracy"}}]],
         [("sparse_categorical_accuracy", "accuracy")]),
        ([named("AUC", "keras.metrics", name="auc", num_thresholds=50, thresholds=None, multi_label=False)],
         [("auc", "auc")]),
        ([named("Precision", "keras.metrics", name="p", thresholds=[0.3], top_k=None, class_id=1)],
         [("precision", "p")]),
    ],
)  # fmt: skip
def test_metrics(written: Any, expected: Any) -> None:
    found = [
        (metric.component.tag, getattr(metric.component, "name", "")) for metric in compiled(metrics=written).metrics
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("key", "config"),
    [("compile_config", {"optimizer": ADAM}), ("training_config", {"optimizer_config": OLD_ADAM})],
)
def test_optimizers(key: str, config: Any) -> None:
    optimizer = compiled(key, **config).optimizer
    assert optimizer is not None and optimizer.component.tag == "adam"
    assert getattr(optimizer.component, "learning_rate", None) == 0.5


def test_a_schedule() -> None:
    decay = named("CosineDecay", "keras.optimizers.schedules", initial_learning_rate=0.5, decay_steps=10, name="c")
    optimizer = compiled(optimizer=named("SGD", "keras.optimizers", learning_rate=decay)).optimizer
    assert optimizer is not None
    schedule = optimizer.more["learning_rate"]
    assert (schedule.component.tag, schedule.more) == ("cosine_decay", {"initial_learning_rate": 0.5})


@pytest.mark.parametrize(
    "optimizer", ["mine", named("Muon", "keras.optimizers"), named("SGD", "keras.optimizers", momentum=7.0), None, 3]
)
def test_an_optimizer_that_is_not_known_is_left_out(optimizer: Any) -> None:
    assert compiled(optimizer=optimizer).optimizer is None


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({}, "it was saved without a loss"),
        ({"loss": None}, "it was saved without a loss"),
        ({"loss": named("CTC")}, "its loss CTC is not supported"),
        ({"loss": ["mse", "mae"]}, "its loss of this kind is not supported"),
        ({"loss": named("Huber", delta=-1.0)}, "delta: input should be greater than 0"),
        ({"loss": named("Huber", reduction="none")}, "its loss has a reduction that is not supported"),
        ({"loss": named("BinaryCrossentropy", from_logits="yes")}, "has a from_logits that is not supported"),
        ({"loss": "mse", "metrics": [named("MeanIoU", "keras.metrics")]}, "its metric MeanIoU is not supported"),
        ({"loss": "mse", "metrics": [named("F1Score", "keras.metrics", average=None)]}, "average"),
        ({"loss": "mse", "metrics": [[{"class_name": "MeanMetricWrapper"}]]}, "MeanMetricWrapper is not supported"),
        ({"loss": "mse", "loss_weights": [float("inf")]}, "its loss_weights are not a number"),
    ],
)
def test_what_cannot_be_compiled(config: Any, why: str) -> None:
    found, why_not = compilation_of({"compile_config": config})
    assert found is None and why in str(why_not)


def test_one_weight_of_the_loss() -> None:
    assert compiled(loss_weights=0.5).loss_weight == compiled(loss_weights=[0.5]).loss_weight == 0.5
