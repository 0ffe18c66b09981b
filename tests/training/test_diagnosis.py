"""A loss that leaves the finite numbers at once: the cause is named where it is not the learning rate."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.training.diagnosis import likely_cause
from mlpcli.workflows.prepare import prepare, read_config
from mlpcli.workflows.train import train

NUMPY = "training.engine=numpy"
DIGITS = "data: {source: digits, validation: 0.2, limit: 300}\nmodel: {hidden_units: [16, 16]}\n"
IRIS = "data: {source: iris}\nmodel: {hidden_units: [64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64]}\n"
TABLE = "data: {source: table.csv, target: y, scaling: none}\nmodel: {hidden_units: [8]}\n"


@pytest.fixture
def cause(tmp_path: Path) -> Any:
    """What is found in the network of a config as it starts."""

    def find(config: str, *overrides: str, a: float = 1.0, b: float = 0.0, y: float = 1.0) -> str | None:
        random = np.random.default_rng(3)
        rows = random.normal(size=(200, 2)) * [1.0, a] + [0.0, b]
        target = y * (1 + 0.1 * rows[:, 0])
        lines = [f"{one:.4f},{two:.1f},{value:.3f}" for (one, two), value in zip(rows, target, strict=True)]
        (tmp_path / "table.csv").write_text("\n".join(["first,income,y", *lines, ""]), encoding="utf-8")
        (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
        loaded = read_config(tmp_path / "config.yaml", overrides)
        return likely_cause(loaded.config, prepare(loaded))

    return find


def _failure(folder: Path, *overrides: str) -> str:
    """What ended a training on digits, after `after epoch`."""
    (folder / "config.yaml").write_text(DIGITS, encoding="utf-8")
    given = [NUMPY, "training.epochs=6", "output.plots=[]", *overrides]
    result = train(folder / "config.yaml", given, runs_dir=folder / "runs")
    return re.sub(r" \(first at step [0-9]+\)", "", str(result.failure).partition(" after epoch ")[2])


def test_an_initializer_that_is_too_wide_names_its_layer(cause: Any) -> None:
    said = cause(DIGITS, "model.kernel_initializer={random_normal: {stddev: 100.0}}")
    assert said.startswith('the initial weights of layer "dense')
    assert " (random_normal) make its outputs " in said
    assert said.endswith("; use kernel_initializer: he_normal or glorot_uniform there")


def test_the_factor_is_that_of_the_weights(cause: Any) -> None:
    """64 pixels of rms q through weights of spread 1000 have an rms of 1000 * sqrt(64) * q, give or take a draw."""
    layers = "model.layers=[flatten, {dense: {units: 64, name: 넓은 층, kernel_initializer: "
    said = cause(DIGITS.partition("model")[0], layers + "{random_normal: {stddev: 1000.0}}}}, relu]")
    factor = int(said.partition("make its outputs ")[2].partition(" times")[0].replace(",", ""))
    assert 'layer "넓은 층"' in said
    assert factor == pytest.approx(8000, rel=0.1)


def test_a_column_that_nothing_scales_is_named(cause: Any) -> None:
    said = cause(TABLE, a=1e7, b=3e8)
    assert said.startswith('column "income" reaches 3.')
    assert said.endswith("e+08, and data.scaling is none; set data.scaling: standardize")


def test_targets_far_from_0_are_named(cause: Any) -> None:
    said = cause(TABLE, y=1e9)
    assert said.startswith("the targets reach 1.")
    assert said.endswith("; set data.target_scaling: standardize")


def test_values_that_grow_from_layer_to_layer(cause: Any) -> None:
    said = cause(IRIS, "model.kernel_initializer={random_normal: {stddev: 0.5}}")
    assert said.startswith("the values grow from layer to layer, to ")
    assert ' in layer "dense_' in said


def test_a_usual_network_has_nothing_wrong(cause: Any) -> None:
    assert cause(DIGITS) is None
    assert cause(TABLE.replace("none", "auto"), a=1e7, b=3e8) is None


def test_the_run_says_it(tmp_path: Path) -> None:
    said = _failure(tmp_path, "training.optimizer=sgd", "model.kernel_initializer={random_normal: {stddev: 1e20}}")
    assert said.startswith('1: the initial weights of layer "dense')


def test_what_is_left_is_the_learning_rate(tmp_path: Path) -> None:
    said = _failure(tmp_path, "training.optimizer={name: sgd, learning_rate: 1e10}")
    assert said.startswith("1: the steps are too large; lower training.optimizer.learning_rate (now 1e+10)")


def test_after_a_good_epoch_it_is_the_learning_rate(tmp_path: Path) -> None:
    explodes = "{piecewise_constant_decay: {boundaries: [16], values: [0.05, 1.0e30]}}"
    said = _failure(tmp_path, "training.optimizer=sgd", f"training.learning_rate_schedule={explodes}")
    assert said.startswith("3: the steps are too large")
