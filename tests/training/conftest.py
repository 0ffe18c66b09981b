"""Trains in this process, in a folder of the test's own, on digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DIGITS = """
name: digits
seed: 777
data: {source: digits, validation: 0.2, test: 0.2}
model: {hidden_units: [16], kernel_initializer: he_normal}
training: {optimizer: {name: sgd, learning_rate: 0.05, momentum: 0.9}, epochs: 2, batch_size: 64}
output: {plots: []}
"""

Train = Callable[..., Any]


@pytest.fixture(scope="session")
def train_in() -> Train:
    """`train_in(folder, "training.epochs=3")` gives a TrainResult; a second of training."""
    from mlpcli.workflows.train import train

    def run(folder: Path, *overrides: str, **settings: Any) -> Any:
        config = folder / "digits.yaml"
        if not config.exists():  # a thread would read what another has not written to its end
            config.write_text(DIGITS, encoding="utf-8")
        return train(config, overrides, folder / "runs", **{"resend_signals": False, **settings})

    return run


@pytest.fixture
def train(train_in: Train, tmp_path: Path) -> Train:
    """The same, in the test's own folder."""
    return lambda *overrides, **settings: train_in(tmp_path, *overrides, **settings)


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """The config alone."""
    path = tmp_path / "digits.yaml"
    path.write_text(DIGITS, encoding="utf-8")
    return path
