"""SIGKILL where files change: the run can always be resumed, and ends as if it had not been killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.conftest import ROOT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_some_of_the_calls_that_change_files(tmp_path: Path) -> None:
    """Some seconds, for each of six runs is trained twice; by itself, kill_sweep tries every call."""
    command = [sys.executable, "-m", "tests.reliability.kill_sweep", str(tmp_path), "12"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    tried, wrong = json.loads(done.stdout)
    assert (tried >= 5, wrong) == (True, 0), done.stderr
