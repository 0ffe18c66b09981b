"""Every engine trains the same run: the same order, the same arithmetic, the same files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.training.progress import Silence

pytestmark = pytest.mark.tf

CONFIG = """
data: {source: digits, test: 0.2}
model: {hidden_units: [16], batch_normalization: true, kernel_regularizer: {l2: 0.01}}
training: {optimizer: {name: sgd, learning_rate: 0.05}, epochs: 3, batch_size: 50}
output: {plots: []}
"""


class _Notes(Silence):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[int] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def step(self, step: int) -> None:
        self.steps.append(step)


def _train(config: Path, folder: Path, *overrides: str, verbose: bool = False) -> tuple[Any, _Notes]:
    listener = _Notes()
    return mlpcli.train(config, overrides, runs_dir=folder, progress=listener, verbose=verbose), listener


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, _Notes]]:
    """A run by each engine, and what was said meanwhile; `auto` is asked to say more."""
    folder = tmp_path_factory.mktemp("engines")
    (folder / "my.yaml").write_text(CONFIG, encoding="utf-8")
    return {
        engine: _train(folder / "my.yaml", folder / engine, f"training.engine={engine}", verbose=engine == "auto")
        for engine in ("keras", "resident", "auto")
    }


def test_all_engines_give_the_same_history(runs: dict[str, tuple[Any, _Notes]]) -> None:
    scores = {}
    for engine, (result, _) in runs.items():
        scores[engine] = result.metrics["scores"]
        written = json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))["engine"]
        assert (written["engine"], written["compiled"]) == {
            "keras": ("keras", False),
            "resident": ("resident", True),
            "auto": ("resident", False),
        }[engine]
    for engine in ("resident", "auto"):
        for split, numbers in scores["keras"].items():
            assert scores[engine][split] == pytest.approx(numbers, rel=1e-3), (engine, split)


def test_verbose_says_which_engine_and_why(runs: dict[str, tuple[Any, _Notes]]) -> None:
    assert runs["keras"][1].notes == runs["resident"][1].notes == []
    (note,) = runs["auto"][1].notes
    assert note.startswith("engine: resident epochs: about ")
    assert "too few for compiling" in note


@pytest.mark.parametrize("engine", ["keras", "resident", "auto"])
def test_progress_is_told_of_every_step(runs: dict[str, tuple[Any, _Notes]], engine: str) -> None:
    """1,150 rows in batches of 50 are 23 steps; the count starts again in each of the three epochs."""
    steps = runs[engine][1].steps
    assert max(steps) == 23
    assert steps.count(23) >= 3
