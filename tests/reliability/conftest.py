"""Small runs with the NumPy engine: one that nothing disturbed, and processes that something happens to."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.forks import Fork, Forks

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
name: moons
data: {source: moons, generate: {rows: 120}}
model: {hidden_units: [8], dropout: 0.2}
training: {engine: numpy, epochs: 4, optimizer: adam, early_stopping: {patience: 9, min_delta: 9}}
output: {plots: []}
"""
ALWAYS_KEPT = "from mlpcli.training import keeper; keeper.SHARE = 1e9\n"
"""A checkpoint after every epoch, however short."""
KILL_AT_REPLACE = """
import os, signal
from mlpcli import files
replace, calls = os.replace, []
def counted(old, new):
    calls.append(new)
    if str(new).endswith({name!r}):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(old, new)
os.replace = counted
"""
"""Ends the process by SIGKILL when a file of this name is whole, but still has its temporary name."""


@pytest.fixture
def moons(tmp_path: Path) -> Path:
    """A config that trains four epochs in hundredths of a second, with all that a checkpoint has to keep."""
    path = tmp_path / "moons.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def always_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every epoch."""
    from mlpcli.training import keeper

    monkeypatch.setattr(keeper, "SHARE", 1e9)


Start = Callable[..., Fork]


@pytest.fixture
def start(tmp_path: Path, forks: Forks) -> Start:
    """Starts `mlpcli ARGS..` in the test's folder in a process of its own, after some Python that goes before."""

    def run(*arguments: str | Path, before: str = "", **settings: Any) -> Fork:
        program = f"{ALWAYS_KEPT}{before}\nfrom mlpcli.cli.main import main; main()"
        return forks.start(arguments, tmp_path, program=program, **settings)

    return run


def _everything_of(run: Path) -> dict[str, Any]:
    """Weights, history, scores and stopping epoch of a run; without times."""
    from mlpcli.modelfile.saved_model import open_model

    with open(run / "history.csv", encoding="utf-8", newline="") as file:
        history = [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    for name in ("seconds", "examples_per_second"):
        del metrics[name]
    model = open_model(run)
    weights = {name: [array.tobytes() for array in arrays] for name, arrays in model.weights.items()}
    return {"history": history, "metrics": metrics, "weights": weights, "unfinished": model.card.unfinished}


@pytest.fixture(scope="session")
def everything_of() -> Callable[[Path], dict[str, Any]]:
    """Weights, history and scores of a run, to be compared."""
    return _everything_of


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What such a run ends with where nothing happens to it."""
    from mlpcli.workflows.train import train

    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "moons.yaml").write_text(CONFIG, encoding="utf-8")
    return _everything_of(train(folder / "moons.yaml", run_dir=folder / "run").run)


@pytest.fixture
def ends_like_undisturbed(undisturbed: dict[str, Any]) -> Callable[[Path], None]:
    """Resumes a run in this process and compares it, to the bit, with one that nothing happened to."""
    from mlpcli.workflows.resume import resume

    def check(run: Path) -> None:
        resume(run)
        assert _everything_of(run) == undisturbed
        assert not list(run.rglob(".tmp-*"))

    return check
