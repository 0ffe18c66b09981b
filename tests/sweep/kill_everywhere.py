"""Kills a sweep by SIGKILL where it changes files, types its command again, and compares: a process for each, forked.

    python -m tests.sweep.kill_everywhere FOLDER 24

kills at every 24th change; 1 is every one, which takes minutes. Prints how many were tried, and how many of the sweeps
that went on ended otherwise than one that nobody killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlpcli
from mlpcli.training.progress import Silence
from mlpcli.workflows import sweep_results
from tests.reliability.kill_sweep import _in_a_child

CONFIG = """name: flowers
data: {source: iris, test: 0.2}
model: {hidden_units: [4]}
training: {engine: numpy, epochs: 2, optimizer: sgd, batch_size: 64}
output: {plots: []}
sweep: {trials: 2, pruner: none, parameters: {training.optimizer.learning_rate: {log_uniform: [0.001, 0.5]}}}
"""
CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate")


def _kill_at(number: int, folder: Path) -> None:
    """End this process just before the change of this number; Python tells audit hooks of each file that it opens."""
    done = 0

    def audit(event: str, given: tuple[Any, ...]) -> None:
        nonlocal done
        writes = event in CHANGES or (event == "open" and bool(given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))
        if writes and isinstance(given[0], (str, os.PathLike)) and str(given[0]).startswith(str(folder)):
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)


def _search(folder: Path) -> None:
    mlpcli.sweep(folder / "flowers.yaml", runs_dir=folder / "runs", progress=Silence(), resend_signals=False)


def _what_came_of_it(folder: Path) -> Any:
    """The trials, the best one's scores, the models that are kept, and what is left half written."""
    (sweep,) = [path.parent for path in (folder / "runs").glob("*/sweep.json")]
    found = json.loads((sweep / "sweep.json").read_text(encoding="utf-8"))
    trials = [{key: trial[key] for key in ("trial", "state", "value", "values", "epochs")} for trial in found["trials"]]
    best = json.loads((sweep / "best" / "seeds.json").read_text(encoding="utf-8"))
    models = sorted(str(path.relative_to(sweep)) for path in sweep.rglob("model.keras"))
    return trials, found["finals"], best["scores"], models, [*sweep.rglob(".tmp-*")]


def sweep(folder: Path, every: int) -> tuple[int, int]:
    """How many sweeps were killed, and how many of them did not end like the one that was not."""
    sweep_results.SEEDS = 1

    def new(name: str) -> Path:
        (folder / name).mkdir()
        (folder / name / "flowers.yaml").write_text(CONFIG, encoding="utf-8")
        return folder / name

    def killed(place: Path, number: int) -> Callable[[], None]:
        return lambda: (_kill_at(number, place), _search(place))[1]

    _search(new("straight"))
    expected = _what_came_of_it(folder / "straight")
    number, wrong = every, 0
    while _in_a_child(killed(place := new(str(number)), number)) == -signal.SIGKILL:
        wrong += _in_a_child(lambda place=place: _search(place)) != 0 or _what_came_of_it(place) != expected  # type: ignore[misc]
        number += every
    return number // every - 1, wrong


if __name__ == "__main__":
    print(json.dumps(sweep(Path(sys.argv[1]).resolve(), int(sys.argv[2]))))
