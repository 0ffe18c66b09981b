"""Processes that are given one new run directory: one gets it, and the others say so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mlpcli.runs.history import read_history

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
data: {source: moons}
training: {engine: numpy, epochs: 3, early_stopping: false}
output: {plots: []}
"""
TRAIN = """
import os, sys
from mlpcli.workflows import run
from mlpcli.cli.main import main
engine = run.make_engine
def wait_for_the_others(*arguments):
    made = engine(*arguments)
    print(flush=True)  # ready; the test starts all at once
    sys.stdin.readline()
    return made
run.make_engine = wait_for_the_others
main(["train", "my.yaml", "-q", "--run-dir", "r", *sys.argv[1:]])
"""


@pytest.mark.skipif(os.name == "nt", reason="needs locks on folders")
@pytest.mark.parametrize("arguments", [[[]] * 3, [["--seeds", "1"], ["--seeds", "1", "-s", "seed=5"], []]])
def test_of_several_processes_one_takes_a_new_run_directory(tmp_path: Path, arguments: list[list[str]]) -> None:
    (tmp_path / "my.yaml").write_text(CONFIG, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN, *given], cwd=tmp_path, env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )
        for given in arguments
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert Counter(process.returncode for process in processes) == {0: 1, 2: 2}, errors
    for process, error in zip(processes, errors, strict=True):
        if process.returncode:
            assert error.endswith("choose another --run-dir\n")
    (history,) = (tmp_path / "r").rglob("history.csv")
    assert read_history(history)["epoch"] == [1, 2, 3]
