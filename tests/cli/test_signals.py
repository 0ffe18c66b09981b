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

from mlpcli import machine
from mlpcli.runs.history import read_history
from tests.forks import Fork, Forks
from tests.model_file_parts import read_metadata

pytestmark = pytest.mark.usefixtures("hears_hangup")

ROOT = Path(__file__).resolve().parents[2]
NUMPY = ("-s", "training.engine=numpy", "-s", "data.source=moons")
ENDLESS = ["-s", "training.epochs=1000000", "-s", "training.early_stopping=false"]


Process = Fork | subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path, forks: Forks) -> Iterator[Start]:
    """Starts `mlpcli train ARGS..` in the test's folder, as the leader of a session; whatever happens, it ends.

    anew: as a new Python, not as a fork.
    """
    started: list[Process] = []

    def train(*arguments: str | Path, anew: bool) -> Process:
        process: Process
        if anew:
            process = subprocess.Popen(
                [sys.executable, "-m", "mlpcli", "train", *arguments], cwd=tmp_path, encoding="utf-8",
                env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True,
            )  # fmt: skip
        else:
            process = forks.start(["train", *arguments], tmp_path)
        started.append(process)
        return process

    yield train
    for process in started:
        process.kill()
        process.communicate()


def _wait_for(happened: Callable[[], bool], process: Process) -> None:
    deadline = time.monotonic() + 300
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "code", "arguments", "anew"),
    [
        (signal.SIGINT, 130, NUMPY, True),
        (signal.SIGTERM, 143, NUMPY, False),
        (signal.SIGHUP, 129, NUMPY, False),
        pytest.param(signal.SIGTERM, 143, (), True, marks=pytest.mark.tf),
    ],
)
def test_the_model_is_saved_and_the_process_ends_with_the_signals_code(
    tmp_path: Path,
    digits: Path,
    start: Start,
    number: signal.Signals,
    code: int,
    arguments: tuple[str, ...],
    anew: bool,
) -> None:
    process = start(digits, "--run-dir", "run", "-s", "output.plots=[]", *ENDLESS, *arguments, anew=anew)
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


@pytest.mark.skipif(machine.processors() < 2, reason="on one processor, no other process draws")
@pytest.mark.parametrize("signals", [[signal.SIGKILL], [signal.SIGINT, signal.SIGINT], [signal.SIGINT]])
def test_what_draws_for_it_ends_with_it(
    tmp_path: Path, digits: Path, start: Start, signals: list[signal.Signals]
) -> None:
    """Killed, and by Ctrl-C in a terminal, once and twice; nothing is said of it."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc to see other processes")
    process = start(digits, "-q", "--run-dir", "run", "-s", "output.plots=[png]", *ENDLESS, *NUMPY, anew=False)
    history = tmp_path / "run" / "history.csv"
    _wait_for(lambda: history.is_file() and history.read_text(encoding="utf-8").count("\n") > 2, process)
    helpers = [pid for pid in _living() if _parent(pid) == process.pid]
    assert helpers
    for number in signals:
        os.killpg(process.pid, number)
        time.sleep(0.2)  # it draws by now
    err = process.communicate(timeout=60)[1]
    deadline = time.monotonic() + 60
    while set(helpers) & set(_living()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if process.returncode > 0:
        assert (process.returncode, err.startswith("interrupted (SIGINT); the weights")) == (130, True), err
        assert (tmp_path / "run" / "history.png").stat().st_size > 1000
    else:
        assert (process.returncode, err) == (-signals[-1], "")
    assert not list(tmp_path.rglob(".tmp-*.png"))


def _living() -> list[int]:
    """All processes but those that have ended and were not waited for."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _status(int(folder.name))[0] not in "ZX"]


def _parent(pid: int) -> int:
    return int(_status(pid)[1])


def _status(pid: int) -> list[str]:
    """State and parent, which follow the name in parentheses."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["X", "0"]


@pytest.mark.tf
def test_before_training_begins_ctrl_c_ends_it_without_a_word_too_many(
    tmp_path: Path, digits: Path, start: Start
) -> None:
    """While TensorFlow is imported; the filter of its chatter hears Ctrl-C in a terminal, too."""
    process = start(digits, anew=True)
    maps = Path(f"/proc/{process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc to see when the import begins")
    _wait_for(lambda: "libtensorflow" in maps.read_text(encoding="utf-8"), process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err.strip()) == (130, "", "interrupted")
    assert not (tmp_path / "runs").exists()
