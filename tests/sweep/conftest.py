"""Sweeps over iris with the NumPy engine: a trial takes hundredths of a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONFIG = """name: flowers
data: {source: iris, test: 0.2}
model: {hidden_units: [4]}
training: {engine: numpy, epochs: 3, optimizer: sgd, batch_size: 16}
output: {plots: []}
sweep:
  trials: 6
  pruner: none
  parameters:
    training.optimizer.learning_rate: {log_uniform: [0.001, 0.5]}
    model.hidden_units: {choices: [[4], [8, 4]]}
"""


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`begin("sweep.trials=2", workers=2)` sweeps in the test's own folder; `text` is another config.

    The best is trained with one more seed only.
    """
    import mlpcli
    from mlpcli.workflows import sweep_results

    monkeypatch.setattr(sweep_results, "SEEDS", 1)
    monkeypatch.chdir(tmp_path)

    def run(*overrides: str, text: str = CONFIG, **settings: Any) -> Any:
        Path("flowers.yaml").write_text(text, encoding="utf-8")
        return mlpcli.sweep("flowers.yaml", overrides, **{"resend_signals": False, **settings})

    return run
