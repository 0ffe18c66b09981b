"""NaN and infinity end a run at once, and what was good before is kept."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.errors import OutputError, TrainingError
from mlpcli.runs.history import read_history
from mlpcli.training.loop import LastGood
from tests.model_file_parts import read_metadata

pytestmark = pytest.mark.tf

# The rate explodes after two epochs of 18 steps.
EXPLODES = "training.learning_rate_schedule={piecewise_constant_decay: {boundaries: [36], values: [0.05, 1e10]}}"
STOPPING = ["true", "false", "{restore_best_weights: false}", "{start_from_epoch: 5}"]


@pytest.mark.parametrize("stopping", STOPPING)
def test_the_last_good_epoch_is_kept_with_its_scores(train: Any, stopping: str) -> None:
    result = train(EXPLODES, "training.epochs=6", f"training.early_stopping={stopping}")
    assert isinstance(result.failure, TrainingError)
    assert result.failure.exit_code == 1
    assert "loss is nan after epoch 3" in str(result.failure)
    assert (result.metrics["epochs"], result.metrics["kept_epoch"]) == (3, 2)
    history = read_history(result.run / "history.csv")
    assert [math.isfinite(loss) for loss in history["loss"]] == [True, True, False]
    model = backend.keras().models.load_model(result.model)
    assert all(np.isfinite(array).all() for array in model.get_weights())
    # The file's weights are those of epoch 2: its validation loss is the one that the history has there.
    metadata = read_metadata(result.model)
    assert metadata is not None
    assert metadata["scores"]["validation"]["loss"] == pytest.approx(history["val_loss"][1], rel=1e-5)


@pytest.mark.parametrize("engine", ["keras", "resident", "auto"])
def test_the_step_is_named_by_every_engine(train: Any, engine: str) -> None:
    """From the 38th step on the rate is 1e10; as Keras's own loop sees it, three steps later nothing is finite."""
    failure = train(EXPLODES, "training.epochs=6", f"training.engine={engine}").failure
    assert "loss is nan after epoch 3 (first at step 5)" in str(failure)


def test_in_the_first_epoch_there_is_nothing_to_keep(train: Any) -> None:
    result = train("training.optimizer={name: sgd, learning_rate: 1e10}")
    assert "after epoch 1" in str(result.failure)
    assert "lower training.optimizer.learning_rate (now 1e+10)" in str(result.failure)
    assert result.model is None
    assert (result.metrics["best_epoch"], result.metrics["kept_epoch"], result.metrics["scores"]) == (None, None, {})
    assert not list(result.run.glob("model.*"))
    assert len(read_history(result.run / "history.csv")["epoch"]) == 1


WEIGHTS = [np.array([[1.0], [2.0]], np.float32)]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_weights_that_are_not_finite_are_caught_though_the_loss_is(bad: float) -> None:
    guard = LastGood()
    with pytest.raises(TrainingError, match=r"the weights hold NaN or infinity after epoch 5.*now 0\.5"):
        guard.look(4, {"loss": 0.7, "val_loss": 0.7}, [*WEIGHTS, np.array([bad], np.float32)], rate=0.5)
    assert guard.last_good is None


def test_a_validation_loss_that_is_not_finite_is_caught() -> None:
    with pytest.raises(TrainingError, match="val_loss is inf after epoch 1"):
        LastGood().look(0, {"loss": 0.7, "val_loss": math.inf}, WEIGHTS, rate=0.5)


def test_a_metric_may_be_undefined() -> None:
    guard = LastGood()
    guard.look(0, {"loss": 0.7, "val_recall": math.nan}, WEIGHTS, rate=0.5)
    assert guard.good_epochs == 1
    assert guard.last_good is WEIGHTS


def test_a_history_that_cannot_be_written_keeps_the_model_too(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.runs.history import HistoryWriter

    append = HistoryWriter.append

    def full_disk(self: HistoryWriter, row: Any) -> None:
        if row["epoch"] == 3:
            raise OutputError(f"{self.path}: cannot be written: No space left on device; free some space")
        append(self, row)

    monkeypatch.setattr(HistoryWriter, "append", full_disk)
    result = train("training.epochs=5", "training.engine=numpy")
    assert "history.csv: cannot be written: No space left" in str(result.failure)
    assert result.metrics["kept_epoch"] == 2
    assert isinstance(result.model, Path) and result.model.is_file()
