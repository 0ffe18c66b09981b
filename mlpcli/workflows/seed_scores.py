"""What came out over several seeds: mean and spread of every score, and each seed by itself."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from mlpcli.artifacts.seeds_file import seed_folder

Outcome = Literal["finished", "interrupted", "failed"]
FINISHED: Final = "finished"

Spread = dict[str, Any]
"""mean, standard_deviation, lowest and highest (null where they cannot be had) of `values`, one for each seed."""


@dataclass(frozen=True)
class SeedRun:
    """The run of one seed. `metrics`: its metrics.json; empty where it failed before it was trained."""

    seed: int
    metrics: Mapping[str, Any]
    failure: str | None = None
    interrupted: bool = False

    @property
    def outcome(self) -> Outcome:
        """How it ended; only where it came to an end of its own does it count in the means."""
        if self.failure is not None:
            return "failed"
        return "interrupted" if self.interrupted else FINISHED

    def as_json(self) -> dict[str, Any]:
        """What seeds.json says of this one."""
        seconds = self.metrics.get("seconds", {}).get("total")
        return {
            "seed": self.seed,
            "folder": seed_folder(self.seed),
            "outcome": self.outcome,
            "epochs": self.metrics.get("epochs", 0),
            "kept_epoch": self.metrics.get("kept_epoch"),
            "seconds": seconds,
            "scores": self.metrics.get("scores", {}),
            "stopped": self.failure or self.metrics.get("stopped"),
        }


def summarize(name: str, asked_for: Sequence[int], runs: Sequence[SeedRun], seconds: float) -> dict[str, Any]:
    """The content of seeds.json; `seconds` is the time that all of them took, with the loading of the data."""
    done = [run for run in runs if run.outcome == FINISHED]
    return {
        "name": name,
        "seeds_asked_for": list(asked_for),
        "seeds_done": [run.seed for run in done],
        "scores": _scores(done),
        "epochs": spread([run.metrics["epochs"] for run in done]),
        "kept_epoch": spread([run.metrics["kept_epoch"] for run in done]),
        "seconds": spread([run.metrics["seconds"]["total"] for run in done]),
        "total_seconds": seconds,
        "test_chose_the_epoch": any(run.metrics["test_chose_the_epoch"] for run in done),
        "runs": [run.as_json() for run in runs],
        "failures": [{"seed": run.seed, "message": run.failure} for run in runs if run.failure is not None],
    }


def spread(values: Sequence[float | None]) -> Spread:
    """Mean and sample standard deviation (divided by n - 1; null for one value), lowest, highest, and the values.

    A score that is not defined for one of the seeds has no mean over them.
    """
    numbers = [float(value) for value in values if value is not None and math.isfinite(value)]
    whole = bool(values) and len(numbers) == len(values)
    return {
        "mean": statistics.fmean(numbers) if whole else None,
        "standard_deviation": statistics.stdev(numbers) if whole and len(numbers) > 1 else None,
        "lowest": min(numbers) if whole else None,
        "highest": max(numbers) if whole else None,
        "values": list(values),
    }


def _scores(done: Sequence[SeedRun]) -> dict[str, dict[str, Spread]]:
    """By split and metric; a part that not every seed has is left out."""
    if not done:
        return {}
    first: Mapping[str, Mapping[str, float]] = done[0].metrics["scores"]
    return {
        split: {
            metric: spread([run.metrics["scores"][split][metric] for run in done])
            for metric in metrics
            if all(metric in run.metrics["scores"].get(split, {}) for run in done)
        }
        for split, metrics in first.items()
    }
