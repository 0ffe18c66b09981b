"""Fits what is missing and stores it: `python -m benchmarks.quality.run FOLDER "METHOD;METHOD" --splits 0,1,2`.

FOLDER is what benchmarks.quality.tables wrote. One process fits all, one after the other, on one thread (set
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1). It can be stopped and started again at any time: what is stored of this
version of a method is skipped. Errors do not depend on what else the machine does, but seconds do.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path
from typing import Any

from benchmarks.quality import peers, presets
from benchmarks.quality.results import entries_of, store
from benchmarks.quality.tables import SPLIT_SEEDS, TABLES, Table, part_path


def main() -> None:
    """The first split by one method after the other, short tables first; then the next split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("methods", help="names with semicolons between them")
    parser.add_argument("--splits", default="0,1,2")
    parser.add_argument("--half", default="", help="design or report; both where it is not given")
    parser.add_argument("--most-rows", type=int, default=sys.maxsize, help="of a table that is fitted")
    parser.add_argument("--long-first", action="store_true", help="long tables first; for a second process")
    arguments = parser.parse_args()
    for split in map(int, arguments.splits.split(",")):
        assert split < len(SPLIT_SEEDS)
        for method in filter(None, arguments.methods.split(";")):
            rows = {table: _lines(part_path(arguments.folder, table.name, split, "train")) for table in TABLES}
            for table in sorted(TABLES, key=lambda table: rows[table], reverse=arguments.long_first):
                if arguments.half in ("", table.half) and rows[table] <= arguments.most_rows:
                    _measure(method.strip(), table, split, arguments.folder)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1


def _measure(method: str, table: Table, split: int, folder: Path) -> None:
    version, fit = _of_a_method(method)
    key = {"table": table.name, "split": split, "version": version}
    if any(key.items() <= entry.items() for entry in entries_of(method)):
        return
    try:
        found = fit(table, split, folder)
    except Exception as error:
        traceback.print_exc()
        found = {"failure": f"{type(error).__name__}: {error}"[:200]}
    store(method, {**key, **found})
    print(method, table.name, split, found, file=sys.stderr, flush=True)


def _of_a_method(name: str) -> tuple[str, Any]:
    if name in presets.PRESETS:
        preset = presets.PRESETS[name]
        return presets.version(preset), lambda *where: presets.fit_preset(preset, *where)
    peer = peers.PEERS[name]
    return peers.version(peer), lambda *where: peers.fit_peer(peer, *where)


if __name__ == "__main__":
    main()
