"""Runs killed (SIGKILL) at random moments: what they leave is read, resumed, and compared with a run nobody killed.

.venv-bench/bin/python -m benchmarks.kills [KILLS [ENGINE..]]     200 of each engine unless given

Writes results/kills.json; the rows of engines that are not named stay.

The moments are spread evenly over the whole process (start-up, loading, epochs, saving, drawing); those of every other
kill over what comes after the run directory is made, since importing takes most of the time. After each kill
`evaluate` and `plot` must work, or say that nothing was saved yet; then `train --resume` must end with the weights, the
history and the scores of the run that was never killed, and no temporary file may be left.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlpcli
from benchmarks.engine import RESULTS, versions
from mlpcli.errors import ModelFileError, RunDirectoryError
from mlpcli.modelfile.saved_model import open_model

KILLS = 200
ENGINES = ("numpy", "auto", "resident", "keras")
EPOCHS = {"numpy": 100, "auto": 30, "resident": 60, "keras": 12}
"""As many as make the epochs the greater part of the process."""
CONFIG = """
name: killed
data: {{source: moons, generate: {{rows: 600}}}}
model: {{hidden_units: [32, 16], dropout: 0.2, batch_normalization: true}}
training:
  engine: {engine}
  epochs: {epochs}
  learning_rate_schedule: {{reduce_on_plateau: {{patience: 3, factor: 0.5}}}}
  early_stopping: {{patience: {epochs}}}
"""
NOTHING = ("does not exist", "nothing was saved yet", "is not a run directory")
"""What may be said of a folder that a kill has left before the first good epoch."""


@dataclass
class Killed:
    """What came of the kills of one engine: how many by what the process was doing, and what was wrong after them."""

    engine: str
    phases: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    faults: list[str] = field(default_factory=list)


def main(kills: int, engines: Sequence[str]) -> None:
    """The results are written after each engine."""
    path = RESULTS / "kills.json"
    known = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []
    results = {row["engine"]: row for row in known}
    for engine in engines:
        found = kill_many(engine, kills, seed=kills)
        results[engine] = {"engine": engine, "kills": kills, **_counted(found)}
        print(json.dumps(results[engine], indent=1), flush=True)
        rows = [results[name] for name in ENGINES if name in results]
        path.write_text(json.dumps({"versions": versions(), "results": rows}, indent=1) + "\n", encoding="utf-8")


def _counted(found: Killed) -> dict[str, Any]:
    return {"phases": dict(sorted(found.phases.items())), "resumed": found.resumed, "faults": found.faults}


def kill_many(engine: str, kills: int, seed: int, epochs: int | None = None, *, pictures: bool = True) -> Killed:
    """Kill as many processes, each at a moment of its own. Without pictures, only `plot` draws, and only the curves."""
    found, moments = Killed(engine), random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "killed.yaml"
        config.write_text(CONFIG.format(engine=engine, epochs=epochs or EPOCHS[engine]), encoding="utf-8")
        started = time.perf_counter()
        process = _start(config, Path(place) / "straight", pictures)
        _until_made(Path(place) / "straight", process)
        begun = time.perf_counter()
        process.wait()
        ended = time.perf_counter()
        straight = outcome_of(Path(place) / "straight")
        for number in range(kills):
            run = Path(place) / f"run-{number}"
            process = _start(config, run, pictures)
            if number % 2:
                _until_made(run, process)
            time.sleep(moments.uniform(0, ended - (begun if number % 2 else started)))
            process.kill()
            process.wait()
            found.phases[_phase(run)] += 1
            drawn = () if pictures else ("history",)
            found.faults += [f"kill {number}: {fault}" for fault in _faults(run, straight, found, drawn)]
    return found


def _until_made(run: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait for the run directory."""
    while not run.exists() and process.poll() is None:
        time.sleep(0.001)


def _start(config: Path, run: Path, pictures: bool) -> subprocess.Popen[bytes]:
    """On the command line, without pictures also means without the process that would draw them."""
    command = [sys.executable, "-m", "mlpcli", "train", str(config), "--run-dir", str(run), "-q"]
    command += [] if pictures else ["-s", "output.plots=[]"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _phase(run: Path) -> str:
    """What the process had come to, by what it left."""
    if not run.exists():
        return "before the run directory"
    if not (run / "checkpoint").exists():
        return "before the first checkpoint"
    if not (run / "metrics.json").exists():
        return "epochs and saving"
    return "drawing and after"


def _faults(run: Path, straight: dict[str, Any], found: Killed, drawn: Sequence[str]) -> list[str]:
    """What is wrong with what a kill has left; [] as it should be. The pictures named are drawn; all, where none is."""
    faults = []
    for verb in (mlpcli.evaluate, lambda run: mlpcli.plot([run], only=drawn)):
        try:
            verb(run)
        except (RunDirectoryError, ModelFileError) as error:
            if (run / "model.keras").exists() or not any(text in str(error) for text in NOTHING):
                faults.append(str(error))
    if (run / "config.yaml").exists():
        mlpcli.resume(run, ["output.plots=[]"])  # drawn above
        found.resumed += 1
        if outcome_of(run) != straight:
            faults.append("the resumed run is another")
        faults += [f"{path} is left" for path in run.rglob(".tmp-*")]
    return faults


def outcome_of(run: Path) -> dict[str, Any]:
    """Weights, history, scores and stopping epoch of a run, without times."""
    with open(run / "history.csv", encoding="utf-8", newline="") as file:
        history = [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    for name in ("seconds", "examples_per_second"):
        del metrics[name]
    model = open_model(run)
    weights = {name: [array.tobytes() for array in arrays] for name, arrays in model.weights.items()}
    return {"history": history, "metrics": metrics, "weights": weights, "unfinished": model.card.unfinished}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS, sys.argv[2:] or ENGINES)
