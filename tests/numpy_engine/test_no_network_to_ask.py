"""Whether the NumPy engine can train a config is asked of its layers: preparing builds no network and draws nothing."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from mlpcli.config.load_config import load_config
from mlpcli.errors import ConfigError
from mlpcli.numpy_engine.network import Network
from mlpcli.workflows.prepare import plan_from_facts, prepare
from mlpcli.workflows.validate import validate

CONFIG = """
data: {source: moons}
model: {hidden_units: UNITS}
training: {engine: numpy, optimizer: OPTIMIZER}
"""


def config(path: Path, units: str = "[8, 4]", optimizer: str = "adam") -> Path:
    path.write_text(CONFIG.replace("UNITS", units).replace("OPTIMIZER", optimizer), encoding="utf-8")
    return path


def test_preparing_and_validating_build_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def built(*_: Any, **__: Any) -> None:
        raise AssertionError("a network was built")

    monkeypatch.setattr(Network, "__init__", built)
    path = config(tmp_path / "a.yaml")
    assert prepare(load_config(path)).plan.task == "binary"
    assert validate(path).plan.task == "binary"


def test_the_size_of_the_network_takes_no_memory(tmp_path: Path) -> None:
    """Two layers of 20,000 units have 400 million weights, 1.6 GB."""
    loaded = load_config(config(tmp_path / "a.yaml", "[20000, 20000]"))
    plan_from_facts(loaded)
    tracemalloc.start()
    try:
        prepare(loaded)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_what_numpy_lacks_is_still_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"training.engine: numpy does not support the optimizer"):
        prepare(load_config(config(tmp_path / "a.yaml", optimizer="{name: adam, gradient_accumulation_steps: 2}")))
