"""Long trainings and many of them: seconds per epoch over 10,000 epochs, and memory over 200 trainings in one process.

.venv-bench/bin/python -m benchmarks.long_runs     writes results/long_runs.json
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.engine import RESULTS, versions

EPOCHS = 10_000
TRAININGS = 200
EVERY = 20
CONFIG = """
data: {{source: iris}}
model: {{hidden_units: [16]}}
training: {{engine: {engine}, epochs: {epochs}, early_stopping: false}}
output: {{plots: []}}
"""
ENGINES = ("numpy", "auto")


def main() -> None:
    """Each engine in a process of its own."""
    results = []
    for engine in ENGINES:
        for what in ("epochs", "trainings"):
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.long_runs", what, engine], check=True, stdout=subprocess.PIPE
            )
            results.append({"engine": engine, **json.loads(done.stdout.splitlines()[-1])})
            print(json.dumps(results[-1]), flush=True)
    content = json.dumps({"versions": versions(), "results": results}, indent=1) + "\n"
    (RESULTS / "long_runs.json").write_text(content, encoding="utf-8")


def epochs(engine: str) -> dict[str, Any]:
    """Median milliseconds of an epoch in each tenth of a long training, and the memory at its end."""
    import mlpcli
    from mlpcli.runs.history import read_history

    with tempfile.TemporaryDirectory() as place:
        run = mlpcli.train(_config(Path(place), engine, EPOCHS), run_dir=Path(place) / "run").run
        seconds = read_history(run / "history.csv")["seconds"]
    tenth = len(seconds) // 10
    medians = [1000 * statistics.median(seconds[start : start + tenth]) for start in range(0, len(seconds), tenth)]
    return {"what": f"{EPOCHS} epochs", "milliseconds_per_epoch": medians, "megabytes": _megabytes()}


def trainings(engine: str) -> dict[str, Any]:
    """Resident megabytes after every so many trainings of one epoch each."""
    import mlpcli

    curve = []
    with tempfile.TemporaryDirectory() as place:
        config = _config(Path(place), engine, 1)
        for number in range(1, TRAININGS + 1):
            mlpcli.train(config, runs_dir=place)
            if number % EVERY == 0:
                curve.append(_megabytes())
    return {"what": f"{TRAININGS} trainings", "every": EVERY, "megabytes": curve}


def _config(folder: Path, engine: str, epochs: int) -> Path:
    path = folder / "long.yaml"
    path.write_text(CONFIG.format(engine=engine, epochs=epochs), encoding="utf-8")
    return path


def _megabytes() -> float:
    """The most resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure = {"epochs": epochs, "trainings": trainings}[sys.argv[1]]
        print(json.dumps(measure(sys.argv[2])))
    else:
        main()
