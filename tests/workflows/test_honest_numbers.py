"""What a score is worth is said, and no setting is ignored in silence; whoever trains."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.config.sections import TrainingConfig
from mlpcli.errors import ConfigError, DataError

NUMPY = "training.engine=numpy"
IRIS = """
name: iris
data: {source: iris, test: 0.2, features: [petal width (cm), sepal length (cm), petal length (cm)]}
model: {hidden_units: [16]}
training: {optimizer: {name: adam, learning_rate: 0.02}, epochs: 30}
output: {plots: []}
"""
TWO_TARGETS = """
data: {source: two.npz, test: test.npz}
model: {hidden_units: [8]}
training: {epochs: 2}
output: {plots: []}
"""


def test_a_built_in_set_is_read_in_the_models_own_columns(train: Callable[..., Any]) -> None:
    run = train(NUMPY, text=IRIS).run
    own = mlpcli.evaluate(run, split="train").evaluation
    everything = mlpcli.evaluate(run, data="iris").evaluation
    assert own["accuracy"] > 0.8
    assert everything["rows"] == 150
    assert everything["accuracy"] > 0.8


def _two_targets(folder: Path, name: str, shift: float = 0.0) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype(np.float32)
    np.savez(folder / name, x=x, y=(x[:, :2] + shift).astype(np.float32))


def test_several_targets_and_a_test_file_that_changes(train: Callable[..., Any], tmp_path: Path) -> None:
    _two_targets(tmp_path, "two.npz")
    _two_targets(tmp_path, "test.npz", shift=0.1)
    run = train(NUMPY, text=TWO_TARGETS).run
    before = mlpcli.evaluate(run)
    assert before.notes == []
    again = mlpcli.evaluate(run, data=tmp_path / "test.npz").evaluation
    assert again["mae"] == pytest.approx(before.evaluation["mae"])
    _two_targets(tmp_path, "test.npz", shift=500.0)
    (note,) = mlpcli.evaluate(run).notes
    assert "has changed since this model was trained" in note


def test_averaged_weights_are_the_ones_that_are_kept(train: Callable[..., Any]) -> None:
    last = (NUMPY, "training.early_stopping=false", "output.keep=last")
    plain = train(*last, "training.optimizer=adam")
    averaged = train(*last, "training.optimizer={name: adam, use_ema: true, ema_momentum: 0.9}")
    assert plain.metrics["scores"] != averaged.metrics["scores"]


def test_averages_and_restored_weights_exclude_each_other(train: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="restore_best_weights: false"):
        train("training.optimizer={name: adam, use_ema: true}")


@pytest.mark.parametrize(
    ("best", "words"),
    [
        (0.06, "val_loss had not beaten the baseline 0.01 for 3 epochs"),
        (0.005, "val_loss had not improved for 3 epochs"),
    ],
)
def test_a_baseline_that_was_not_beaten_is_named(best: float, words: str) -> None:
    from mlpcli.training.loop import _reason

    stopping = SimpleNamespace(
        stopped_epoch=5, patience=3, monitor="val_loss", baseline=0.01, best=best, monitor_op=operator.lt
    )
    assert _reason(TrainingConfig(), stopping, None, 6) == words


def test_test_rows_that_chose_the_epoch_are_said_to_have(train: Callable[..., Any]) -> None:
    assert train(NUMPY, "data.validation=test").metrics["test_chose_the_epoch"] is True
    without = (NUMPY, "data.validation=test", "training.early_stopping=false")
    assert train(*without).metrics["test_chose_the_epoch"] is True
    assert train(*without, "output.keep=last").metrics["test_chose_the_epoch"] is False
    assert train(NUMPY).metrics["test_chose_the_epoch"] is False


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("data.limit=100", "data.class_weight=balanced"), 'no training row has the class "virginica"'),
        (("data.test=0.98",), "each class needs at least 2"),
    ],
)
def test_validate_refuses_what_train_would(
    overrides: tuple[str, ...], message: str, write_config: Callable[..., Path]
) -> None:
    with pytest.raises(ConfigError, match=message):
        mlpcli.validate(write_config(IRIS), overrides)


def test_classes_without_training_rows_are_named(write_config: Callable[..., Path]) -> None:
    result = mlpcli.validate(write_config(IRIS), ["data.limit=100"])
    assert result.look is not None
    assert any('no training row has the class "virginica"' in warning for warning in result.look.warnings)
    whole = mlpcli.validate(write_config(IRIS)).look
    assert whole is not None
    assert not any("no training row has the class" in warning for warning in whole.warnings)


def test_a_path_on_the_command_line_starts_where_it_is_typed(
    write_config: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config("data: {source: two.npz}", "configs/my.yaml")
    (tmp_path / "here").mkdir()
    _two_targets(tmp_path / "here", "two.npz")
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(DataError, match=r"two\.npz: not found"):
        mlpcli.validate(config)
    found = mlpcli.validate(config, ["data.source=two.npz"]).config.data.source
    assert found == os.path.realpath(tmp_path / "here" / "two.npz")


@pytest.mark.parametrize("written", ['"20%"', '"0.2"', "20%"])
def test_a_fraction_in_quotes_is_not_taken_for_a_path(written: str, write_config: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError, match=r"such as 0\.2 for 20 %"):
        mlpcli.validate(write_config(IRIS), [f"data.test={written}"])


@pytest.mark.tf
def test_scaling_stays_in_float32_under_mixed_precision(train: Callable[..., Any], tmp_path: Path) -> None:
    """Two columns of 10,000 +- 1: in bfloat16 all their values are the same."""
    rng = np.random.default_rng(0)
    x = rng.normal(10_000, 1, (300, 2)).astype(np.float32)
    np.savez(tmp_path / "far.npz", x=x, y=(x[:, 0] > 10_000).astype(np.int64))
    text = (
        "data: {source: far.npz, test: 0.2}\ntraining: {epochs: 30, precision: mixed_bfloat16}\noutput: {plots: []}\n"
    )
    assert train(text=text).metrics["scores"]["test"]["accuracy"] > 0.9
