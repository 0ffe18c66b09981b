"""The processes that `mlpcli launch` starts, where not all of them can be."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from mlpcli.errors import UserError
from mlpcli.workflows import launch


def test_a_worker_that_cannot_be_started_ends_those_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []

    def start(command: Any, addresses: list[str], rank: int) -> subprocess.Popen[str]:
        if rank == 1:
            raise OSError("no more processes")
        started.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True))
        return started[0]

    monkeypatch.setattr(launch, "_start", start)
    with pytest.raises(OSError, match="no more processes"):
        launch.launch(2, ["digits"], print)
    assert started[0].returncode < 0
    assert started[0].stdin is not None
    started[0].stdin.close()


@pytest.mark.parametrize("workers", [1, 65])
def test_the_number_of_workers_has_bounds(workers: int) -> None:
    with pytest.raises(UserError, match=f"workers: {workers} is out of range; give a number from 2 to 64"):
        launch.launch(workers, ["digits"], print)
