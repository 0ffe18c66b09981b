"""Every recipe whose figures stand beside a tutorial's is the network that the tutorial prints, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.recipes.exercises import TRAINED as EXERCISES
from benchmarks.recipes.jobs import CONFIGS, recipe_names
from mlpcli.workflows.validate import validate

BATCHNORM = (
    "dense 64 linear, batch_normalization, dense 64 relu, dense 32 linear, batch_normalization, dense 32 relu,"
    " dense 64 linear, batch_normalization, dense 64 relu, dense 10 softmax"
)
CONVOLUTIONS = (
    "conv2d 32 relu, max_pooling2d, conv2d 64 relu, max_pooling2d, flatten, dense 256 relu, dropout 0.3,"
    " dense 10 softmax"
)
# 784*64+64 + 4*64 + 64*64+64 + 64*32+32 + 4*32 + 32*32+32 + 32*64+64 + 4*64 + 64*64+64 + 64*10+10 = 65,098
# 4*784 + 784*100+100 + 100*50+50 + 50*10+10 = 87,196, and 400 more with a BatchNormalization of 100
PRINTED = {
    "mnist/sigmoid_sgd": (55_082, "dense 64 sigmoid, dense 32 sigmoid, dense 64 sigmoid, dense 10 softmax"),
    "mnist/relu_he_normal": (55_082, "dense 64 relu, dense 32 relu, dense 64 relu, dense 10 softmax"),
    "mnist/tutorial_batchnorm": (65_098, BATCHNORM),
    "mnist/tutorial_early_stopping": (65_098, BATCHNORM),
    "mnist/tutorial_l2_dropout_h5": (
        65_098,
        BATCHNORM.replace("batch_normalization", "batch_normalization, dropout 0.2", 1),
    ),
    "mnist/tutorial_dropout": (
        87_196,
        "batch_normalization, dropout 0.2, dense 100 sigmoid, dense 50 sigmoid, dense 10 softmax",
    ),
    "mnist/tutorial_more_dropout": (
        87_596,
        "batch_normalization, dropout 0.2, dense 100 sigmoid, batch_normalization, dropout 0.2, dense 50 sigmoid,"
        " dense 10 softmax",
    ),
    "mnist/convolutional_adam": (824_458, CONVOLUTIONS),
    "mnist/convolutional_rmsprop": (824_458, CONVOLUTIONS),
}
"""Parameters with those that are not trained, and the layers behind the scaling."""
TRAINED = {
    "mnist/tutorial_batchnorm": ("sgd", 100, 100, None, False),
    "mnist/tutorial_early_stopping": ("sgd", 200, 100, ("val_loss", 10), False),
    "mnist/tutorial_l2_dropout_h5": ("sgd", 200, 100, ("val_accuracy", 10), True),
    "mnist/tutorial_dropout": ("rmsprop", 30, 100, None, False),
    "mnist/tutorial_more_dropout": ("rmsprop", 30, 100, None, False),
}
"""Optimizer, epochs, batch size, what is monitored with which patience, whether it stops at equal accuracies."""


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The plan is made from the catalog."""
    monkeypatch.setenv("MLPCLI_DATA", "")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


def _words(component: Any) -> str:
    size = next((getattr(component, name) for name in ("units", "filters", "rate") if hasattr(component, name)), "")
    activation = f"{component.activation or 'linear'}" if hasattr(component, "activation") else ""
    return " ".join(map(str, filter(None, (component.tag, size, activation))))


@pytest.mark.parametrize("name", PRINTED)
def test_its_layers_and_parameters_are_those_printed(name: str) -> None:
    plan = validate(CONFIGS / f"{name}.yaml").plan
    layers = [layer.component for layer in plan.layers if layer.component.tag not in ("rescaling", "reshape")]
    first = 1 if layers[0].tag == "flatten" else 0  # images are flattened for dense layers
    parameters, expected = PRINTED[name]
    assert ", ".join(_words(layer) for layer in layers[first:]) == expected
    assert plan.trainable + plan.non_trainable == parameters
    assert plan.notes == ()


@pytest.mark.parametrize("name", TRAINED)
def test_it_is_trained_as_printed(name: str) -> None:
    result = validate(CONFIGS / f"{name}.yaml")
    config, training = result.config, result.config.training
    stopping: Any = training.early_stopping or None
    found = (
        training.optimizer.tag,
        training.epochs,
        training.batch_size,
        stopping and (stopping.monitor, stopping.patience),
        bool(training.stop_when_equal),
    )
    assert found == TRAINED[name]
    assert (config.data.validation, config.output.keep) == ("test", "last")
    assert result.facts.train_rows == 60_000


def test_the_weights_start_and_are_held_as_printed() -> None:
    """he_normal and L2 on the first dense layer of each block; the second starts as Keras has it."""
    config = validate(CONFIGS / "mnist/tutorial_l2_dropout_h5.yaml").config
    dense: list[Any] = [layer for layer in config.model.layers or [] if layer.tag == "dense"]
    starts = [layer.kernel_initializer.tag for layer in dense]
    assert starts == ["he_normal", "glorot_uniform"] * 3 + ["glorot_uniform"]
    held = [getattr(layer.kernel_regularizer, "l2", None) for layer in dense]
    assert held == [0.01, None] * 3 + [None]


def test_whatever_claims_a_tutorial_is_held_to_it() -> None:
    named = {name for name in recipe_names() if "tutorial" in name}
    told = {exercise.recipe for exercises in EXERCISES.values() for exercise in exercises if exercise.told}
    assert told | named == set(PRINTED)
    assert named == set(TRAINED)


def test_the_other_recipes_do_not_say_that_they_are_a_tutorials() -> None:
    for name in set(recipe_names()) - set(PRINTED):
        text = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")
        assert "as tutorials write it" not in text
        assert "prints" not in text.splitlines()[0]
        assert yaml.safe_load(text)["name"]
