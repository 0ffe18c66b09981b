"""Processes that are given one new run directory: one gets it, and the others say so."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from mlpcli.runs.history import read_history
from tests.forks import Forks

CONFIG = """
data: {source: moons}
training: {engine: numpy, epochs: 3, early_stopping: false}
output: {plots: []}
"""
TRAIN = """
import json, os, sys
from mlpcli.workflows import run
from mlpcli.cli.main import main
engine, ready, go, children = run.make_engine, os.pipe(), os.pipe(), []
def wait_for_the_others(*arguments):
    made = engine(*arguments)
    os.write(ready[1], b".")
    os.close(ready[1])
    os.read(go[0], 1)
    return made
run.make_engine = wait_for_the_others
for number, arguments in enumerate(json.loads(sys.argv[1])):
    children.append(os.fork())
    if children[-1] == 0:
        os.close(go[1])  # so that it waits for nobody where the parent has died
        os.dup2(os.open(f"{number}.txt", os.O_WRONLY | os.O_CREAT), 2)
        try:
            main(["train", "my.yaml", "-q", "--run-dir", "r", *arguments])
        except SystemExit as done:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(done.code or 0)
os.close(ready[1])
for _ in children:
    os.read(ready[0], 1)  # nothing where one has ended
os.write(go[1], b"." * len(children))
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
print(json.dumps(codes))
"""


@pytest.mark.skipif(os.name == "nt", reason="needs locks on folders")
@pytest.mark.parametrize("arguments", [[[]] * 3, [["--seeds", "1"], ["--seeds", "1", "-s", "seed=5"], []]])
def test_of_several_processes_one_takes_a_new_run_directory(
    tmp_path: Path, forks: Forks, arguments: list[list[str]]
) -> None:
    (tmp_path / "my.yaml").write_text(CONFIG, encoding="utf-8")
    done = forks.run([json.dumps(arguments)], tmp_path, program=TRAIN)
    assert done.returncode == 0, done.stderr
    codes = json.loads(done.stdout.splitlines()[-1])
    errors = [(tmp_path / f"{number}.txt").read_text(encoding="utf-8") for number in range(3)]
    assert Counter(codes) == {0: 1, 2: 2}, errors
    for code, error in zip(codes, errors, strict=True):
        if code:
            assert error.endswith("choose another --run-dir\n")
    (history,) = (tmp_path / "r").rglob("history.csv")
    assert read_history(history)["epoch"] == [1, 2, 3]
