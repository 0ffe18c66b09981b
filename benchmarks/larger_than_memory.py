"""Training streamed on some gigabytes of Parquet, beside reading the same files once with pyarrow alone.

.venv-bench/bin/python -m benchmarks.larger_than_memory                  # 5 GB; takes three times that on disk
.venv-bench/bin/python -m benchmarks.larger_than_memory --gigabytes 1 --repeats 1
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.engine import RESULTS, versions
from benchmarks.streaming import CONFIG, ROW_BYTES, epoch_seconds, measured_process, write_set

EPOCHS = 1
READ = "--read"


def main() -> None:
    """Everything in processes of their own, since memory is measured by its peak; the files are removed at the end."""
    if len(sys.argv) > 2 and sys.argv[1] == READ:
        print(json.dumps(_read(Path(sys.argv[2]))))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are written; default: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for found in _measure(Path(folder), arguments.gigabytes, arguments.repeats):
            _keep({"versions": versions(), **found})


def _measure(folder: Path, gigabytes: float, repeats: int) -> Iterator[dict[str, Any]]:
    """What is known after each process: one training from the files; then, in turn, pyarrow and one from the cache."""
    source = folder / "data"
    source.mkdir()
    rows = int(gigabytes * 1e9 / ROW_BYTES["parquet"])
    size = write_set(source, rows, "parquet")
    _say(f"{rows:,} rows, {size / 1e9:.2f} GB")
    config = folder / "large.yaml"
    config.write_text(CONFIG.format(source=source, epochs=EPOCHS), encoding="utf-8")
    sizes = {"rows": rows, "bytes": size, "memory_bytes": _memory(), "epochs": EPOCHS}
    first = _train(folder, "first", config)
    sizes["cache_bytes"] = sum(file.stat().st_size for file in (folder / "cache").rglob("*.bin"))
    runs: dict[str, list[dict[str, Any]]] = {"pyarrow": [], "first": [first], "again": []}
    for _ in range(repeats):
        read = measured_process(folder, "pyarrow", ["-m", "benchmarks.larger_than_memory", READ, str(source)])
        _say(f"pyarrow: {read}")
        runs["pyarrow"].append(read)
        yield {**sizes, "runs": runs}
        runs["again"].append(_train(folder, "again", config))
        yield {**sizes, "runs": runs}


def _train(folder: Path, name: str, config: Path) -> dict[str, Any]:
    command = ["-m", "mlpcli", "train", str(config), "--runs-dir", str(folder / "runs"), "--quiet"]
    run = measured_process(folder, name, command)
    run["epoch_seconds"] = epoch_seconds(folder / "runs")
    _say(f"{name}: {run}")
    return run


def _keep(content: dict[str, Any]) -> None:
    """Into the results, and onto the page."""
    from benchmarks.data_blocks import larger_than_memory_block
    from benchmarks.report import write_pages

    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "larger_than_memory.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    print(larger_than_memory_block(content), flush=True)
    write_pages()


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


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
