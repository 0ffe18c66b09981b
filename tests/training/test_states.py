"""A state taken out after some epochs and put into a new rule, optimizer or loop: it goes on as if nothing had been."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlpcli.config.optimizers import OPTIMIZERS
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import best_epoch_rule
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
    assert first.look(0, {"accuracy": 0.75, "val_accuracy": 0.75})
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


def _loop(prepared: Any, config: Any, folder: Path) -> Any:
    """A loop at its beginning, with a new model."""
    from mlpcli.runs.history import HistoryWriter
    from mlpcli.training.engine_choice import make_engine
    from mlpcli.training.loop import EpochRecords, Loop, _batches
    from mlpcli.training.progress import Silence

    engine = make_engine(config, prepared)
    started = engine.start(_batches(engine), folder, False, lambda steps: None, pytest.fail)
    records = EpochRecords(HistoryWriter(folder / "history.csv"), Silence())
    return Loop(started, config.training, best_epoch_rule(config), prepared.plan.metrics, records)  # type: ignore[arg-type]


NOISY = (
    "model.batch_normalization=true",
    "model.dropout=0.3",
    "training.optimizer={name: adam, learning_rate: 0.02}",
    "training.early_stopping={patience: 2, min_delta: 0.02}",
    "training.learning_rate_schedule={reduce_on_plateau: {patience: 0, factor: 0.5, min_delta: 0.1}}",
)


@pytest.mark.parametrize("engine", ["numpy", pytest.param("auto", marks=pytest.mark.tf)])
def test_a_loop_that_was_saved_after_three_epochs_ends_as_if_it_had_not_been(
    digits: Path, tmp_path: Path, engine: str
) -> None:
    from mlpcli.config.load_config import load_config
    from mlpcli.workflows.prepare import prepare

    ends = []
    for interrupted in (False, True):
        loaded = load_config(digits, [*NOISY, f"training.engine={engine}", "training.epochs=12"])
        prepared = prepare(loaded)
        folder = tmp_path / f"interrupted {interrupted}"
        folder.mkdir()
        loop = _loop(prepared, loaded.config, folder)
        if interrupted:
            loop.training = loaded.config.training.model_copy(update={"epochs": 3})
            loop.run()
            assert (loop.done, loop.stopped) == (3, False)
            state = _through_json(loop.get_state())
            loop = _loop(prepared, loaded.config, folder)
            loop.records.go_on_after(3)
            loop.set_state(state)
        loop.run()
        found = loop.records.history  # of which history.csv has the numbers as float32
        history = {name: np.float32(values).tolist() for name, values in found.items() if name != "seconds"}
        weights = [array.tolist() for array in (*loop.engine.get_weights(), *loop.stopping.best_weights)]
        ends.append((loop.done, loop.stopped, loop.stopping.best_epoch, loop.guard.good_epochs, history, weights))
    assert ends[0] == ends[1]
    assert 3 < ends[0][0] < 12  # it stopped early, after the epoch in which it was saved
    assert len(set(ends[0][4]["learning_rate"])) > 2
