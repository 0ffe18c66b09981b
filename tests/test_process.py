"""The process of a command: its quick end, and the collector."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlpcli import process


def test_a_users_file_hides_no_module(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("raise RuntimeError('homework')", encoding="utf-8")
    command = process.python_command("import random, sys; print(random.randint(5, 5), sys.argv[1:])")
    done = subprocess.run([*command, "train"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("5 ['train']\n", "")


END = """
import atexit, sys, threading, time
from mlpcli import process

class Told:
    def __del__(self):
        print("taken apart", flush=True)

process.own_process()
told = Told()
atexit.register(print, "called at the end")
threading.Thread(target=lambda: (time.sleep(0.1), print("thread"))).start()
"""


def end(more: str, stdout: int = subprocess.PIPE) -> tuple[int, list[str], str]:
    """Exit code, lines of standard output, and standard error of a process that ends as `more` says."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", END + more]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=buffered, timeout=60)
    return done.returncode, (done.stdout or "").splitlines(), done.stderr


@pytest.mark.parametrize("code", [0, 2, 130])
def test_all_that_waits_for_the_end_is_called_but_nothing_is_taken_apart(code: int) -> None:
    ended = end(f"print('buffered'); process.end_with({code}); sys.exit({code})")
    assert ended == (code, ["buffered", "thread", "called at the end"], "")


def test_an_error_ends_as_it_always_does() -> None:
    code, lines, said = end("raise RuntimeError('ours')")
    assert (code, lines[-1]) == (1, "taken apart")
    assert "RuntimeError: ours" in said


def test_a_process_that_others_wait_for_ends_as_usual() -> None:
    code, lines, _ = end("process.end_as_usual(); process.end_with(3); sys.exit(3)")
    assert (code, lines[-1]) == (3, "taken apart")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_what_cannot_be_written_is_said() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        code, _, said = end("print('lost'); process.end_with(0); sys.exit(0)", full.fileno())
    assert code == 120
    assert "No space left on device" in said


def test_the_collector_is_as_it_was_after_an_import() -> None:
    assert not process.owns_process()  # the tests are several commands in one process
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    with process.collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with process.collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert gc.get_threshold() == thresholds
    assert gc.get_freeze_count() <= frozen  # what the tests froze may die meanwhile


@pytest.mark.parametrize(("before", "said"), [({}, "20"), ({"OPENBLAS_THREAD_TIMEOUT": "4"}, "4")])
def test_threads_that_wait_for_a_product_soon_sleep(
    before: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT", raising=False)
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    assert end("import os; print(os.environ['OPENBLAS_THREAD_TIMEOUT']); process.end_with(0)")[1][0] == said


def test_what_a_command_imports_is_not_looked_at_again() -> None:
    code, lines, _ = end(
        "import gc\nwith process.collector_paused(): kept = [[] for _ in range(9)]\n"
        "print(gc.get_freeze_count() >= 9, gc.isenabled())\nprocess.end_with(0)"
    )
    assert (code, lines[0]) == (0, "True True")


def test_what_is_alive_between_two_trainings_is_left_out_once() -> None:
    code, lines, _ = end(
        "import gc\nprocess.leave_out_what_stays(); first = gc.get_freeze_count(); kept = [[] for _ in range(9999)]\n"
        "process.leave_out_what_stays(); print(0 < first, gc.get_freeze_count() < first + 9999)\nprocess.end_with(0)"
    )
    assert (code, lines[0]) == (0, "True True")
    frozen = gc.get_freeze_count()
    process.leave_out_what_stays()  # the tests are not a process of ours
    assert gc.get_freeze_count() == frozen
