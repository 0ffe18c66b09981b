"""Reading a table of a million rows and 20 columns: mlpcli (typed, encoded) beside pandas.read_csv and pyarrow.

In a second file, two of the columns have a unit or a currency and one holds dates, which only mlpcli reads as such.

.venv-bench/bin/python -m benchmarks.reading
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import RESULTS, versions

ROOT = Path(__file__).resolve().parent.parent
ROWS, ROUNDS = 1_000_000, 3


def _pandas(path: Path) -> None:
    import pandas as pd

    pd.read_csv(path)


def _pyarrow(path: Path) -> None:
    from pyarrow import csv

    csv.read_csv(path)


def _mlpcli(path: Path) -> None:
    """From the file to training, validation and test rows in float32, medians and one-hot columns included."""
    from mlpcli.config.sections import DataConfig
    from mlpcli.data.load_data import load_data

    load_data(DataConfig(source=str(path), target="y", test=0.2), seed=0)


WRITE = "write"
PLAIN, DRESSED = "million.csv", "dressed.csv"
READERS = {
    "pandas.read_csv": (_pandas, PLAIN),
    "pyarrow.csv.read_csv": (_pyarrow, PLAIN),
    "mlpcli: read, typed, split, encoded": (_mlpcli, PLAIN),
    "the same with kmpl, $1,234.50 and dates": (_mlpcli, DRESSED),
}


def main() -> None:
    """Interleaved rounds, each in a process of its own; one round is not counted."""
    if len(sys.argv) > 1:
        if sys.argv[1] == WRITE:
            _write(Path(sys.argv[2]))
            return
        read, file = READERS[sys.argv[1]]
        print(json.dumps(_measure(read, Path(sys.argv[2]) / file)))
        return
    found: dict[str, Any] = {name: {"seconds": [], "peak_rss_mib": []} for name in READERS}
    with tempfile.TemporaryDirectory() as folder:
        _in_process(WRITE, Path(folder))  # what this process has held counts as memory of those that it starts
        for turn in range(ROUNDS + 1):
            for name in READERS:
                figures = _in_process(name, Path(folder))
                print(turn, name, figures, file=sys.stderr, flush=True)
                for key, value in figures.items() if turn else ():
                    found[name][key].append(value)
        size = (Path(folder) / PLAIN).stat().st_size
    content = {"versions": versions(), "rows": ROWS, "bytes": size, "readers": found}
    (RESULTS / "reading.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def _write(folder: Path) -> None:
    """14 columns of decimals, three of whole numbers, two of words, and a class; then three of the numbers in dress."""
    import pyarrow as pa
    from pyarrow import csv

    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {f"x{number}": rng.normal(size=ROWS).round(5) for number in range(14)}
    columns |= {f"k{number}": rng.integers(0, 1000, ROWS) for number in range(3)}
    words = np.array(["red", "green", "blue", "violet"])
    columns |= {f"c{number}": words[rng.integers(0, 4, ROWS)] for number in range(2)}
    columns["y"] = rng.integers(0, 2, ROWS)
    csv.write_csv(pa.table(columns), folder / PLAIN)
    columns["x0"] = [f"{value:.5f} kmpl" for value in columns["x0"]]
    columns["x1"] = [f"${1000 * abs(value):,.2f}" for value in columns["x1"]]
    minutes = rng.integers(0, 1_000_000, ROWS).astype("timedelta64[m]")
    columns["k0"] = np.datetime_as_string(np.datetime64("2023-01-31T13:45") + minutes)
    csv.write_csv(pa.table(columns), folder / DRESSED)


def _in_process(name: str, folder: Path) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.reading", name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=True)
    result: dict[str, float] = json.loads(done.stdout or "{}")
    return result


def _measure(read: Any, path: Path) -> dict[str, float]:
    started = time.perf_counter()
    read(path)  # with its import, which is part of the wait
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    main()
