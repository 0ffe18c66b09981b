"""Trains in this process, with tiny data, for one to three epochs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DIGITS = """
name: digits
data: {source: digits, validation: 0.2, test: 0.2, limit: 600}
model: {hidden_units: [16]}
training: {epochs: 1}
output: {plots: []}
"""


@pytest.fixture(scope="session")
def train_in() -> Callable[..., Any]:
    """`train_in(folder, text, "training.epochs=3")` gives a TrainResult."""
    from mlpcli.workflows.train import train

    def run(folder: Path, text: str, *overrides: str, **settings: Any) -> Any:
        config = folder / "my.yaml"
        config.write_text(text, encoding="utf-8")
        return train(config, overrides, folder / "runs", **{"resend_signals": False, **settings})

    return run


@pytest.fixture
def train(train_in: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The same in the test's own folder; without a text, on digits."""
    return lambda *overrides, text=DIGITS, **settings: train_in(tmp_path, text, *overrides, **settings)


@pytest.fixture(scope="session")
def digits_run(train_in: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A finished run on digits with pictures, to be read only."""
    return train_in(tmp_path_factory.mktemp("digits"), DIGITS, "training.epochs=3", "output.plots=[png, svg]")
