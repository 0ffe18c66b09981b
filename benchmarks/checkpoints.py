"""What checkpoints cost: their share of a run's time, as metrics.json has it, for three networks.

.venv-bench/bin/python -m benchmarks.checkpoints FOLDER     FOLDER holds mnist/ as IDX files

Writes results/checkpoints.json. The share is that of the whole command, from its start to its pictures; beside it is
the share of the time from the loaded data to the saved model, all that `mlpcli.training.keeper` can know of.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.engine import RESULTS, versions

ROUNDS = 3
RUNS = {
    "digits, 64-32, NumPy, 40 epochs": (
        "data: {{source: digits}}\ntraining: {{engine: numpy, epochs: 40, early_stopping: false}}"
    ),
    "digits, 64-32, 40 epochs": "data: {{source: digits}}\ntraining: {{epochs: 40, early_stopping: false}}",
    "MNIST, 64-32-64, 20 epochs": (
        'data: {{source: mnist, path: "{mnist}"}}\nmodel: {{hidden_units: [64, 32, 64]}}\n'
        "training: {{epochs: 20, batch_size: 100, early_stopping: false}}"
    ),
    "MNIST, 1024-1024, 3 epochs": (
        'data: {{source: mnist, path: "{mnist}"}}\nmodel: {{hidden_units: [1024, 1024]}}\n'
        "training: {{epochs: 3, batch_size: 100, early_stopping: false}}"
    ),
}


def main(folder: Path) -> None:
    """Each run in a process of its own."""
    results = []
    for name, text in RUNS.items():
        found = [_run(text.format(mnist=folder / "mnist")) for _ in range(ROUNDS)]
        shares = [one["checkpoints"] / one["command"] for one in found]
        results.append({
            "run": name,
            "seconds": statistics.median(one["command"] for one in found),
            "share_of_training": statistics.median(one["checkpoints"] / one["total"] for one in found),
            "share": statistics.median(shares),
            "lowest": min(shares),
            "highest": max(shares),
            "megabytes": found[0]["bytes"] / 1e6,
        })  # fmt: skip
        print(json.dumps(results[-1]), flush=True)
    content = json.dumps({"versions": versions(), "rounds": ROUNDS, "results": results}, indent=1) + "\n"
    (RESULTS / "checkpoints.json").write_text(content, encoding="utf-8")


def _run(text: str) -> dict[str, Any]:
    """Seconds, as metrics.json has them, and the bytes of checkpoint/."""
    with tempfile.TemporaryDirectory() as place:
        config, run = Path(place) / "run.yaml", Path(place) / "run"
        config.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "mlpcli", "train", str(config), "--run-dir", str(run), "-q"]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - started
        seconds: dict[str, Any] = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["seconds"]
        return {
            **seconds,
            "command": whole,
            "bytes": sum(file.stat().st_size for file in (run / "checkpoint").iterdir()),
        }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
