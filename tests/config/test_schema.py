"""What a config may say: the forms of components, the defaults, and that nothing is converted in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlpcli.config.layers import Dense, Dropout
from mlpcli.config.schema import Config
from mlpcli.config.sections import EarlyStopping, StopWhenEqual

Read = Callable[..., Config]
DIGITS = "data: {source: digits}\n"


def test_only_the_source_is_required(read: Read) -> None:
    config = read(DIGITS)
    assert config.seed == 777
    assert config.data.validation == 0.2
    assert config.model.hidden_units == [64, 32]
    assert (config.training.optimizer.tag, config.training.loss, config.training.metrics) == ("adam", "auto", "auto")
    assert config.training.early_stopping == EarlyStopping(monitor="val_loss", patience=10)
    assert config.training.stop_when_equal is False
    assert (config.output.model, config.output.plots) == ("model.keras", ["png"])


@pytest.mark.parametrize(
    "written",
    ["sgd", "{sgd: }", "{sgd: {}}", "{name: sgd}", "{name: sgd, learning_rate: 0.01}", "{sgd: {learning_rate: 1e-2}}"],
)
def test_the_forms_of_an_optimizer_mean_the_same(written: str, read: Read) -> None:
    assert read(f"{DIGITS}training: {{optimizer: {written}}}").training.optimizer.model_dump() == {
        "name": "sgd", "learning_rate": 0.01, "weight_decay": None, "clipnorm": None, "clipvalue": None,
        "global_clipnorm": None,
        "use_ema": False, "ema_momentum": 0.99, "ema_overwrite_frequency": None, "loss_scale_factor": None,
        "gradient_accumulation_steps": None, "momentum": 0.0, "nesterov": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "written", ["{learning_rate: 0.5}", "{adam: {learning_rate: 0.5}}", "{name: adam, learning_rate: 0.5}"]
)
def test_arguments_without_a_name_are_those_of_adam(written: str, read: Read) -> None:
    optimizer = read(f"{DIGITS}training: {{optimizer: {written}}}").training.optimizer
    assert (optimizer.tag, optimizer.learning_rate) == ("adam", 0.5)


@pytest.mark.parametrize("written", ["{l2: 0.5}", "{l2: {l2: 0.5}}", "{name: l2, l2: 0.5}"])
def test_the_forms_of_a_regularizer(written: str, read: Read) -> None:
    regularizer = read(f"{DIGITS}model: {{kernel_regularizer: {written}}}").model.kernel_regularizer
    assert regularizer is not None
    assert regularizer.model_dump() == {"l2": {"l2": 0.5}}


@pytest.mark.parametrize(
    "written", ["{l1: 0.1, l2: 0.2}", "{l1_l2: {l1: 0.1, l2: 0.2}}", "{name: l1_l2, l1: 0.1, l2: 0.2}"]
)
def test_both_norms_at_once(written: str, read: Read) -> None:
    regularizer = read(f"{DIGITS}model: {{kernel_regularizer: {written}}}").model.kernel_regularizer
    assert regularizer is not None
    assert regularizer.model_dump() == {"l1_l2": {"l1": 0.1, "l2": 0.2}}


def test_the_forms_of_a_layer(read: Read) -> None:
    layers = read(
        DIGITS + "model: {layers: [{dense: 5}, {dense: {units: 5, name: 은닉 1}}, {dropout: 0.2}, flatten, {flatten: },"
        " {conv2d: {filters: 2, kernel_size: [3, 5]}}, {reshape: [4, -1]}]}"
    ).model.layers
    assert layers is not None
    assert [layer.tag for layer in layers] == ["dense", "dense", "dropout", "flatten", "flatten", "conv2d", "reshape"]
    assert layers[0] == Dense(units=5)
    assert (layers[1].name, layers[2]) == ("은닉 1", Dropout(rate=0.2))


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("accuracy", ["accuracy"]), ("[accuracy]", ["accuracy"]), ("[acc, mse, rmse]", ["acc", "mse", "rmse"]),
        ("[{f1_score: {average: micro}}]", ["f1_score"]), ("[{mse: }]", ["mse"]), ("[{r2: {name: score}}]", ["score"]),
        ("[{binary_accuracy: 0.7}]", ["binary_accuracy"]), ("[{auc: {name: a}}, auc]", ["a", "auc"]), ("[]", []),
    ],
)  # fmt: skip
def test_a_metric_is_called_as_it_is_written(written: str, names: list[str], read: Read) -> None:
    metrics = read(f"{DIGITS}training: {{metrics: {written}}}").training.metrics
    assert [metric if isinstance(metric, str) else metric.name for metric in metrics] == names


@pytest.mark.parametrize(
    ("written", "tag", "delta"),
    [("huber", "huber", 1.0), ("huber_loss", "huber", 1.0), ("{huber: 2}", "huber", 2),
     ("{huber_loss: {delta: 3}}", "huber", 3),
     ("{name: huber, delta: 4}", "huber", 4)],
)  # fmt: skip
def test_the_forms_of_a_loss(written: str, tag: str, delta: float, read: Read) -> None:
    loss = read(f"{DIGITS}training: {{loss: {written}}}").training.loss
    assert (getattr(loss, "tag", None), getattr(loss, "delta", None)) == (tag, delta)


def test_switches(read: Read) -> None:
    training = read(DIGITS + "training: {early_stopping: true, stop_when_equal: true}").training
    assert training.early_stopping == EarlyStopping()
    assert training.stop_when_equal == StopWhenEqual(tolerance=0.0)
    assert read(DIGITS + "training: {early_stopping: false}").training.early_stopping is False


@pytest.mark.parametrize("weights", ["{0: 1, 1: 2.5}", "{'0': 1, '1': 2.5}"])
def test_class_weights_go_by_name(weights: str, read: Read) -> None:
    assert read(f"data: {{source: digits, class_weight: {weights}}}").data.class_weight == {"0": 1, "1": 2.5}


def test_the_ends_of_the_ranges_are_allowed(read: Read) -> None:
    config = read(
        "seed: 2147483647\ndata: {source: digits, validation: 1e-6, limit: 1}\nmodel: {hidden_units: [], dropout: 0}\n"
        "training: {epochs: 1000000, batch_size: 1000000, early_stopping: {patience: 0},\n"
        " optimizer: {name: sgd, momentum: 0}}"
    )
    assert (config.seed, config.data.validation, config.model.hidden_units) == (2147483647, 1e-6, [])


def test_a_config_cannot_be_changed_once_read(read: Read) -> None:
    config = read(DIGITS)
    with pytest.raises(ValueError, match="frozen"):
        setattr(config, "seed", 3)  # noqa: B010 - the type checker knows that it is frozen
