"""SIGKILL where files change: a run or a sweep can always be gone on with, and ends as if it had not been killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.conftest import ROOT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("program", "every"), [("tests.reliability.kill_sweep", 12), ("tests.sweep.kill_everywhere", 24)]
)
@pytest.mark.long
def test_killed_at_some_of_the_calls_that_change_files(program: str, every: int, tmp_path: Path) -> None:
    """Of six runs, each trained twice, and of a whole sweep, to the seeds of its best; with 1, they try every call."""
    command = [sys.executable, "-m", program, str(tmp_path), str(every)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    tried, wrong = json.loads(done.stdout)
    assert (tried >= 5, wrong) == (True, 0), done.stderr
