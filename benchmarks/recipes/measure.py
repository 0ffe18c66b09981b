"""Trains every recipe and every study, and stores what came out: `python -m benchmarks.recipes.measure DATA`.

DATA is a folder as MLPCLI_DATA takes it; cifar10-jpg.tar.gz in it is unpacked for the while. Each training is a
process of its own. What has been measured already is skipped, so that it can be stopped and started again at any
time; a recipe or a study that has changed since is trained anew. Then the cards, the pages and the pictures are
written. Scores do not depend on what else the machine does, but seconds do: with --busy none are stored, and the next
time without it trains these again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.engine import versions
from benchmarks.recipes.activations import measure_activations
from benchmarks.recipes.first_epoch import measure_first_epoch
from benchmarks.recipes.jobs import FIRST_SEED, ROOT, Job, recipe_jobs, study_jobs
from benchmarks.recipes.layer_runs import measure_layers
from benchmarks.recipes.linear import measure_linear
from benchmarks.recipes.results import Entry, entries_of, store
from benchmarks.recipes.write import write_all
from mlpcli.runs.history import History, read_history

PHOTOS = "cifar10-jpg"


def main() -> None:
    """Measure what is missing, then write what is written from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", default="", help="recipes and studies whose name begins so")
    parser.add_argument("--busy", action="store_true", help="the machine does other work: store scores without seconds")
    arguments = parser.parse_args()
    if not any(arguments.data.glob("*mnist*")):
        parser.error(f"{arguments.data}: holds neither mnist nor fashion-mnist; give the folder around them")
    with tempfile.TemporaryDirectory() as place:
        folder = _with_photos(arguments.data.resolve(), Path(place))
        for job in [*recipe_jobs(), *study_jobs()]:
            if job.group.startswith(arguments.only) and not is_measured(job, arguments.busy):
                _measure(job, folder, Path(place), arguments.busy)
        measure_linear(folder)
        measure_activations(folder)
        measure_layers(folder)
        measure_first_epoch(folder)
    write_all()


def is_measured(job: Job, busy: bool = False) -> bool:
    """Whether the result of this very job is stored, with its seconds; without them is enough where `busy`."""
    found = [entry for entry in entries_of(job.group) if (entry["seed"], entry["key"]) == (job.seed, job.key)]
    return any(busy or entry["seconds"] is not None for entry in found)


def _measure(job: Job, data: Path, place: Path, busy: bool) -> None:
    run = place / f"run-{time.time_ns()}"
    changes = [part for override in (f"seed={job.seed}", *job.overrides) for part in ("-s", override)]
    command = [sys.executable, "-m", "mlpcli", "train", str(job.config), *changes, "-s", "output.plots=[]"]
    command += ["--run-dir", str(run), "--quiet", "--json"]
    environment = {
        **os.environ,
        "MLPCLI_DATA": str(data),
        "MLPCLI_CACHE": f"{run}-cache",
        "PYTHONPATH": str(ROOT),
    }
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    seconds = time.perf_counter() - started
    diverged = done.returncode == 1 and "error: loss is" in done.stderr
    if done.returncode and not diverged:
        print(f"{job.group}, seed {job.seed}: not measured: {done.stderr.strip()}", file=sys.stderr, flush=True)
        return
    metrics = json.loads(done.stdout)
    entry = {"seed": job.seed, "key": job.key, "seconds": None if busy else round(seconds, 2), **_kept(metrics)}
    entry["versions"] = versions()
    if diverged:
        entry["failure"] = done.stderr.strip().splitlines()[-1].partition(";")[0]
    history = read_history(run / "history.csv")
    entry["lowest"] = {name: _lowest(values) for name, values in history.items() if name.endswith("loss")}
    entry["perfect_epoch"] = _perfect_epoch(history)
    if job.seed == FIRST_SEED:
        entry["history"] = _curves(history)
    store(job.group, entry)
    print(f"{job.group}, seed {job.seed}: {seconds:.1f} s {metrics['scores'].get('test')}", file=sys.stderr, flush=True)


def _kept(metrics: dict[str, Any]) -> Entry:
    """What the cards and pages tell of a run."""
    names = ("epochs", "kept_epoch", "stopped", "scores", "rows", "parameters", "chosen")
    return {name: metrics[name] for name in names} | {"training_seconds": round(metrics["seconds"]["epochs"], 2)}


def _curves(columns: History) -> dict[str, list[float | None]]:
    """The curves, with five digits; None where a value is not finite."""
    return {name: list(_shortened(values)) for name, values in columns.items() if name not in ("epoch", "seconds")}


def _lowest(values: list[float]) -> float | None:
    return min((value for value in values if math.isfinite(value)), default=None)


def _perfect_epoch(columns: History) -> int | None:
    """The first epoch whose training accuracy is printed as 1.0000; None where there is none."""
    accuracies = columns.get("accuracy", columns.get("acc", []))
    return next((epoch for epoch, value in enumerate(accuracies, start=1) if value >= 0.99995), None)


def _shortened(values: list[float]) -> Iterator[float | None]:
    for value in values:
        yield float(f"{value:.5g}") if math.isfinite(value) else None


def _with_photos(data: Path, place: Path) -> Path:
    """A folder with all that is in `data`, and the photos unpacked."""
    folder = place / "data"
    folder.mkdir()
    for entry in data.iterdir():
        (folder / entry.name).symlink_to(entry)
    archive = data / f"{PHOTOS}.tar.gz"
    if archive.is_file() and not (folder / PHOTOS).exists():
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    return folder


if __name__ == "__main__":
    main()
