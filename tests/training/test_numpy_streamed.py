"""Training with NumPy on rows that stay on disk: the same numbers as in memory, in the same order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.runs.history import read_history
from mlpcli.workflows.train import train

ROWS = 700
CONFIG = """
name: streamed
seed: 3
data: {source: points.csv, target: y, validation: 0.2, test: 0.2, streaming: always}
model: {hidden_units: [8]}
training: {engine: numpy, epochs: 12, batch_size: 16, optimizer: {name: adam, learning_rate: 0.02}}
output: {plots: []}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    draws = np.random.default_rng(0).normal(size=(ROWS, 3))
    lines = [f"{a},{b},{c},{'in' if a * a + b * b < 1 else 'out'}" for a, b, c in draws]
    (tmp_path / "points.csv").write_text("a,b,c,y\n" + "\n".join(lines) + "\n", encoding="utf-8")
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def _history(config: Path, *overrides: str) -> Any:
    result = train(config, overrides, config.parent / "runs")
    assert result.failure is None
    assert result.model is not None
    return read_history(result.run / "history.csv"), result.metrics


def test_it_learns_and_is_saved_and_scored(config: Path) -> None:
    history, metrics = _history(config, "data.class_weight=balanced")
    assert history["loss"][-1] < history["loss"][0] / 2
    assert metrics["scores"]["test"]["accuracy"] > 0.85


def test_chunks_do_not_show(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few steps are gathered at once, the numbers are the same."""
    whole, _ = _history(config)
    monkeypatch.setattr("mlpcli.numpy_engine.numpy_epochs.CHUNK_STEPS", 3)
    in_threes, _ = _history(config)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(in_threes[name], whole[name], rtol=1e-6)
