"""The learning rate that history.csv records: constant, by a schedule, or lowered on a plateau."""

from __future__ import annotations

from typing import Any

import pytest

from mlpcli.runs.history import read_history

pytestmark = pytest.mark.tf

STEPS = 18
"""An epoch: 1,150 rows in batches of 64."""


def _rates(result: Any) -> list[float]:
    return read_history(result.run / "history.csv")["learning_rate"]


SCHEDULES = [
    ("null", [0.05, 0.05, 0.05]),
    (f"{{exponential_decay: {{decay_steps: {STEPS}, decay_rate: 0.5, staircase: true}}}}", [0.025, 0.0125, 0.00625]),
    (f"{{piecewise_constant_decay: {{boundaries: [{STEPS}], values: [0.1, 0.01]}}}}", [0.1, 0.01, 0.01]),
    (f"{{polynomial_decay: {{decay_steps: {3 * STEPS}, end_learning_rate: 0.02}}}}", [0.04, 0.03, 0.02]),
    (f"{{cosine_decay: {{decay_steps: {2 * STEPS}}}}}", [0.025, 0.0, 0.0]),
    # Nothing improves by 100, so each epoch after the first is one too many.
    ("{reduce_on_plateau: {monitor: loss, patience: 1, factor: 0.1, min_delta: 100}}", [0.05, 0.05, 0.005]),
]


@pytest.mark.parametrize(("schedule", "expected"), SCHEDULES)
def test_the_rate_after_each_epoch_is_worked_out_by_hand(train: Any, schedule: str, expected: list[float]) -> None:
    result = train("training.epochs=3", f"training.learning_rate_schedule={schedule}")
    assert _rates(result) == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_reduce_on_plateau_stops_at_min_lr(train: Any) -> None:
    settings = "{monitor: loss, patience: 0, factor: 0.5, min_delta: 100, min_lr: 0.02}"
    result = train("training.epochs=4", f"training.learning_rate_schedule={{reduce_on_plateau: {settings}}}")
    assert _rates(result)[-1] == pytest.approx(0.02)
