"""Graphs that one training of a network leaves to the next: with them and without, the bits are the same."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.data.dataset import Part
from mlpcli.keras_engine import graphs
from mlpcli.keras_engine.build import in_units
from mlpcli.keras_engine.graphs import network_key
from mlpcli.keras_engine.keras_epochs import Batches
from mlpcli.keras_engine.resident import ResidentEpochs, model_state
from mlpcli.model.compilation import LossUnits

pytestmark = pytest.mark.tf

keras, tf = backend.keras(), backend.tensorflow()
WHOLE, WITH_REST = 40, 45


def _network(seed: int, rate: Any = 0.01, dropout: float = 0.3, mean: float = 2.0) -> Any:
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Normalization(mean=mean, variance=3.0, axis=None), keras.layers.Dense(4)]
    noise = [keras.layers.BatchNormalization(), keras.layers.Dropout(dropout)]
    model = keras.Sequential([keras.Input((6,)), *layers, *noise, keras.layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _trained(model: Any, seed: int, rows: int, compiled: bool, network: str | None) -> list[Any]:
    """The logs of three epochs, and all variables; the rows are the seed's, too."""
    rng = np.random.default_rng(seed)
    x, targets = rng.integers(0, 9, (rows + 9, 6)).astype(np.float32), [2] if model.output_shape[-1] == 2 else []
    y = rng.integers(0, 3, [rows + 9, *targets]).astype(np.int32)
    train = Batches(Part(x, y, np.arange(rows)), y, 8, seed)
    validation = Batches(Part(x, y, np.arange(rows, rows + 9)), y, 8)
    engine = ResidentEpochs(model, train, validation, compiled, pytest.fail, network=network)
    with engine.running():
        logs = [engine.epoch(number) for number in range(3)]
        engine.finish()
    return [logs, *(np.asarray(array).tolist() for arrays in model_state(model).values() for array in arrays)]


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Grows by one with each function that is traced."""
    seen: list[Any] = []
    make = graphs._concrete

    def counted(*args: Any, **more: Any) -> Any:
        seen.append(None)
        return make(*args, **more)

    monkeypatch.setattr(graphs, "_concrete", counted)
    monkeypatch.setattr(graphs, "_SHELF", graphs._Shelf())
    return seen


@pytest.mark.parametrize("compiled", [False, True])
def test_a_lent_graph_gives_the_bits_of_a_new_one(compiled: bool, traced: list[Any]) -> None:
    alone = _trained(_network(2, rate=0.02), 2, WITH_REST, compiled, None)
    before = len(traced)
    for seed in (1, 3):
        model = _network(seed, mean=seed)
        _trained(model, seed, WITH_REST, compiled, network_key(model))
    model = _network(2, rate=0.02)
    assert _trained(model, 2, WITH_REST, compiled, network_key(model)) == alone
    assert len(traced) == 2 * before


def _regression(seed: int, deviation: float | tuple[float, float], pixels: float = 0.5) -> Any:
    """As mlpcli builds one whose target is standardized, or two of them."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((6,)), keras.layers.Rescaling(pixels), keras.layers.Dense(4, activation="relu")]
    outputs = np.size(deviation)
    model = keras.Sequential([*layers, keras.layers.Dense(outputs), keras.layers.Rescaling(deviation, offset=seed)])
    units = LossUnits(deviation**-2) if isinstance(deviation, float) else LossUnits(deviations=deviation)
    weight = None if units.deviations is not None else units.weight
    model.compile(
        keras.optimizers.SGD(0.01),
        in_units(keras.losses.MeanSquaredError(), units),
        loss_weights=weight,
        metrics=["mae"],
    )
    return model


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("deviations", [(2.0, 7.0, 0.5), ((2.0, 0.25), (7.0, 1.0), (0.5, 3.0))])
def test_so_does_that_of_another_target(compiled: bool, deviations: tuple[Any, Any, Any], traced: list[Any]) -> None:
    alone = _trained(_regression(2, deviations[0]), 2, WITH_REST, compiled, None)
    before = len(traced)
    for seed, deviation in zip((1, 3), deviations[1:], strict=True):
        model = _regression(seed, deviation)
        _trained(model, seed, WITH_REST, compiled, network_key(model))
    model = _regression(2, deviations[0])
    assert _trained(model, 2, WITH_REST, compiled, network_key(model)) == alone
    assert len(traced) == 2 * before


