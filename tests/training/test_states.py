"""What a rule has seen, taken out after some epochs and put into a new one: it decides as if nothing had been."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlpcli.config.optimizers import OPTIMIZERS
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.sections import EarlyStopping
from mlpcli.numpy_engine.optimizers import RULES, Optimizer
from mlpcli.training.stopping import AccuraciesMeet, LowerRate, StopEarly

VALUES = [0.9, 0.5, 0.6, 0.4, 0.45, 0.41, 0.42, 0.43]
"""The best is that of epoch 3, from 0."""


def _through_json(state: Any) -> Any:
    """As a file would keep it: numbers and strings by JSON, arrays beside it."""
    arrays: list[Any] = []

    def put_aside(array: np.ndarray) -> dict[str, int]:
        arrays.append(array.copy())
        return {"array": len(arrays) - 1}

    text = json.dumps(state, default=put_aside)
    return json.loads(text, object_hook=lambda found: arrays[found["array"]] if "array" in found else found)


def _stop(rule: StopEarly, epoch: int) -> bool:
    return rule.look(epoch, {"val_loss": VALUES[epoch]}, [np.full(2, epoch, np.float32)])


@pytest.mark.parametrize("after", range(7))
def test_early_stopping_goes_on_where_it_was(after: int) -> None:
    first, second = (StopEarly(EarlyStopping(patience=3), []) for _ in range(2))
    for epoch in range(after):
        assert not _stop(first, epoch)
    second.set_state(_through_json(first.get_state()))
    assert [_stop(second, epoch) for epoch in range(after, 7)] == [False] * (6 - after) + [True]
    assert (second.best, second.best_epoch, second.stopped_epoch) == (0.4, 3, 6)
    assert [array.tolist() for array in second.best_weights or []] == [[3, 3]]


@pytest.mark.parametrize("after", range(8))
def test_a_plateau_goes_on_where_it_was(after: int) -> None:
    settings = ReduceLROnPlateau(patience=1, factor=0.5, cooldown=2)
    first, second, rates, rate = LowerRate(settings, []), LowerRate(settings, []), [], 0.8
    for epoch, value in enumerate(VALUES):
        if epoch == after:
            second.set_state(_through_json(first.get_state()))
        rate = (first if epoch < after else second).look({"val_loss": value}, rate)
        rates.append(rate)
    # Epoch 2 is no better: lowered. Epoch 3 is better. Epoch 4 is not: lowered; 5 cools down. 6 as 4, and 7 as 5.
    assert rates == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1]


def test_accuracies_that_met_have_met() -> None:
    first, second = AccuraciesMeet(0.1), AccuraciesMeet(0.1)
    assert first.look({"accuracy": 0.75, "val_accuracy": 0.75})
    second.set_state(_through_json(first.get_state()))
    assert (second.met, second.metric) == (True, "accuracy")


def _flat() -> Any:
    values = np.linspace(-1, 1, 5).astype(np.float32)
    return SimpleNamespace(values=values, gradients=np.zeros_like(values), slices=[slice(0, 5)], shapes=[(5,)])


def _step(optimizer: Optimizer, count: int) -> None:
    """The slopes of the sum of w ** 4 / 4."""
    for _ in range(count):
        optimizer.flat.gradients[:] = optimizer.flat.values**3
        optimizer.step()


MORE: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.9, "use_ema": True, "ema_overwrite_frequency": 3},
    "rmsprop": {"centered": True, "momentum": 0.5},
    "adam": {"amsgrad": True},
}


@pytest.mark.parametrize("settings", [found for found in OPTIMIZERS if found.tag in RULES], ids=lambda one: one.tag)
def test_an_optimizer_goes_on_where_it_was(settings: Any) -> None:
    chosen = settings(learning_rate=0.1, **MORE.get(settings.tag, {}))
    straight, first, second = (Optimizer(chosen, _flat()) for _ in range(3))
    _step(straight, 7)
    _step(first, 4)
    second.flat.values[:] = first.flat.values
    second.set_state(_through_json(first.get_state()))
    _step(second, 3)
    assert second.flat.values.tolist() == straight.flat.values.tolist()
    assert second.iterations == 7
