"""Ctrl-C, a polite kill and a closed terminal, sent to a process that trains."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlpcli.runs.history import read_history
from tests.model_file_parts import read_metadata

pytestmark = pytest.mark.usefixtures("hears_hangup")

ROOT = Path(__file__).resolve().parents[2]
NUMPY = ("-s", "training.engine=numpy", "-s", "data.source=moons")
ENDLESS = ["-s", "training.epochs=1000000", "-s", "training.early_stopping=false"]


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `mlpcli train ARGS..` in the test's folder, as the leader of a session; whatever happens, it ends."""
    started: list[subprocess.Popen[str]] = []

    def train(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlpcli", "train", *arguments], cwd=tmp_path, encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield train
    for process in started:
        process.kill()
        process.communicate()


def _wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "code", "arguments"),
    [
        (signal.SIGINT, 130, NUMPY),
        (signal.SIGTERM, 143, NUMPY),
        (signal.SIGHUP, 129, NUMPY),
        pytest.param(signal.SIGTERM, 143, (), marks=pytest.mark.tf),
    ],
)
def test_the_model_is_saved_and_the_process_ends_with_the_signals_code(
    tmp_path: Path, digits: Path, start: Start, number: signal.Signals, code: int, arguments: tuple[str, ...]
) -> None:
    process = start(digits, "--run-dir", "run", *ENDLESS, *arguments)
    history = tmp_path / "run" / "history.csv"
    _wait_for(lambda: history.is_file() and history.read_text(encoding="utf-8").count("\n") > 2, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    assert "Traceback" not in err
    run = tmp_path / "run"
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    losses = read_history(history)["val_loss"]
    assert (metrics["epochs"], metrics["kept_epoch"]) == (len(losses), losses.index(min(losses)) + 1)
    assert f"interrupted ({number.name}); the weights of epoch {metrics['kept_epoch']} are kept in" in err
    assert err.splitlines()[-1] == f"resume with: mlpcli train --resume {run}"
    assert f"saved  {run / 'model.keras'}" in out
    metadata = read_metadata(run / "model.keras")
    assert metadata is not None
    assert metadata["kept_epoch"] == metrics["kept_epoch"]


@pytest.mark.tf
def test_before_training_begins_ctrl_c_ends_it_without_a_word_too_many(
    tmp_path: Path, digits: Path, start: Start
) -> None:
    """While TensorFlow is imported; the filter of its chatter hears Ctrl-C in a terminal, too."""
    process = start(digits)
    maps = Path(f"/proc/{process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc to see when the import begins")
    _wait_for(lambda: "libtensorflow" in maps.read_text(encoding="utf-8"), process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err.strip()) == (130, "", "interrupted")
    assert not (tmp_path / "runs").exists()
