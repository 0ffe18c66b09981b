from __future__ import annotations

from typing import Any

import pytest

from mlpcli.runs.run_labels import LONGEST_LABEL, differing_labels, flatten

SGD = {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9}
STOPPING = {"monitor": "val_loss", "patience": 10, "restore_best_weights": True}


def test_optimizer_name_stands_for_the_optimizer() -> None:
    assert flatten({"training": {"optimizer": SGD, "epochs": 5}}) == {
        "training.optimizer": "sgd",
        "training.optimizer.learning_rate": "0.01",
        "training.optimizer.momentum": "0.9",
        "training.epochs": "5",
    }


@pytest.mark.parametrize(
    ("configs", "labels"),
    [
        pytest.param(
            [
                {"model": {"batch_normalization": False}, "training": {"optimizer": SGD}},
                {"model": {"batch_normalization": True}, "training": {"optimizer": SGD | {"learning_rate": 0.1}}},
            ],
            ["batch_normalization=false, learning_rate=0.01", "batch_normalization=true, learning_rate=0.1"],
            id="two keys",
        ),
        pytest.param(
            [{"training": {"optimizer": SGD}}, {"training": {"optimizer": {"name": "adam", "learning_rate": 0.001}}}],
            ["optimizer=sgd, learning_rate=0.01", "optimizer=adam, learning_rate=0.001"],
            id="an optimizer's own arguments are left out",
        ),
        pytest.param(
            [{"training": {"optimizer": "adam"}}, {"training": {"optimizer": SGD}}],
            ["optimizer=adam", "optimizer=sgd"],
            id="optimizer in short form",
        ),
        pytest.param(
            [{"training": {"early_stopping": False}}, {"training": {"early_stopping": STOPPING}}],
            ["early_stopping=false", "early_stopping=true"],
            id="off against a long mapping",
        ),
        pytest.param(
            [{"model": {"kernel_regularizer": None}}, {"model": {"kernel_regularizer": {"l2": 0.01}}}],
            ["kernel_regularizer=null", "kernel_regularizer={l2: 0.01}"],
            id="null against a short mapping",
        ),
        pytest.param(
            [{"training": {"early_stopping": STOPPING}}, {"training": {"early_stopping": STOPPING | {"patience": 3}}}],
            ["patience=10", "patience=3"],
            id="one argument",
        ),
        pytest.param(
            [{"model": {"hidden_units": [64, 32]}}, {"model": {"hidden_units": [128]}}],
            ["hidden_units=[64, 32]", "hidden_units=[128]"],
            id="lists",
        ),
        pytest.param(
            [{"a": {"limit": 1}, "b": {"limit": 2}}, {"a": {"limit": 3}, "b": {"limit": 4}}],
            ["a.limit=1, b.limit=2", "a.limit=3, b.limit=4"],
            id="same last part",
        ),
        pytest.param([{"seed": 1}, {}], ["seed=1", "second"], id="missing in one"),
        pytest.param([{"x": True}, {"x": 1}], ["x=true", "x=1"], id="true is not one"),
        pytest.param([{"x": 0.1 + 0.2}, {"x": 0.3}], ["first", "second"], id="equal to six digits"),
        pytest.param(
            [
                {"name": "a", "output": {"plots": ["png"]}, "data": {"path": "/a"}},
                {"name": "b", "output": {"plots": []}, "data": {"path": "/b"}},
            ],
            ["first", "second"],
            id="name, output and data folder do not count",
        ),
        pytest.param(
            [
                {"model": {"hidden_units": [64]}, "training": {"engine": "auto"}},
                {"model": {"hidden_units": [8]}, "training": {"engine": "resident"}},
            ],
            ["hidden_units=[64]", "hidden_units=[8]"],
            id="the engine of a series beside what was asked for",
        ),
        pytest.param(
            [{"training": {"engine": "auto"}}, {"training": {"engine": "resident"}}],
            ["engine=auto", "engine=resident"],
            id="the engine alone",
        ),
        pytest.param(
            [{"seed": 1, "training": {"engine": "auto"}}, {"seed": 2, "training": {"engine": "numpy"}}],
            ["seed=1, engine=auto", "seed=2, engine=numpy"],
            id="another engine",
        ),
        pytest.param([{}, {}], ["first", "second"], id="no configs"),
    ],
)
def test_labels_of_two_runs(configs: list[dict[str, Any]], labels: list[str]) -> None:
    assert differing_labels(configs, ["first", "second"]) == labels


def test_equal_labels_get_the_name() -> None:
    configs = [{"seed": 1}, {"seed": 2}, {"seed": 2}]
    assert differing_labels(configs, ["a", "b", "c"]) == ["seed=1", "seed=2 (b)", "seed=2 (c)"]


def test_too_many_differences_leave_the_names() -> None:
    many = {f"a_long_key_{n}": n for n in range(9)}
    assert len(", ".join(f"{key}={value}" for key, value in many.items())) > LONGEST_LABEL
    assert differing_labels([many, {"a_long_key_0": 1}], ["digits", "digits-2"]) == ["digits", "digits-2"]


def test_long_values_are_cut_and_fall_back_to_the_names() -> None:
    layers: list[Any] = [{"dense": {"units": units}} for units in range(20)]
    configs: list[dict[str, Any]] = [{"model": {"layers": layers}}, {"model": {"layers": [*layers, "flatten"]}}]
    assert differing_labels(configs, ["first", "second"]) == ["first", "second"]
