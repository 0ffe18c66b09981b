"""Training on a table larger than memory: peak memory against rows, beside the stated bound, and seconds per pass.

.venv-bench/bin/python -m benchmarks.streaming              # a fifth of what is free on disk, 5 GB at most
.venv-bench/bin/python -m benchmarks.streaming --gigabytes 1 --format parquet
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import RESULTS, versions
from benchmarks.tree_peak import TreePeak, held_mib

ROOT = Path(__file__).resolve().parent.parent
ROW_BYTES = {"csv": 146, "parquet": 94}
FILE_ROWS = 500_000
NUMBERS, WORDS = 16, ("서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종")
CONFIG = """
name: streaming
data: {{source: "{source}", target: y, test: 0.1, validation: 0.1, streaming: always}}
model: {{hidden_units: [64, 32]}}
training: {{optimizer: adam, epochs: {epochs}, engine: resident, batch_size: 256, early_stopping: false}}
output: {{plots: []}}
"""


def main() -> None:
    """The large set and one of a quarter of it, each in processes of its own, since memory is measured by its peak."""
    if len(sys.argv) > 2 and sys.argv[1] == "--passes":
        print(json.dumps(_passes(Path(sys.argv[2]))))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--gigabytes", type=float, default=min(5.0, shutil.disk_usage(tempfile.gettempdir()).free / 5e9)
    )
    parser.add_argument("--format", choices=ROW_BYTES, default="csv")
    parser.add_argument(
        "--folder", type=Path, default=None, help="where the sets are written; default: a temporary one"
    )
    arguments = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for name, share in (("quarter", 0.25), ("whole", 1.0)):
            rows = int(arguments.gigabytes * 1e9 * share / ROW_BYTES[arguments.format])
            found.append(_measure(Path(folder) / name, rows, arguments.format))
            shutil.rmtree(Path(folder) / name)
    growth = found[1]["train"]["peak_mib"] / found[0]["train"]["peak_mib"]
    print(f"four times the rows: {growth:.2f} times the peak")
    RESULTS.mkdir(exist_ok=True)
    content = {"versions": versions(), "format": arguments.format, "sets": found, "peak_growth": growth}
    (RESULTS / f"streaming_{arguments.format}.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def _measure(folder: Path, rows: int, form: str) -> dict[str, Any]:
    """Write a set; then: the passes alone, training from the file, and training again, when all is in the cache."""
    source = folder / "data"
    source.mkdir(parents=True)
    size = write_set(source, rows, form)
    config = folder / "streaming.yaml"
    config.write_text(CONFIG.format(source=source, epochs=1), encoding="utf-8")
    result: dict[str, Any] = {"rows": rows, "bytes": size}
    result["passes"] = measured_process(folder, "passes", ["-m", "benchmarks.streaming", "--passes", str(config)])
    shutil.rmtree(folder / "cache")
    for name in ("train", "train again"):
        command = ["-m", "mlpcli", "train", str(config), "--runs-dir", str(folder / "runs"), "--quiet"]
        result[name] = measured_process(folder, name, command)
        result[name]["epoch_seconds"] = epoch_seconds(folder / "runs")[0]
    result["cache_bytes"] = sum(file.stat().st_size for file in (folder / "cache").rglob("*.bin"))
    _tell(result)
    return result


def measured_process(folder: Path, name: str, command: list[str]) -> dict[str, Any]:
    """Run it to its end: seconds by the clock and of processors, its last line where that is JSON, and the peak of the
    resident memory of the process and its children together.

    Where this process is interrupted, that one is ended first.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLPCLI_CACHE": str(folder / "cache")}
    output, tree = folder / f"{name}.out", TreePeak()
    started = time.perf_counter()
    with open(output, "wb") as file:
        process = subprocess.Popen([sys.executable, *command], stdout=file, stderr=file, env=environment, cwd=folder)
        try:
            with tree.watching(process.pid):
                _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(encoding="utf-8")
    if process.returncode:
        raise SystemExit(f"{name}: exit code {process.returncode}\n{text}")
    last = (text.splitlines() or [""])[-1]
    found = json.loads(last) if last.startswith("{") else {}
    seconds, processor = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
    peak = tree.peak_mib or usage.ru_maxrss / 1024
    return {"seconds": seconds, "processor_seconds": processor, "peak_mib": peak, **found}