def test_one_target_and_two_have_other_graphs() -> None:
    keys = {network_key(_regression(1, deviation)) for deviation in (1.0, (1.0, 1.0), (2.0, 3.0))}
    assert len(keys) == 2
    assert None not in keys


def test_the_scale_of_pixels_is_part_of_the_graph() -> None:
    key = network_key(_regression(1, 2.0))
    assert key is not None
    assert network_key(_regression(2, 3.0)) == key
    assert network_key(_regression(1, 2.0, pixels=0.25)) != key


def test_rows_that_make_other_batches_have_graphs_of_their_own(traced: list[Any]) -> None:
    model = _network(1)
    _trained(model, 1, WITH_REST, False, network_key(model))
    before = len(traced)
    alone = _trained(_network(2), 2, WHOLE, False, None)
    model = _network(2)
    assert _trained(model, 2, WHOLE, False, network_key(model)) == alone
    assert len(traced) == 3 * before


def test_the_key_has_all_that_a_graph_has_as_a_constant() -> None:
    key = network_key(_network(1))
    assert key is not None
    assert network_key(_network(2, rate=0.5, mean=2.5)) == key
    schedule = keras.optimizers.schedules.ExponentialDecay
    others = [
        network_key(_network(1, dropout=0.2)),
        network_key(_network(1, rate=schedule(0.1, 10, 0.5))),
        network_key(_network(1, rate=schedule(0.1, 20, 0.5))),
    ]
    assert len({key, *others}) == 4


def test_while_a_model_trains_its_scaling_is_variables_that_are_no_weights() -> None:
    model, rows = _network(1), Batches(Part(np.ones((8, 6), np.float32), np.ones(8), np.arange(8)), np.ones(8), 8)
    before, config, outputs = len(model.weights), model.get_config(), model(rows.part.x)
    alone = graphs.Graphs(model, rows, None, False, None)
    assert alone._scaling == []
    shared = graphs.Graphs(model, rows, None, False, network_key(model))
    assert len(model.weights) == before
    np.testing.assert_array_equal(model(rows.part.x), outputs)
    mean, variance = (number.variable for number in shared._scaling)
    assert np.unique(mean.numpy()) == [2.0]
    assert np.unique(variance.numpy()) == [3.0]
    mean.assign_add(tf.ones_like(mean) * 5)
    assert (np.array(model.layers[0](rows.part.x)) < -3).all()  # (1 - 7) / sqrt(3)
    shared.keep()
    assert model.get_config() == config
    np.testing.assert_array_equal(model(rows.part.x), outputs)


def test_a_layer_that_cannot_be_described_shares_nothing() -> None:
    class Own(keras.layers.Layer):  # type: ignore[misc, valid-type, name-defined]
        def __init__(self, function: Any) -> None:
            super().__init__()
            self.function = function

    model = keras.Sequential([keras.Input((2,)), Own(abs), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert network_key(model) is None


def test_models_and_rows_do_not_outlive_their_training(traced: list[Any]) -> None:
    model = _network(1)
    alive = weakref.ref(model)
    _trained(model, 1, WITH_REST, False, network_key(model))
    del model
    backend.forget_models()
    gc.collect()
    assert alive() is None


def test_only_the_last_few_small_networks_are_kept(traced: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = graphs._SHELF
    for number in range(graphs.MOST_NETWORKS + 1):
        shelf.put(str(number), {})
    assert list(shelf._kept) == ["1", "2", "3", "4"]
    monkeypatch.setattr(graphs, "MOST_BYTES", 100)
    model = _network(1)
    _trained(model, 1, WITH_REST, False, network_key(model))
    assert list(shelf._kept) == ["1", "2", "3", "4"]
