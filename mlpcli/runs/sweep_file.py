"""sweep.json, what came of a sweep, read and written: its trials, and what each parameter mattered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from mlpcli.errors import RunDirectoryError
from mlpcli.files import write_json
from mlpcli.runs.directory import SWEEP, run_directories
from mlpcli.runs.run_file import LARGEST_METRICS, read_run_json

TrialState = Literal["done", "pruned", "failed", "running", "waiting"]
FINALS = "finals"
"""Of sweep.json: the folders of the best trials' seeds, each with its trial, the last winner last."""
Value = str | int | float | bool | None


@dataclass(frozen=True)
class SweepTrial:
    """One trial: the parameters that it was trained with, and the metric at the epoch kept.

    A pruned one has the metric of its last epoch. seconds, epochs: None where they are not known. why: it failed.
    warning: that its training gave.
    """

    trial: int
    state: TrialState
    value: float | None
    values: dict[str, Value]
    epochs: int | None = None
    seconds: float | None = None
    why: str | None = None
    warning: str | None = None


@dataclass(frozen=True)
class SweptKey:
    """A key that was searched. log: its range is logarithmic. choices: all values, where they are listed."""

    log: bool = False
    choices: tuple[Value, ...] | None = None


@dataclass(frozen=True)
class SweepRecord:
    """All trials of a sweep, in the order in which they were asked for. importance: shares by key; {} if too few."""

    name: str
    metric: str
    rising: bool
    keys: dict[str, SweptKey]
    trials: tuple[SweepTrial, ...]
    importance: dict[str, float] = field(default_factory=dict)

    @property
    def ranked(self) -> list[SweepTrial]:
        """The trials that were trained to the end, the best first; of equal ones the first asked for."""
        done = [trial for trial in self.trials if trial.state == "done" and trial.value is not None]
        return sorted(done, key=lambda trial: -(trial.value or 0.0) if self.rising else trial.value or 0.0)

    def count(self, *states: TrialState) -> int:
        """How many trials are in one of these states."""
        return sum(trial.state in states for trial in self.trials)

    @property
    def finished(self) -> int:
        """How many trials have ended for good."""
        return self.count("done", "pruned", "failed")


def write_record(folder: Path, record: SweepRecord, more: Mapping[str, Any]) -> None:
    """Put the record into sweep.json, beside what else it says of the sweep (raises OutputError)."""
    write_json(folder / SWEEP, {**more, **asdict(record)})


def has_results(folder: Path) -> bool:
    """Whether the sweep has stopped, or ended, once (raises RunDirectoryError as `read_record`)."""
    return "trials" in _read(folder)


def final_folder(folder: Path) -> Path | None:
    """The seeds of the best trial; None before they are there (raises RunDirectoryError as `read_record`)."""
    found = _read(folder).get(FINALS)
    names = [name for name in found if run_directories(folder / name)] if isinstance(found, dict) else []
    return folder / names[-1] if names else None


def read_record(folder: Path) -> SweepRecord:
    """What sweep.json says of the trials.

    Raises:
        RunDirectoryError: there is none, no results are in it yet, or it is damaged.
    """
    known = _read(folder)
    if "trials" not in known:
        raise RunDirectoryError(f"{folder}: its sweep has no results yet; they are written when it stops")
    try:
        keys = {str(key): _key(found) for key, found in known["keys"].items()}
        importance = {str(key): float(share) for key, share in known["importance"].items()}
        trials = tuple(_trial(found) for found in known["trials"])
        return SweepRecord(str(known["name"]), str(known["metric"]), bool(known["rising"]), keys, trials, importance)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(folder, error) from error


def _read(folder: Path) -> dict[str, Any]:
    try:
        known = read_run_json(folder / SWEEP, LARGEST_METRICS)
    except ValueError as error:
        raise _damaged(folder, error) from error
    if not isinstance(known, dict):
        raise _damaged(folder, "it does not describe a sweep")
    return known


def _damaged(folder: Path, error: Exception | str) -> RunDirectoryError:
    return RunDirectoryError(f"{folder / SWEEP}: is damaged: {error}; restore it, or continue the sweep")


def _key(found: Mapping[str, Any]) -> SweptKey:
    choices = found["choices"]
    return SweptKey(bool(found["log"]), None if choices is None else tuple(choices))


def _trial(found: Mapping[str, Any]) -> SweepTrial:
    if found["state"] not in get_args(TrialState):
        raise ValueError(f"a trial is {found['state']!r}")
    value = found["value"]
    return SweepTrial(
        int(found["trial"]),
        found["state"],
        None if value is None else float(value),
        dict(found["values"]),
        found.get("epochs"),
        found.get("seconds"),
        found.get("why"),
        found.get("warning"),
    )
