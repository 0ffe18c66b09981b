"""Several processes want one run directory: each gets its own, or all but one are told why not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.conftest import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs locks on folders")

FIFTY = """
import json, os, sys
from pathlib import Path
from mlpcli.runs.directory import create_run_directory, held
from mlpcli.runs.leftovers import remove_abandoned
starting, start = os.pipe()
reading, writing = os.pipe()
children = []
for _ in range(50):
    child = os.fork()
    if child == 0:
        os.close(start)
        os.read(starting, 1)  # ends for all at once, when the parent closes its end
        remove_abandoned(Path("runs"))
        path = create_run_directory(Path("runs"), "moons")
        with held(path):
            (path / "config.yaml").touch()
            os.write(writing, (path.name + "\\n").encode())
        os._exit(0)
    children.append(child)
os.close(writing)
os.close(start)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
with open(reading) as names:
    print(json.dumps([codes, names.read().split()]))
"""


def test_fifty_runs_of_one_name_in_the_same_instant_get_fifty_directories(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIFTY], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    codes, names = json.loads(done.stdout)
    assert (codes, done.stderr) == ([0] * 50, "")
    assert sorted(names) == sorted(["moons", *(f"moons-{number}" for number in range(2, 51))])


WAITS = """
import signal, sys
from mlpcli.numpy_engine.numpy_epochs import NumpyEpochs
epoch = NumpyEpochs.epoch
def waiting(self, number):
    if number == 2:
        print("training", flush=True)
        signal.pause()
    return epoch(self, number)
NumpyEpochs.epoch = waiting
"""


def test_a_run_in_which_somebody_trains_is_refused_until_that_process_is_dead(
    tmp_path: Path, moons: Path, start: Any, mlpcli_here: Any, ends_like_undisturbed: Callable[[Path], None]
) -> None:
    run = tmp_path / "runs" / "moons"
    reads, writes = os.pipe()
    first = start("train", moons, "-q", before=WAITS, stdout=writes)
    os.close(writes)
    try:
        with open(reads, encoding="utf-8") as said:
            assert said.readline() == "training\n"
        resumed = mlpcli_here("train", "--resume", run)
        assert resumed.returncode == 2
        assert resumed.stderr.startswith(f"error: {run}: another mlpcli is training in it; wait until it finishes")
        again = mlpcli_here("train", moons, "--run-dir", run)
        assert again.returncode == 2
        assert again.stderr == f"error: {run}: is not empty, and runs are never overwritten; choose another --run-dir\n"
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    ends_like_undisturbed(run)
