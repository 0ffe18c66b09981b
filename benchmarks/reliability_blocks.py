"""The measured blocks of docs/reliability.md, from results/kills.json, checkpoints.json and long_runs.json."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.report import plain_table

TRAININGS = (20, 40, 80, 120, 160, 200)
"""After how many of them the page has the memory."""
PHASES = ("before the run directory", "before the first checkpoint", "epochs and saving", "drawing and after")


def kills_block(results: Any) -> str:
    """A row for each engine: kills by what the process had come to, and how many ended otherwise than they should."""
    rows = [
        (
            row["engine"],
            str(row["kills"]),
            *(str(row["phases"].get(phase, 0)) for phase in PHASES),
            str(row["resumed"]),
            str(len(row["faults"])),
        )
        for row in results["results"]
    ]
    return plain_table(("engine", "kills", *PHASES, "resumed", "faults"), rows)


def checkpoints_block(results: Any) -> str:
    """A row for each run: seconds of the command, the share of checkpoints in it, and the size of checkpoint/."""
    rows = []
    for row in results["results"]:
        share, lowest, highest = (f"{100 * row[name]:.1f} %" for name in ("share", "lowest", "highest"))
        size = f"{row['megabytes']:.1f} MB"
        rows.append((row["run"], f"{row['seconds']:.1f}", share, f"{lowest} to {highest}", size))
    return plain_table(("run", "seconds", "checkpoints' share", "lowest to highest", "checkpoint/"), rows)


def long_runs_block(results: Any) -> str:
    """A row for each engine: an epoch in the first and the last tenth of a long run, and memory over many runs."""
    long = {row["engine"]: row["milliseconds_per_epoch"] for row in results["results"] if "every" not in row}
    rows = [
        (
            row["engine"],
            *(f"{long[row['engine']][tenth]:.2f} ms" for tenth in (0, -1)),
            *(f"{row['megabytes'][number // row['every'] - 1]:.0f} MiB" for number in TRAININGS),
        )
        for row in results["results"]
        if "every" in row
    ]
    first, *later = TRAININGS
    memory = (f"memory after {first} trainings", *(f"after {number}" for number in later))
    names = ("an epoch in the first tenth", "in the last", *memory)
    return plain_table(("engine", *names), rows)


RELIABILITY_BLOCKS: dict[str, Callable[[Any], str]] = {
    "kills": kills_block,
    "checkpoints": checkpoints_block,
    "long_runs": long_runs_block,
}
