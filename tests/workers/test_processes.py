"""Processes on this machine that train one model: as one process does, and what happens when one of them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from mlpcli.cluster import tf_config
from mlpcli.runs.history import read_history
from mlpcli.workflows.launch import free_ports
from mlpcli.workflows.train import train
from tests.forks import Fork, Forks

pytestmark = pytest.mark.tf

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """\
version: 1
name: cells
data: {source: cells.csv, target: kind, streaming: always, test: null}
model: {hidden_units: [6]}
training: {epochs: 2, batch_size: 16, optimizer: {adam: {clipnorm: 0.5}}, early_stopping: false}
output: {plots: []}
"""
LONGEST = 240
"""Seconds until a process counts as hanging; a minute is promised, on a machine that is not as busy as this may be."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'round' if a + b > 0 else 'long'}" for a, b in draw.normal(size=(90, 2))]
    (tmp_path / "cells.csv").write_text("\n".join(["a,b,kind", *rows]) + "\n", encoding="utf-8")
    (tmp_path / "cells.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path / "cells.yaml"


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    forks = Forks("tensorflow")
    yield forks
    forks.close()


@contextmanager
def _workers(forks: Forks, folder: Path, *commands: Sequence[str]) -> Iterator[list[Fork]]:
    """A process of `mlpcli train` with each of these arguments; whichever still runs at the end is killed."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(len(commands))]
    processes = []
    try:
        for rank, arguments in enumerate(commands):
            variables = {"TF_CONFIG": tf_config(addresses, rank)}
            processes.append(forks.start(["train", *arguments], folder, variables))
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _wait_for(there: Callable[[], bool], process: Fork) -> None:
    limit = time.monotonic() + LONGEST
    while not there():
        assert time.monotonic() < limit
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)


def _weights(run: Path) -> list[np.ndarray]:
    from mlpcli.modelfile.saved_model import open_model

    saved = open_model(run / "model.keras")
    return [array for arrays in saved.weights.values() for array in arrays]


def test_three_workers_train_what_one_process_trains(config: Path, tmp_path: Path) -> None:
    alone = train(config, run_dir=tmp_path / "alone").run
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mlpcli", "launch", "--workers", "3", "cells.yaml", "--run-dir", "runs/shared"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LONGEST)
    assert done.returncode == 0, done.stderr
    shared = tmp_path / "runs" / "shared"
    for one, other in zip(_weights(alone), _weights(shared), strict=True):
        assert np.abs(one - other).max() < 1e-6
    expected, found = read_history(alone / "history.csv"), read_history(shared / "history.csv")
    for name in expected.keys() - {"seconds"}:
        assert found[name] == pytest.approx(expected[name], abs=1e-6)
    # The chief alone prints and writes, and what one process would.
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["shared"]
    assert {path.name for path in shared.iterdir()} == {path.name for path in alone.iterdir()}
    assert done.stderr.count("3 workers train together; this one is the chief") == 1
    assert done.stderr.count("epoch 2/2") == 1
    assert "worker 1" not in done.stderr
    assert done.stdout.count("(reloaded: same scores)") == 1


@pytest.mark.long
def test_a_killed_worker_ends_the_other_and_the_run_is_resumed(config: Path, tmp_path: Path, forks: Forks) -> None:
    run, begin = tmp_path / "run", ("cells.yaml", "--run-dir", "run", "--epochs", "100000", "-q")
    with _workers(forks, tmp_path, begin, begin) as (chief, other):
        _wait_for(lambda: any((run / "checkpoint").glob("last-*.npz")), chief)
        other.send_signal(signal.SIGKILL)
        _, said = chief.communicate(timeout=LONGEST)
    assert chief.returncode == 1
    assert "error: worker 1 of 2 has stopped or cannot be reached" in said
    assert f"resume with: mlpcli train --resume {run}" in said
    assert "Traceback" not in said
    epochs = len(read_history(run / "history.csv")["epoch"])
    resume = ("--resume", "run", "--epochs", str(epochs + 3), "-q")
    with _workers(forks, tmp_path, resume, resume) as processes:
        ended = [(*process.communicate(timeout=LONGEST), process.returncode) for process in processes]
    assert [code for _, _, code in ended] == [0, 0], ended
    assert ended[1][:2] == ("", "")
    history = read_history(run / "history.csv")
    assert history["epoch"] == list(range(1, epochs + 4))
    assert np.isfinite(history["loss"]).all()


def test_a_worker_with_other_settings_is_told_apart_before_anything_is_written(
    config: Path, tmp_path: Path, forks: Forks
) -> None:
    with _workers(forks, tmp_path, ["cells.yaml", "--epochs", "2"], ["cells.yaml", "--epochs", "3"]) as processes:
        ended = [(process.communicate(timeout=LONGEST)[1], process.returncode) for process in processes]
    for said, code in ended:
        assert code == 2
        assert "worker 1 has another value for the config" in said
    assert not (tmp_path / "runs").exists()