def _passes(config: Path) -> dict[str, Any]:
    """Seconds of each pass over the table, the bound for it, and what the program itself holds, without TensorFlow."""
    from mlpcli.data.load_data import load_data
    from mlpcli.data.streaming.convert import memory_bound
    from mlpcli.workflows.prepare import read_config

    starts: dict[str, float] = {}
    ends: dict[str, float] = {}

    def watch(what: str, done: int, total: int) -> None:
        starts.setdefault(what, time.perf_counter())
        ends[what] = time.perf_counter()

    loaded = read_config(config)
    for name in ("pyarrow.compute", "pyarrow.csv", "pyarrow.parquet"):
        import_module(name)  # as loading does
    program = held_mib(os.getpid())
    with loaded.located():
        source = load_data(loaded.config.data, loaded.config.seed, watch=watch).source
    bound = memory_bound(source.input_shape[0], ROW_BYTES["csv"], NUMBERS + 3)
    return {
        "bound_mib": bound / 2**20,
        "program_mib": program,
        "per_pass": {what: ends[what] - starts[what] for what in starts},
    }


def epoch_seconds(runs: Path) -> list[float]:
    """Of the epochs of the newest run."""
    newest = max(runs.glob("*/history.csv"), key=lambda path: path.stat().st_mtime)
    with open(newest, encoding="utf-8", newline="") as file:
        return [float(row["seconds"]) for row in csv.DictReader(file)]


def _tell(found: dict[str, Any]) -> None:
    passes, train, again = found["passes"], found["train"], found["train again"]
    print(f"{found['rows']:,} rows, {found['bytes'] / 1e9:.2f} GB (in the cache: {found['cache_bytes'] / 1e9:.2f} GB)")
    for what, seconds in passes["per_pass"].items():
        print(f"  {what}: {seconds:.1f} s")
    beside = passes["peak_mib"] - passes["program_mib"]
    print(f"  loading: peak {beside:.0f} MiB beside the program; the bound: {passes['bound_mib']:.0f} MiB")
    for name, run in (("train", train), ("train again", again)):
        print(
            f"  {name}: {run['seconds']:.1f} s, its epoch {run['epoch_seconds']:.1f} s, peak {run['peak_mib']:.0f} MiB"
        )


def write_set(folder: Path, rows: int, form: str) -> int:
    """Files of half a million rows: 16 numbers (some missing), two columns of words, one of yes and no, a class.

    Files that are there already stay; each has its name only when it is whole. Returns the bytes of all.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    size = 0
    for number, start in enumerate(range(0, rows, FILE_ROWS)):
        path = folder / f"part-{number:04d}.{form}"
        if not path.exists():
            table, unfinished = (
                pa.table(_columns(number, min(FILE_ROWS, rows - start))),
                path.with_suffix(".unfinished"),
            )
            (arrow_csv.write_csv if form == "csv" else parquet.write_table)(table, unfinished)
            os.replace(unfinished, path)
        size += path.stat().st_size
    return size


def _columns(seed: int, rows: int) -> dict[str, Any]:
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    score = np.zeros(rows)
    for index in range(NUMBERS):
        values = np.round(rng.normal(index, 1 + index, rows), 4)
        score += (values - index) / (1 + index) * (1 if index % 2 else -1)
        columns[f"x{index}"] = pa.array(values, mask=rng.random(rows) < 0.01 if index == 3 else None)
    for name in ("city", "born"):
        columns[name] = pa.array(np.array(WORDS)[rng.integers(0, len(WORDS), rows)])
    columns["member"] = pa.array(np.array(["no", "yes"])[rng.integers(0, 2, rows)])
    columns["y"] = pa.array(np.array(["낮음", "중간", "높음"])[np.digitize(score, (-1.5, 1.5))])
    return columns


if __name__ == "__main__":
    main()
