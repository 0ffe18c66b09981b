"""Settings that are right in themselves and contradict each other: monitors, schedules, forms, names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlpcli.config.schema import Config
from mlpcli.config.sections import EarlyStopping

Read = Callable[..., Config]
Refusals = Callable[..., list[str]]
DIGITS = "data: {source: digits}\n"
NO_VALIDATION = "data: {source: digits, validation: null}\n"


@pytest.mark.parametrize(
    ("training", "key", "message"),
    [
        ("early_stopping: {monitor: val_los}", "early_stopping.monitor",
         'unknown metric "val_los"; did you mean "val_loss"?'),
        ("early_stopping: {monitor: val_f1}", "early_stopping.monitor",
         'unknown metric "val_f1"; available: loss, accuracy, '
         "mean_absolute_error, val_loss, val_accuracy, val_mean_absolute_error"),
        ("early_stopping: {monitor: val_acc}, metrics: [accuracy]", "early_stopping.monitor",
         'unknown metric "val_acc"; did you mean "val_accuracy"?'),
        ("learning_rate_schedule: {reduce_on_plateau: {monitor: lss}}",
         "learning_rate_schedule.reduce_on_plateau.monitor",
         'unknown metric "lss"; did you mean "loss"?'),
        ("learning_rate_schedule: {name: reduce_on_plateau, monitor: lss}", "learning_rate_schedule.monitor",
         'unknown metric "lss"; did you mean "loss"?'),
        ("learning_rate_schedule: {cosine_decay: {decay_steps: 9, warmup_steps: 3}}",
         "learning_rate_schedule.cosine_decay.warmup_steps", "needs warmup_target, the rate to warm up to"),
        ("learning_rate_schedule: {name: cosine_decay, decay_steps: 9, warmup_steps: 3}",
         "learning_rate_schedule.warmup_steps", "needs warmup_target, the rate to warm up to"),
        ("early_stopping: {monitor: val_true_positives}, metrics: [true_positives]", "early_stopping.mode",
         "val_true_positives is a count, so mode: auto cannot tell which direction is better; set mode to max or min"),
    ],
)  # fmt: skip
def test_training_settings_that_do_not_go_together(training: str, key: str, message: str, refusals: Refusals) -> None:
    (problem,) = refusals(DIGITS + f"training: {{{training}}}\n")
    assert problem.startswith("my.yaml:2:")
    assert problem.endswith(f": training.{key}: {message}")


@pytest.mark.parametrize(
    ("monitor", "metrics"),
    [
        ("val_loss", "auto"), ("loss", "auto"), ("val_accuracy", "auto"), ("val_mean_absolute_error", "auto"),
        ("val_accuracy", "[accuracy]"), ("val_acc", "[acc]"), ("acc", "acc"), ("val_loss", "[]"), ("val_mse", "[mse]"),
        ("val_mine", "[{f1_score: {name: mine}}]"),
    ],
)  # fmt: skip
def test_a_monitor_is_a_column_of_the_history(monitor: str, metrics: str, read: Read) -> None:
    config = read(DIGITS + f"training: {{early_stopping: {{monitor: {monitor}}}, metrics: {metrics}}}\n")
    assert isinstance(config.training.early_stopping, EarlyStopping)
    assert config.training.early_stopping.monitor == monitor


def test_an_alias_is_not_the_long_name(refusals: Refusals) -> None:
    (problem,) = refusals(DIGITS + "training: {early_stopping: {monitor: val_mean_squared_error}, metrics: [mse]}\n")
    assert 'unknown metric "val_mean_squared_error"; available: loss, mse, val_loss, val_mse' in problem


@pytest.mark.parametrize(
    ("training", "key", "message"),
    [
        ("{early_stopping: true}", "early_stopping.monitor",
         '"val_loss" needs a validation set; set data.validation, or'),
        ("{early_stopping: {monitor: val_accuracy}}", "early_stopping.monitor",
         '"val_accuracy" needs a validation set; '
         "set data.validation, or monitor one of loss, accuracy, mean_absolute_error"),
        ("{learning_rate_schedule: reduce_on_plateau}", "learning_rate_schedule.reduce_on_plateau.monitor",
         '"val_loss" needs a validation set'),
        ("{stop_when_equal: true}", "stop_when_equal", "needs a validation set; set data.validation"),
        ("{stop_when_equal: {tolerance: 0.1}}", "stop_when_equal",
         "needs a validation set; set data.validation"),
    ],
)  # fmt: skip
def test_what_needs_validation(training: str, key: str, message: str, refusals: Refusals) -> None:
    (problem,) = refusals(NO_VALIDATION + f"training: {training}\n")
    assert f": training.{key}: {message}" in problem


@pytest.mark.parametrize("training", ["", "training: {epochs: 3}\n", "training: {early_stopping: false}\n"])
def test_without_validation_training_does_not_stop_early_by_default(training: str, read: Read) -> None:
    assert read(NO_VALIDATION + training).training.early_stopping is False


def test_without_validation_it_may_watch_the_loss(read: Read) -> None:
    config = read(NO_VALIDATION + "training: {early_stopping: {monitor: loss}}\n")
    assert isinstance(config.training.early_stopping, EarlyStopping)


def test_the_two_forms_of_a_model_exclude_each_other(refusals: Refusals) -> None:
    message = "belongs to the short form, which `layers` replaces; delete one of them"
    assert refusals(DIGITS + "model:\n  layers: [flatten]\n  hidden_units: [3]\n  dropout: 0.1\n") == [
        f"my.yaml:4:3: model.hidden_units: {message}",
        f"my.yaml:5:3: model.dropout: {message}",
    ]


def test_the_form_of_a_model_can_be_contradicted_by_an_override(refusals: Refusals) -> None:
    (problem,) = refusals(DIGITS + "model: {layers: [flatten]}\n", "model.hidden_units=[3]")
    assert problem.startswith("-s model.hidden_units=[3]: model.hidden_units: belongs to the short form")


def test_layer_names_are_unique(refusals: Refusals) -> None:
    text = (
        DIGITS
        + "model:\n  layers:\n    - dense: {units: 3, name: a}\n    - flatten\n    - dense: {units: 3, name: a}\n"
    )
    assert refusals(text) == [
        'my.yaml:6:25: model.layers[2].dense.name: "a" is already the name of model.layers[0].dense; choose another'
    ]
    text = DIGITS + "model: {layers: [{dense: {units: 3, name: a}}], output: {name: a}}\n"
    assert refusals(text)[0].endswith(
        'model.output.name: "a" is already the name of model.layers[0].dense; choose another'
    )


@pytest.mark.parametrize(
    ("folds", "key", "message"),
    [
        ("group: shop, time: day", "data.folds.time",
         "orders the rows, and data.folds.group keeps some together; choose one of the two"),
        ("count: 5", "data.folds.count",
         "belongs to one run and needs data.folds.held_out; leave both out, and train all folds with --folds"),
        ("held_out: 1", "data.folds.held_out",
         "belongs to one run and needs data.folds.count; leave both out, and train all folds with --folds"),
        ("count: 3, held_out: 4", "data.folds.held_out",
         "there are 3 folds (data.folds.count); choose from 1 to that"),
        ("time: false", "data.folds.time", "must be true (the rows are sorted by time), or the name of a column"),
    ],
)  # fmt: skip
def test_folds_that_do_not_go_together(folds: str, key: str, message: str, refusals: Refusals) -> None:
    (problem,) = refusals(f"data: {{source: digits, folds: {{{folds}}}}}\n")
    assert problem.startswith("my.yaml:1:")
    assert f": {key}: {message}" in problem


def test_a_fold_is_the_test_rows(refusals: Refusals) -> None:
    (problem,) = refusals("data: {source: digits, test: 0.2, folds: {count: 3, held_out: 3}}\n")
    assert problem.endswith(": data.test: the held-out fold is the test rows; set it to null")
