"""Rows on disk by DiskRows and by numpy.memmap: seconds, memory, and whether the bits of shuffled epochs are equal.

.venv-bench/bin/python -m benchmarks.memmap_rows                # 1 GiB of rows, each way three times, interleaved
.venv-bench/bin/python -m benchmarks.memmap_rows --cold             # the file is not in the page cache before
.venv-bench/bin/python -m benchmarks.memmap_rows --limit-mib 300    # with a limit to the address space (ulimit -v)
.venv-bench/bin/python -m benchmarks.memmap_rows --cut              # the file is cut off while it is read

Each measurement is a process of its own that reads an epoch of batches in the order of BlockOrder; but for --cold, the
file is in the page cache before. "anonymous" is memory that only this process has; "file" are mapped pages, which count
as its resident memory as well. "released" gives the mapped pages back every few batches (madvise MADV_DONTNEED).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import mmap
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, BATCH, RELEASE_BATCHES = 64, 256, 64
WAYS = ("DiskRows", "memmap", "memmap, released")


def main() -> None:
    """Measure every way in turn, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit-mib", type=int, help="RLIMIT_AS beyond what the program takes by itself")
    parser.add_argument("--cold", action="store_true", help="let the system forget the file before each epoch")
    parser.add_argument("--cut", action="store_true", help="cut the file off while it is read")
    parser.add_argument("--child", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        way, file = arguments.child
        print(json.dumps(_measure(way, Path(file), arguments)))
        return
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.system()} {platform.release()}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.bin"
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for _ in range(arguments.repeats):
            for way in WAYS:
                if arguments.cut or not file.exists():
                    _write(file, arguments.mib)
                found[way].append(_child(way, file))
    _tell(found)


def _write(file: Path, mib: int) -> None:
    random = np.random.default_rng(0)
    with open(file, "wb") as target:
        for _ in range(mib):
            target.write(random.random(1 << 18, np.float32).data)
        target.flush()
        os.fsync(target.fileno())


def _child(way: str, file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.memmap_rows", *sys.argv[1:], "--child", way, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return {"failed": f"the process was ended by {signal.Signals(-done.returncode).name}"}
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1]}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _measure(way: str, file: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """One epoch: seconds, the digest of all batches, and the most memory of each kind, in MiB."""
    from mlpcli.data.streaming.disk_rows import BlockOrder, DiskRows

    shape = (file.stat().st_size // (4 * WIDTH), WIDTH)
    before = _memory()
    if arguments.limit_mib:
        _limit(arguments.limit_mib)
    if arguments.cold:
        with open(file, "rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    disk = DiskRows(file, shape, np.float32)
    rows: Any = disk if way == "DiskRows" else np.memmap(file, np.float32, "r", shape=shape)
    order, digest, most, seconds = BlockOrder(1, 0, len(disk), disk.block_rows), hashlib.sha256(), before, 0.0
    for number, start in enumerate(range(0, len(disk), BATCH)):
        began = time.perf_counter()
        batch = np.asarray(rows[order[start : start + BATCH]])
        if number % RELEASE_BATCHES == RELEASE_BATCHES - 1:
            most = {kind: max(most[kind], size) for kind, size in _memory().items()}
            if way == "memmap, released":
                rows._mmap.madvise(mmap.MADV_DONTNEED)
        seconds += time.perf_counter() - began
        if arguments.cut and number == RELEASE_BATCHES:
            os.truncate(file, 1 << 20)
        digest.update(batch.data)
    return {"seconds": seconds, "digest": digest.hexdigest(), **{kind: most[kind] - before[kind] for kind in most}}


def _limit(mib: int) -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * mmap.PAGESIZE + (mib << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _memory() -> dict[str, float]:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return {kind: int(lines[name].split()[0]) / 1024 for kind, name in (("anonymous", "RssAnon"), ("file", "RssFile"))}


def _tell(found: dict[str, list[dict[str, Any]]]) -> None:
    digests = {run["digest"] for runs in found.values() for run in runs if "digest" in run}
    print(f"bits of all epochs: {('none', 'equal', 'different')[min(len(digests), 2)]}")
    for way, runs in found.items():
        if failed := [run["failed"] for run in runs if "failed" in run]:
            print(f"{way}: {failed[0]}")
            continue
        seconds = [run["seconds"] for run in runs]
        memory = ", ".join(f"{kind} {max(run[kind] for run in runs):,.0f} MiB" for kind in ("anonymous", "file"))
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"{way}: {statistics.median(seconds):.2f} s ({spread}, {len(runs)} repeats), {memory}")


if __name__ == "__main__":
    main()
