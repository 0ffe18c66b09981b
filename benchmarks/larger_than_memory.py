"""Training streamed on some gigabytes of Parquet, beside reading the same files once: their bytes alone, and pyarrow.

.venv-bench/bin/python -m benchmarks.larger_than_memory                  # 5 GB; takes three times that on disk
.venv-bench/bin/python -m benchmarks.larger_than_memory --gigabytes 1 --repeats 1 --folder /data/large

A folder that is given keeps the files: a measurement that was interrupted need not write them again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.engine import RESULTS, versions
from benchmarks.streaming import CONFIG, ROW_BYTES, epoch_seconds, measured_process, write_set

EPOCHS = 1
MODULE = "benchmarks.larger_than_memory"
STARTED = time.perf_counter()


def main() -> None:
    """Everything in processes of their own, since memory is measured by its peak."""
    if len(sys.argv) > 2 and sys.argv[1] in PARTS:
        print(json.dumps(PARTS[sys.argv[1]](*map(Path, sys.argv[2:]))))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are written, and kept; default: a temporary one")
    parser.add_argument("--busy", action="store_true", help="say on the page that the machine had other work")
    arguments = parser.parse_args()
    with _folder(arguments.folder) as folder:
        for found in _measure(folder.resolve(), arguments.gigabytes, arguments.repeats):
            _keep({"versions": versions(), "busy": arguments.busy, **found})


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _measure(folder: Path, gigabytes: float, repeats: int) -> Iterator[dict[str, Any]]:
    """What is known after each round: in the first, training encodes the rows; in the others, they are in the cache."""
    rows = int(gigabytes * 1e9 / ROW_BYTES["parquet"])
    source = folder / f"{rows}-rows"
    source.mkdir(exist_ok=True)
    size = write_set(source, rows, "parquet")
    _say(f"{rows:,} rows, {size / 1e9:.2f} GB")
    config = folder / "large.yaml"
    config.write_text(CONFIG.format(source=source, epochs=EPOCHS), encoding="utf-8")
    for left_over in ("cache", "runs"):
        shutil.rmtree(folder / left_over, ignore_errors=True)
    sizes = {"rows": rows, "bytes": size, "memory_bytes": _memory(), "epochs": EPOCHS}
    runs: dict[str, list[dict[str, Any]]] = {"bytes": [], "pyarrow": [], "first": [], "again": [], "evaluate": []}
    for number in range(repeats + 1):
        _run(folder, runs, "bytes", [BYTES, str(source)])
        _run(folder, runs, "pyarrow", [READ, str(source)])
        _run(folder, runs, "again" if number else "first", [TRAIN, str(config), str(folder / "runs")])
        _run(folder, runs, "evaluate", [EVALUATE, str(folder / "runs" / "streaming")])
        sizes["cache_bytes"] = sum(file.stat().st_size for file in (folder / "cache").rglob("*.bin"))
        yield {**sizes, "runs": runs}


def _run(folder: Path, runs: dict[str, list[dict[str, Any]]], name: str, arguments: list[str]) -> None:
    """One process; nothing of the files is in memory when it begins."""
    _forget(folder)
    found = measured_process(folder, name, ["-m", MODULE, *arguments])
    _say(f"{name}: {found}")
    runs[name].append(found)


def _forget(folder: Path) -> None:
    """Have the system drop what it keeps of these files in memory."""
    for path in folder.rglob("*"):
        if path.is_file() and hasattr(os, "posix_fadvise"):
            with open(path, "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _keep(content: dict[str, Any]) -> None:
    """Into the results, and onto the page."""
    from benchmarks.data_blocks import larger_than_memory_block
    from benchmarks.report import write_pages

    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "larger_than_memory.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    print(larger_than_memory_block(content), flush=True)
    write_pages()


def _bytes(source: Path) -> dict[str, Any]:
    """All bytes of the files, and nothing done with them."""
    started, size, buffer = time.perf_counter(), 0, memoryview(bytearray(1 << 20))
    for path in sorted(source.iterdir()):
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(buffer):
                size += count
    return {"read_seconds": time.perf_counter() - started, "read_bytes": size}


def _read(source: Path) -> dict[str, Any]:
    """All rows and columns once, file by file and batch by batch, as little in memory as pyarrow can do with."""
    from pyarrow import parquet

    started, rows, size = time.perf_counter(), 0, 0
    for path in sorted(source.iterdir()):
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches():
                rows += batch.num_rows
                size += batch.nbytes
    return {"read_seconds": time.perf_counter() - started, "read_rows": rows, "arrow_bytes": size}


def _train(config: Path, runs: Path) -> dict[str, Any]:
    """What `mlpcli train` does, and when it came to what."""
    from mlpcli.training.progress import Silence
    from mlpcli.workflows.train import train

    begun: dict[str, float] = {}
    ended: dict[str, float] = {}

    class Clock(Silence):
        """Notes when each part begins, and when it was last heard of."""

        def loading(self, what: str, done: int, total: int) -> None:
            begun.setdefault(what, time.perf_counter())
            ended[what] = time.perf_counter()

        def start(self, epochs: int, steps: int, rows: int) -> None:
            begun["epochs"] = time.perf_counter()

        def finish(self) -> None:
            ended["epochs"] = time.perf_counter()

    train(config, runs_dir=runs, progress=Clock())
    passes = {what: ended[what] - began for what, began in begun.items() if what != "epochs"}
    return {
        "passes": passes,
        "before_seconds": begun["epochs"] - STARTED,
        "epoch_seconds": epoch_seconds(runs),
        "after_seconds": time.perf_counter() - ended["epochs"],
    }


def _evaluate(run: Path) -> dict[str, Any]:
    from mlpcli.workflows.evaluate import evaluate

    return {"scored_rows": evaluate(run).evaluation["rows"]}


BYTES, READ, TRAIN, EVALUATE = "--bytes", "--read", "--train", "--evaluate"
PARTS: dict[str, Any] = {BYTES: _bytes, READ: _read, TRAIN: _train, EVALUATE: _evaluate}


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
