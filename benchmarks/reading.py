"""Reading a table of a million rows and 20 columns: mlpcli (typed, encoded) beside pandas.read_csv and pyarrow.

In a second file, two of the columns have a unit or a currency and one holds dates, which only mlpcli reads as such; a
third is Korean. At the end it prints how many times as long each takes as pandas.read_csv takes for the first file in
the same round, and how much processor time. The last one trains: how much memory the table leaves to training.

.venv-bench/bin/python -m benchmarks.reading            # writes docs/data.md
.venv-bench/bin/python -m benchmarks.reading --print    # does not
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import RESULTS, versions

ROOT = Path(__file__).resolve().parent.parent
ROWS, ROUNDS = 1_000_000, 3
KEYS = ("seconds", "cpu_seconds", "peak_mib")


def _pandas(path: Path) -> None:
    import pandas as pd

    pd.read_csv(path)


def _pyarrow(path: Path) -> None:
    from pyarrow import csv

    csv.read_csv(path)


def _mlpcli(path: Path) -> None:
    """From the file to training, validation and test rows in float32, medians and one-hot columns included.

    As the command does it: pyarrow would import pandas, which takes as long as a fifth of all this.
    """
    from mlpcli.__main__ import WithoutPandas

    sys.meta_path.insert(0, WithoutPandas())
    from mlpcli.config.sections import DataConfig
    from mlpcli.data.load_data import load_data

    types: dict[str, Any] = {"주소": "category"} if path.name == KOREAN else {}
    load_data(DataConfig(source=str(path), target="y", test=0.2, types=types), seed=0)


def _train(path: Path) -> None:
    import mlpcli

    config = path.with_suffix(".yaml")
    config.write_text(
        f"data: {{source: {path}, target: y, test: 0.2, streaming: never}}\nmodel: {{hidden_units: [32]}}\n"
        "training: {epochs: 1, batch_size: 256}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    mlpcli.train(config, runs_dir=path.parent / "runs")


WRITE = "write"
PLAIN, DRESSED, KOREAN = "million.csv", "dressed.csv", "korean.csv"
READERS = {
    "pandas.read_csv": (_pandas, PLAIN),
    "pyarrow.csv.read_csv": (_pyarrow, PLAIN),
    "mlpcli: read, typed, split, encoded": (_mlpcli, PLAIN),
    "the same with kmpl, $1,234.50 and dates": (_mlpcli, DRESSED),
    "in Korean: 500,000 rows of 오후 3:20, 1,250,000원, addresses, regions, areas": (_mlpcli, KOREAN),
    "mlpcli.train by Keras: the first file, and one epoch of 32 units": (_train, PLAIN),
}


def main() -> None:
    """Interleaved rounds, each in a process of its own; one round is not counted."""
    if len(sys.argv) > 2:
        if sys.argv[1] == WRITE:
            _write(Path(sys.argv[2]))
            return
        read, file = READERS[sys.argv[1]]
        print(json.dumps(_measure(read, Path(sys.argv[2]) / file)))
        return
    found: dict[str, Any] = {name: {key: [] for key in KEYS} for name in READERS}
    with tempfile.TemporaryDirectory() as folder:
        _in_process(WRITE, Path(folder))  # what this process has held counts as memory of those that it starts
        for turn in range(ROUNDS + 1):
            for name in READERS:
                figures = _in_process(name, Path(folder))
                print(turn, name, figures, file=sys.stderr, flush=True)
                for key, value in figures.items() if turn else ():
                    found[name][key].append(value)
        size = (Path(folder) / PLAIN).stat().st_size
    for name in READERS:
        print(name, *(f"{key} {_ratios(found, name, key)}" for key in KEYS), sep="; ")
    if "--print" in sys.argv:
        return
    content = {"versions": versions(), "rows": ROWS, "bytes": size, "readers": found}
    (RESULTS / "reading.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def _ratios(found: dict[str, Any], name: str, key: str) -> str:
    """How many times as much as pandas.read_csv of the same round: the median, and the range."""
    pairs = zip(found[name][key], found["pandas.read_csv"][key], strict=True)
    ratios = [one / other for one, other in pairs]
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f}..{max(ratios):.2f}] x"


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
    csv.write_csv(pa.table(_korean(rng, ROWS // 2)), folder / KOREAN)


def _korean(rng: np.random.Generator, rows: int) -> dict[str, Any]:
    """An address, a date with 오전 or 오후, an amount in won, a region, an area in m², and a class."""
    regions = np.array(["서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기", "강원"])
    numbers = rng.integers(1, 9999, rows)
    moments = [datetime(2023, 1, 1) + timedelta(minutes=int(minute)) for minute in rng.integers(0, 500_000, rows)]
    return {
        "주소": [
            f"{region} 중구 {number}번지" for region, number in zip(rng.choice(regions, rows), numbers, strict=True)
        ],
        "일시": [
            f"{at:%Y년 %m월 %d일} {'오전' if at.hour < 12 else '오후'} {at.hour % 12 or 12}:{at:%M}" for at in moments
        ],
        "가격": [f"{won:,}원" for won in rng.integers(1000, 9_000_000, rows)],
        "지역": rng.choice(regions, rows),
        "면적": rng.normal(60, 10, rows).round(3),
        "y": rng.integers(0, 2, rows),
    }


def _in_process(name: str, folder: Path) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.reading", name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=True)
    result: dict[str, float] = json.loads(done.stdout or "{}")
    return result


def _measure(read: Any, path: Path) -> dict[str, float]:
    started, cpu = time.perf_counter(), time.process_time()
    read(path)  # with its import, which is part of the wait
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak}


if __name__ == "__main__":
    main()
