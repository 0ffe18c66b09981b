"""Every peer on every work, interleaved; keeps the raw results and writes the tables of docs/performance.md.

make bench                                 # everything; about half an hour on two cores
.venv-bench/bin/python -m benchmarks.engine --works digits iris --rounds 1
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.work import NAMES

PEERS = (
    "keras fit",
    "keras, steps_per_execution",
    "mlpcli auto",
    "mlpcli compiled",
    "mlpcli numpy",
    "scikit-learn",
    "PyTorch eager",
    "JAX lax.scan",
    "matrix products alone",
)
MODULES = {"scikit-learn": "sklearn", "PyTorch eager": "torch", "JAX lax.scan": "jax"}
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    """Measure, store, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--long", type=int, default=50, help="epochs of the long runs of digits, iris and MNIST")
    arguments = parser.parse_args()
    rows = measure(arguments.works, arguments.rounds, arguments.epochs, PEERS)
    long_works = [name for name in arguments.works if name != "wide"]
    rows += measure(long_works, max(1, arguments.rounds - 1), arguments.long, ("keras fit", "mlpcli auto"))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "engine.json").write_text(json.dumps({"versions": versions(), "rows": rows}, indent=1), encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def measure(works: list[str], rounds: int, epochs: int, peers: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rounds over works over peers, so that the machine's moods meet all of them alike."""
    rows: list[dict[str, Any]] = []
    for turn in range(rounds):
        for work in works:
            for peer in peers:
                print(f"round {turn + 1}, {epochs} epochs, {work}: {peer}", file=sys.stderr, flush=True)
                rows += run(peer, work, epochs)
    return rows


def run(peer: str, work: str, epochs: int, *only: str) -> list[dict[str, Any]]:
    """One process; nothing where the peer is not installed, with the reason on standard error."""
    module = MODULES.get(peer)
    if (
        module
        and subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False).returncode
    ):
        print(f"  skipped: {module} is not installed", file=sys.stderr)
        return []
    command = [sys.executable, "-m", "benchmarks.one", peer, work, str(epochs), *only]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def versions() -> dict[str, str]:
    """Of everything that was measured, and the machine."""
    from importlib.metadata import PackageNotFoundError, version

    from mlpcli.runs.directory import describe_environment

    found = {}
    for name in ("mlpcli", "tensorflow", "keras", "numpy", "scikit-learn", "pyarrow", "pandas", "torch", "jax"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    machine = describe_environment([], [], "")["machine"]
    return {**found, "python": sys.version.split()[0], "cpu": machine["cpu"], "cores": str(machine["cores"])}


if __name__ == "__main__":
    main()
