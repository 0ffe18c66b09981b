"""What costs time is done once: an evaluation runs the network over each row one time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.numpy_engine.inference import InferencePlan
from mlpcli.workflows.evaluate import evaluate

CONFIG = """
name: {source}
data: {{source: {source}, validation: 0.2, test: 0.2}}
model: {{hidden_units: [4]}}
training: {{engine: numpy, epochs: 1}}
output: {{plots: []}}
"""


@pytest.mark.parametrize(("source", "rows"), [("iris", 30), ("diabetes", 88)])
def test_an_evaluation_runs_each_row_once(
    train_in: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, rows: int
) -> None:
    run = train_in(tmp_path, CONFIG.format(source=source))
    seen: list[int] = []
    logits = InferencePlan.logits
    monkeypatch.setattr(InferencePlan, "logits", lambda plan, x: seen.append(len(x)) or logits(plan, x))
    monkeypatch.setattr("mlpcli.numpy_engine.numpy_model.PREDICTION_BATCH", 16)
    found = evaluate(run.run)
    assert sum(seen) == rows
    assert seen == [16] * (rows // 16) + [rows % 16]
    scores = {"loss", "accuracy", "balanced_accuracy", "mae", "rmse", "r2"} & set(run.evaluation)
    for score in scores:  # training's, summed in one batch
        assert found.evaluation[score] == pytest.approx(run.evaluation[score], rel=1e-6)
    assert found.evaluation.get("confusion_matrix") == run.evaluation.get("confusion_matrix")
