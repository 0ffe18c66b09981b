"""SIGKILL where files change: a run or a sweep can always be gone on with, and ends as if it had not been killed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.forks import Forks
from tests.reliability.conftest import ROOT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("program", "every"), [("tests.reliability.kill_sweep", 12), ("tests.sweep.kill_everywhere", 24)]
)
@pytest.mark.long
def test_killed_at_some_of_the_calls_that_change_files(program: str, every: int, tmp_path: Path, forks: Forks) -> None:
    """Of six runs, each trained twice, and of a whole sweep, to the seeds of its best; with 1, they try every call."""
    run = f"from runpy import run_module; run_module({program!r}, run_name='__main__')"
    done = forks.run([tmp_path, str(every)], ROOT, program=run)
    tried, wrong = json.loads(done.stdout)
    assert (tried >= 5, wrong) == (True, 0), done.stderr
