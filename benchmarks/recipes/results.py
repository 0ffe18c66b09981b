"""The stored results: one JSON file for each recipe and each variant of a study, one entry for each seed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.files import write_text

FOLDER = Path(__file__).resolve().parent.parent / "results" / "recipes"

Entry = dict[str, Any]


@dataclass(frozen=True)
class Spread:
    """A figure over the seeds: mean, sample standard deviation (0 of one seed), and how many seeds."""

    mean: float
    deviation: float
    seeds: int


def path_of(group: str) -> Path:
    """Where the results of a recipe or a variant are stored."""
    return FOLDER / f"{group}.json"


def entries_of(group: str) -> list[Entry]:
    """What has been measured, by seed; empty where nothing has."""
    path = path_of(group)
    if not path.is_file():
        return []
    entries: list[Entry] = json.loads(path.read_text(encoding="utf-8"))
    return sorted(entries, key=lambda entry: entry["seed"])


def store(group: str, entry: Entry) -> None:
    """Add or replace the entry of its seed, in one piece."""
    kept = [other for other in entries_of(group) if other["seed"] != entry["seed"]]
    path = path_of(group)
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = sorted([*kept, entry], key=lambda other: other["seed"])
    lines = ",\n".join(json.dumps(other, ensure_ascii=False) for other in entries)
    write_text(path, f"[\n{lines}\n]\n")


def finished(group: str) -> list[Entry]:
    """What has been measured and came to an end with a model, by seed."""
    return [entry for entry in entries_of(group) if "failure" not in entry]


def spread(group: str, figure: Callable[[Entry], float]) -> Spread:
    """A figure of each seed that came to an end, as mean and spread.

    Raises:
        LookupError: nothing has been measured.
    """
    values = [figure(entry) for entry in finished(group)]
    if not values:
        raise LookupError(f"nothing has been measured of {group}")
    return over_seeds(values)


def over_seeds(values: list[float]) -> Spread:
    """Mean and sample standard deviation."""
    return Spread(statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0, len(values))


def score(group: str, part: str = "test", metric: str | None = None) -> Spread:
    """A score of a part; without a metric the first beside the loss."""
    return spread(group, lambda entry: entry["scores"][part][metric or metric_of(entry)])


def metric_of(entry: Entry) -> str:
    """The first metric beside the loss."""
    return next(name for name in entry["scores"]["test"] if name != "loss")
