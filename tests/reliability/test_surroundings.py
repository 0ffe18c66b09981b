"""A clock that goes backwards, no home, no cache, a narrow terminal, nobody who reads, too little memory."""

from __future__ import annotations

import csv
import json
import os
import resource
import shlex
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.numpy_engine.numpy_epochs import NumpyEpochs
from mlpcli.runs.checkpoint import Checkpoints
from tests.reliability.conftest import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs terminals and limits of processes")


@pytest.mark.usefixtures("always_kept")
def test_a_clock_that_goes_backwards(
    tmp_path: Path, moons: Path, mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch, undisturbed: Any, everything_of: Any
) -> None:
    run, now, days = tmp_path / "runs" / "moons", time.time(), count()
    monkeypatch.setattr(time, "time", lambda: now - 86_400 * next(days))
    assert mlpcli_here("train", moons, "-q").returncode == 0
    with open(run / "history.csv", encoding="utf-8", newline="") as file:
        assert all(float(row["seconds"]) >= 0 for row in csv.DictReader(file))
    seconds = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["seconds"]
    assert 0 <= seconds["epochs"] <= seconds["total"]
    newest, older = (run / "checkpoint" / f"last-00000{epoch}.npz" for epoch in (4, 3))
    os.utime(newest, (0, 0))  # the newest is known by its epoch
    os.utime(older, (now + 1e6, now + 1e6))
    found = Checkpoints(run).read(pytest.fail)
    assert found is not None
    assert found.epoch == 4
    assert everything_of(run) == undisturbed


def test_no_home_no_cache_and_no_temporary_folder(tmp_path: Path, moons: Path, start: Any) -> None:
    """Below a device no folder can be made, not even by root. (matplotlib keeps its fonts in the cache of a home.)"""
    names = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MLPCLI_CACHE", "MPLCONFIGDIR")
    nowhere = dict.fromkeys(names, "/dev/null/nowhere")
    for arguments in (["train", moons, "-q"], ["plot", "runs/moons", "--only", "history"]):
        process = start(*arguments, variables=nowhere)
        out, err = process.communicate()
        assert (process.returncode, "Traceback" in err) == (0, False), err
        assert "moons" in out
    assert (tmp_path / "runs" / "moons" / "history.png").stat().st_size > 1000


def test_a_terminal_of_one_column(tmp_path: Path, moons: Path, start: Any) -> None:
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 1, 0, 0))
    process = start("train", moons, stdout=theirs, stderr=theirs, variables={"TERM": "xterm", "COLUMNS": "1"})
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65_536):
            shown += part
    except OSError:  # how Linux says that nobody has the other end any more
        pass
    os.close(ours)
    assert process.wait() == 0, shown
    assert b"Traceback" not in shown
    assert (tmp_path / "runs" / "moons" / "metrics.json").exists()


def test_one_reads_only_the_first_line(tmp_path: Path, moons: Path, start: Any) -> None:
    reads, writes = os.pipe()
    process = start("train", moons, stdout=writes)
    os.close(writes)
    with open(reads, "rb", buffering=0) as said:
        assert said.readline() == b"moons\n"
    assert process.wait() == 0
    assert "Traceback" not in process.said[1]
    assert (tmp_path / "runs" / "moons" / "metrics.json").exists()


def test_nobody_reads(tmp_path: Path, moons: Path) -> None:
    command = shlex.join([sys.executable, "-m", "mlpcli", "train", str(moons), "-s", "output.plots=[]"])
    done = subprocess.run(
        ["bash", "-c", f"{command} >&-"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert (tmp_path / "runs" / "moons" / "metrics.json").exists()


CLOSED = "import os, sys; os.close(1); os.close(2); sys.stdout = sys.stderr = None"
"""As Python starts after 2>&- >&-."""


def test_nobody_hears_either(tmp_path: Path, moons: Path, start: Any) -> None:
    assert start("train", moons, before=CLOSED).wait() == 0
    assert (tmp_path / "runs" / "moons" / "metrics.json").exists()


@contextmanager
def _address_space(more: int) -> Iterator[None]:
    """Within it this process may have so many more bytes (ulimit -v)."""
    used = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a limit that the system keeps to")
@pytest.mark.usefixtures("undisturbed")  # for which all modules were imported
def test_a_network_that_cannot_fit_is_refused_before_training(tmp_path: Path, moons: Path, mlpcli_here: Any) -> None:
    rows = ("-s", "data.generate.rows=40000", "-s", "training.batch_size=30000")
    with _address_space(200 << 20):
        layer = mlpcli_here("train", moons, "-s", "model.hidden_units=[20000, 20000]")
        batch = mlpcli_here("train", moons, "-s", "model.hidden_units=[2000, 2000]", *rows)
    assert (layer.returncode, layer.stdout) == (2, "")
    assert "parameters and needs at least 6.4 GB to train (weights 1.6 GB, gradients 1.6 GB" in layer.stderr
    assert "20000x20000+20000 of them are in layer dense_1" in layer.stderr
    assert (batch.returncode, batch.stdout) == (2, "")
    assert "a batch of 30,000 rows needs at least 480." in batch.stderr
    assert "set training.batch_size: " in batch.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("always_kept")
def test_memory_that_runs_out_in_the_middle(
    tmp_path: Path,
    moons: Path,
    mlpcli_here: Any,
    ends_like_undisturbed: Callable[[Path], None],
) -> None:
    """A petabyte, which no machine has, stands for what others took."""
    run, epoch = tmp_path / "runs" / "moons", NumpyEpochs.epoch

    def greedy(self: NumpyEpochs, number: int) -> dict[str, float]:
        if number == 2:
            np.empty(1 << 50, np.uint8)
        return epoch(self, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NumpyEpochs, "epoch", greedy)
        done = mlpcli_here("train", moons)
    *_, error, advice = done.stderr.splitlines()
    assert done.returncode == 1
    assert error.startswith("error: there is not enough memory: Unable to allocate 1.00 PiB for an array with shape ")
    assert "; the weights of epoch 1 are kept in " in error
    assert advice == f"resume with: mlpcli train --resume {run}"
    ends_like_undisturbed(run)


@pytest.mark.usefixtures("always_kept")
def test_memory_that_runs_out_after_training(
    tmp_path: Path, moons: Path, mlpcli_here: Any, ends_like_undisturbed: Callable[[Path], None]
) -> None:
    run = tmp_path / "runs" / "moons"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlpcli.workflows.run.evaluate_part", lambda *arguments: np.empty(1 << 50, np.uint8))
        done = mlpcli_here("train", moons, "-q")
    error, advice = done.stderr.splitlines()
    assert done.returncode == 1
    assert error.startswith("error: there is not enough memory: Unable to allocate 1.00 PiB")
    assert advice == f"resume with: mlpcli train --resume {run}"
    ends_like_undisturbed(run)
