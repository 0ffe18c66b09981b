"""Processes killed at random moments, by the script that does it 200 times for docs/reliability.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import kill_many
from tests.forks import Fork, Forks


@pytest.mark.parametrize(("engine", "kills"), [("numpy", 4), pytest.param("auto", 2, marks=pytest.mark.tf)])
@pytest.mark.long
def test_a_killed_run_can_be_read_and_resumed(
    engine: str, kills: int, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forks of the NumPy engine are mostly killed while they train, and not while they import."""

    def start(config: Path, run: Path, pictures: bool) -> Fork:
        return forks.start(["train", config, "--run-dir", run, "-q", "-s", "output.plots=[]"], config.parent)

    if engine == "numpy":
        monkeypatch.setattr("benchmarks.kills._start", start)
    found = kill_many(engine, kills, seed=14, epochs=40, pictures=False)
    assert found.faults == []
    assert sum(found.phases.values()) == kills
    assert found.resumed >= kills // 4  # the others were killed before the run directory was there
