"""Which epoch's weights a model has: the best by what is monitored, or the last, however the training ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.load_config import load_config
from mlpcli.config.schema import Config, best_epoch_rule
from mlpcli.runs.history import HistoryWriter, read_history
from mlpcli.training.loop import EpochRecords, Loop, Outcome, _outcome
from mlpcli.training.progress import Interrupted, Silence
from tests.model_file_parts import read_metadata

VAL_LOSSES = [0.9, 0.4, 0.7, 0.5]
"""The second epoch is the best of these; by the training loss it is the third."""
LOSSES = [0.8, 0.6, 0.2, 0.3]


class Scripted:
    """An engine whose losses are those above, and whose weights are the number of the epoch, from 1."""

    bad_step = None

    def __init__(self, validation: bool, interrupted_in: int | None) -> None:
        self.validation, self.interrupted_in, self.learning_rate, self.weights = validation, interrupted_in, 0.1, [0]

    def running(self) -> Any:
        return nullcontext()

    def epoch(self, number: int) -> dict[str, float]:
        self.weights = [number + 1]
        if number + 1 == self.interrupted_in:
            raise Interrupted(signal.SIGINT)
        return {"loss": LOSSES[number], **({"val_loss": VAL_LOSSES[number]} if self.validation else {})}

    def get_weights(self) -> list[Any]:
        return [np.float32(weight) for weight in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        self.weights = [int(weight) for weight in weights]

    def ended(self, number: int, logs: Any) -> bool:
        return False

    def finish(self) -> None:
        """Nothing is averaged."""


def trained(folder: Path, interrupted_in: int | None = None, **sections: Any) -> tuple[Outcome, list[int]]:
    """How the scripted training ends, and the epoch whose weights the model has."""
    training = {"epochs": len(LOSSES), "early_stopping": False, **sections.pop("training", {})}
    config = Config.model_validate(
        {"name": "n", "data": {"source": "iris", **sections.pop("data", {})}, "training": training, **sections}
    )
    engine: Any = Scripted(config.data.validation is not None, interrupted_in)
    records = EpochRecords(HistoryWriter(folder / "history.csv"), Silence())
    loop = Loop(engine, config.training, best_epoch_rule(config), (), records)
    return _outcome(loop, Silence()), engine.weights


LAST = {"output": {"keep": "last"}}
NO_VALIDATION = {"data": {"validation": None}}
STOPPING = {"early_stopping": {"patience": 2}}


@pytest.mark.parametrize(
    ("sections", "interrupted_in", "expected"),
    [
        # what is monitored, epochs done, best epoch, kept epoch
        ({}, None, ("val_loss", 4, 2, 2)),
        (LAST, None, ("val_loss", 4, 2, 4)),
        (NO_VALIDATION, None, ("loss", 4, 3, 3)),
        ({**NO_VALIDATION, **LAST}, None, ("loss", 4, 3, 4)),
        ({}, 4, ("val_loss", 3, 2, 2)),
        (LAST, 4, ("val_loss", 3, 2, 3)),
        (NO_VALIDATION, 4, ("loss", 3, 3, 3)),
        ({"training": STOPPING}, None, ("val_loss", 4, 2, 2)),
        ({"training": STOPPING, **LAST}, None, ("val_loss", 4, 2, 4)),
        ({"training": {"early_stopping": {"patience": 2, "restore_best_weights": False}}}, None, ("val_loss", 4, 2, 4)),
        ({"training": {"early_stopping": {"monitor": "loss"}}}, None, ("loss", 4, 3, 3)),
        ({"training": {"optimizer": {"name": "sgd", "use_ema": True}}}, None, ("val_loss", 4, 2, 4)),
    ],
)
def test_what_is_kept(tmp_path: Path, sections: dict[str, Any], interrupted_in: int | None, expected: Any) -> None:
    outcome, weights = trained(tmp_path, interrupted_in, **sections)
    found = (outcome.monitor, len(outcome.history["epoch"]), outcome.best_epoch, outcome.kept_epoch)
    assert found == expected
    assert weights == [expected[-1]]
    assert (outcome.interrupted is not None) == (interrupted_in is not None)


def test_keeping_stops_nothing(tmp_path: Path) -> None:
    assert trained(tmp_path)[0].stopped == "all 4 epochs were done"


def test_averaged_weights_may_be_kept_with_early_stopping(write_config: Callable[..., Path]) -> None:
    text = "data: {source: iris}\ntraining: {optimizer: {name: adam, use_ema: true}}\noutput: {keep: last}\n"
    rule = best_epoch_rule(load_config(write_config(text)).config)
    assert rule is not None
    assert not rule.restore_best_weights


RESTLESS = ("training.optimizer={name: sgd, learning_rate: 0.7, momentum: 0.9}", "training.epochs=7")


@pytest.mark.parametrize("engine", ["numpy", *(pytest.param(name, marks=pytest.mark.tf) for name in ("auto", "keras"))])
def test_each_engine_saves_the_best_or_the_last(train: Any, engine: str) -> None:
    for keep in ("best", "last"):
        result = train(*RESTLESS, f"training.engine={engine}", "training.early_stopping=false", f"output.keep={keep}")
        losses = read_history(result.run / "history.csv")["val_loss"]
        best = losses.index(min(losses)) + 1
        kept = {"best": best, "last": 7}[keep]
        assert best < 7, "else it would prove nothing"
        metrics, metadata = result.metrics, read_metadata(result.model)
        assert (metrics["monitor"], metrics["best_epoch"], metrics["kept_epoch"]) == ("val_loss", best, kept)
        assert metadata is not None
        assert metadata["kept_epoch"] == kept
        assert metrics["scores"]["validation"]["loss"] == pytest.approx(losses[kept - 1], rel=1e-5)
