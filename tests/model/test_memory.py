"""The bytes that a network needs at the least, worked out by hand, and what is refused for want of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlpcli.config.optimizers import OPTIMIZERS
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts
from mlpcli.data.scaling import Scaling
from mlpcli.errors import ModelFileError, SettingError
from mlpcli.machine import has_gpu
from mlpcli.model import memory
from mlpcli.model.memory import Need, check_memory, check_saved, optimizer_slots, rows_at_once, values_in_forward
from mlpcli.model.plan import Plan, make_plan, planned_layers
from mlpcli.workflows.validate import validate


def settings(layers: list[Any], **training: Any) -> Config:
    data = {"source": "digits", "scaling": "none"}
    return Config.model_validate({"name": "n", "data": data, "model": {"layers": layers}, "training": training})


def facts(shape: tuple[int, ...] = (4,), train: int = 1000, validation: int | None = 500) -> DataFacts:
    kind: Any = "table" if len(shape) == 1 else "image"
    return DataFacts("s", kind, shape, "binary", ("a", "b"), None, None, 1, train, validation, None, "here")


def need(layers: list[Any], given: DataFacts | None = None, **training: Any) -> Need:
    config, known = settings(layers, **training), given or facts()
    return Need.of(make_plan(config, known), config.training, known)


DENSE = [{"dense": 10}, {"dense": 3}]
CONV = {"conv2d": {"filters": 2, "kernel_size": 3}}
PARAMETERS = 4 * 10 + 10 + 10 * 3 + 3 + 3 * 1 + 1


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        ("sgd", 0),
        ({"name": "sgd", "momentum": 0.9}, 1),
        ("rmsprop", 1),
        ({"name": "rmsprop", "momentum": 0.5, "centered": True}, 3),
        ("adam", 2),
        ({"name": "adam", "amsgrad": True, "use_ema": True, "gradient_accumulation_steps": 2}, 5),
        ("adagrad", 1),
        ("lion", 1),
        ("ftrl", 2),
    ],
)
def test_weights_gradients_and_the_state_of_the_optimizer(optimizer: Any, slots: int) -> None:
    found = need(DENSE, optimizer=optimizer)
    assert (found.weights, found.gradients, found.optimizer) == (4 * PARAMETERS, 4 * PARAMETERS, 4 * slots * PARAMETERS)
    assert found.fixed == (2 + slots) * 4 * PARAMETERS


def test_what_is_only_tracked_has_no_gradient() -> None:
    found = need([{"dense": {"units": 10, "use_bias": False}}, "batch_normalization"])
    # 40 + gamma and beta of 10 + the output's 11, and two more vectors of 10
    assert (found.weights, found.gradients, found.optimizer) == (4 * (71 + 20), 4 * 71, 2 * 4 * 71)


@pytest.mark.parametrize(
    ("layers", "shape", "values"),
    [
        (DENSE, (4,), 10 + 3 + 1),  # the inputs of the second and third layer, and the output
        ([{"dense": 10}, {"dropout": 0.5}, {"activation": "relu"}], (4,), 10 + 1),
        # upsampled pixels are the inputs of the convolution, which makes 2 filters of 78x78; dense takes these
        (
            [{"up_sampling2d": 10}, {"conv2d": {"filters": 2, "kernel_size": 3}}, "flatten"],
            (8, 8, 1),
            80 * 80 + 78 * 78 * 2 + 1,
        ),
        ([{"conv2d": {"filters": 5, "kernel_size": 3}}, "global_average_pooling2d"], (8, 8, 1), 36 * 5),
        (["flatten", {"dense": 2}], (8, 8), 64),
    ],
)
def test_values_of_one_row_in_training(layers: list[Any], shape: tuple[int, ...], values: int) -> None:
    assert need(layers, facts(shape, validation=None)).activations == 4 * values


def test_predictions_keep_the_inputs_and_outputs_of_one_layer_at_a_time() -> None:
    config = settings([{"dense": 10}, {"dense": 30}, {"dense": 5}])
    plan = make_plan(config, facts())
    assert values_in_forward(plan.input_shape, plan.layers) == 10 + 30


@pytest.mark.parametrize(
    ("train", "validation", "engine", "rows", "values"),
    [
        (1000, 500, "auto", 64, 14),  # a batch of 64
        (40, 20, "auto", 40, 14),  # all rows are fewer
        (40, 60, "auto", 60, 4 + 10),  # there are more validation rows, whose inputs and outputs of dense count
        (40, 60, "numpy", 40, 14),  # NumPy evaluates them a few at a time
        (1000, None, "auto", 64, 14),
    ],
)
def test_the_larger_of_both_batches_counts(
    train: int, validation: int | None, engine: str, rows: int, values: int
) -> None:
    found = need(DENSE, facts(train=train, validation=validation), batch_size=64, engine=engine)
    assert (found.rows, found.activations) == (rows, 4 * values)


def test_sixteen_bits_take_half_of_the_activations_and_all_of_the_weights() -> None:
    found = need(DENSE, precision="mixed_bfloat16")
    assert (found.weights, found.activations) == (4 * PARAMETERS, 2 * 14)


def checked(monkeypatch: pytest.MonkeyPatch, free: int | None, layers: list[Any], **training: Any) -> Plan:
    config, known = settings(layers, **training), facts(train=100_000)
    plan = make_plan(config, known)
    monkeypatch.setattr(memory, "available_memory", lambda: free)
    monkeypatch.setattr(memory, "has_gpu", lambda: False)
    check_memory(plan, config.training, known)
    return plan


WIDE = [{"dense": 1000}, {"dense": 2000}]
WIDE_PARAMETERS = 4 * 1000 + 1000 + 1000 * 2000 + 2000 + 2001


def test_too_many_weights_name_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    checked(monkeypatch, 16 * WIDE_PARAMETERS, WIDE, batch_size=1)
    checked(monkeypatch, None, WIDE)
    with pytest.raises(SettingError) as caught:
        checked(monkeypatch, 16 * WIDE_PARAMETERS - 1, WIDE, batch_size=1)
    assert caught.value.key == "model.layers[1]"
    assert caught.value.message == (
        "the network has 2,009,001 parameters and needs at least 32.1 MB to train (weights 8.0 MB, gradients 8.0 MB,"
        " state of adam 16.1 MB), but only 32.1 MB are free; 1000x2000+2000 of them are in layer dense_1: use fewer"
        " units or filters there or before it"
    )
    checked(monkeypatch, 8 * WIDE_PARAMETERS, WIDE, batch_size=1, optimizer="sgd")


def test_too_large_a_batch_names_the_one_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = 4 * 3 * WIDE_PARAMETERS  # weights and the state of Adam; a row takes 1000 + 2000 + 1 values
    checked(monkeypatch, fixed + 4 * 3001 * 4000, WIDE, batch_size=4000)
    with pytest.raises(SettingError) as caught:
        checked(monkeypatch, fixed + 4 * 3001 * 4000 - 1, WIDE, batch_size=4000)
    assert str(caught.value) == (
        "training.batch_size: a batch of 4,000 rows needs at least 48.0 MB for the outputs of the layers (2,000 values"
        " a row in layer dense_1), beside 24.1 MB for the network, but only 72.1 MB are free; set training.batch_size:"
        " 3999 or less"
    )


def test_where_not_one_row_fits_the_layer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [{"dense": 2}, {"reshape": [1, 1, 2]}, {"up_sampling2d": 1000}, "global_max_pooling2d"]
    with pytest.raises(SettingError, match="2,000,000 values a row in layer up_sampling2d") as caught:
        checked(monkeypatch, 7_000_000, layers)
    assert caught.value.key == "model.layers[2]"


def test_with_a_gpu_only_the_copy_on_this_side_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    config, known = settings(WIDE, batch_size=100_000), facts(train=100_000)
    plan = make_plan(config, known)
    monkeypatch.setattr(memory, "has_gpu", lambda: True)
    monkeypatch.setattr(memory, "available_memory", lambda: 4 * WIDE_PARAMETERS)
    check_memory(plan, config.training, known)
    monkeypatch.setattr(memory, "available_memory", lambda: 4 * WIDE_PARAMETERS - 1)
    with pytest.raises(SettingError, match=r"needs at least 8\.0 MB for one copy of its weights"):
        check_memory(plan, config.training, known)


def test_a_gpu_is_known_by_its_driver(tmp_path: Path) -> None:
    assert not has_gpu(tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidiactl").touch()
    assert has_gpu(tmp_path)


def test_validate_names_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "my.yaml"
    config.write_text("data: {source: mnist}\nmodel:\n  hidden_units: [50000, 20000]\n", encoding="utf-8")
    monkeypatch.setattr(memory, "available_memory", lambda: 6 << 30)
    monkeypatch.setattr(memory, "has_gpu", lambda: False)
    with pytest.raises(Exception, match=r"my\.yaml:3:25: model\.hidden_units\[1\]: .* 50000x20000\+20000 of them"):
        validate(config)
    lines = ["data: {source: mnist}", "model: {hidden_units: [100000]}", "training: {batch_size: 60000}"]
    config.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Exception, match=r"my\.yaml:3:12: training\.batch_size: a batch of 48,000 rows") as caught:
        validate(config)
    # of 784x100000+100000 and 100000x10+10 weights with the two slots of Adam; a row takes 100,010 values
    rows = ((6 << 30) - 12 * (78_500_000 + 1_000_010)) // (4 * 100_010)
    assert str(caught.value).endswith(f"set training.batch_size: {rows} or less")


def test_a_model_file_takes_its_weights_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(settings(WIDE), facts())
    layers = planned_layers(plan, Scaling("none"))
    monkeypatch.setattr(memory, "has_gpu", lambda: False)
    needed = 2 * 4 * WIDE_PARAMETERS + 2 * 3000  # the outputs may be of 16 bits
    monkeypatch.setattr(memory, "available_memory", lambda: needed)
    check_saved(Path("m.keras"), plan.input_shape, layers)
    monkeypatch.setattr(memory, "available_memory", lambda: needed - 1)
    with pytest.raises(ModelFileError) as caught:
        check_saved(Path("m.keras"), plan.input_shape, layers)
    assert str(caught.value) == (
        "m.keras: its network needs at least 16.1 MB to predict, most of it in layer dense_1, but only 16.1 MB are"
        " free; close other programs, or allow more (ulimit -v)"
    )


def test_fewer_rows_at_once_for_wide_layers() -> None:
    assert rows_at_once(2 * 32 * 32 * 64) == 2048
    assert rows_at_once(1 << 29) == 1
    assert rows_at_once(0) == 1 << 28


@pytest.mark.tf
@pytest.mark.parametrize("more", [{}, {"momentum": 0.5}, {"amsgrad": True}, {"centered": True}, {"use_ema": True}])
@pytest.mark.parametrize("cls", OPTIMIZERS, ids=lambda cls: cls.tag)
def test_the_slots_are_keras_s(cls: Any, more: dict[str, Any]) -> None:
    from mlpcli import backend
    from mlpcli.keras_engine.build import keras_object

    known = {name: value for name, value in more.items() if name in cls.model_fields}
    optimizer = cls(gradient_accumulation_steps=2, **known)
    made = keras_object(optimizer)
    made.build([backend.keras().Variable([0.0] * 1000)])
    kept = sum(variable.shape.num_elements() for variable in made.variables)
    assert kept // 1000 == optimizer_slots(optimizer)
