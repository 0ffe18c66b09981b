"""What came of a run, of its seeds or of its folds, for `mlpcli runs` and `mlpcli compare`: from its files alone."""

from __future__ import annotations

import math
import statistics
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mlpcli.errors import RunDirectoryError
from mlpcli.language import say
from mlpcli.runs import directory as run_directory
from mlpcli.runs.history import read_history
from mlpcli.runs.read_run import read_config, read_environment, read_folds, read_metrics, read_seeds, run_name
from mlpcli.runs.run_file import MIB, open_run_file
from mlpcli.runs.sweep_file import final_folder, has_results, read_record
from mlpcli.text import with_spread

State = Literal["done", "running", "interrupted", "failed", "killed", "pruned"]
"""running: a process holds the directory. killed: none does, and training has not ended. pruned: by a sweep."""
LARGEST_SPLIT = 2048 * MIB
PARTS = ("test", "validation", "train")
"""A run is judged by the first of them that it has."""


@dataclass(frozen=True)
class Score:
    """A score of one run, or of every seed."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The arithmetic mean; NaN where one of them is."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation (divided by n - 1); None for one value."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    def __str__(self) -> str:
        return with_spread(self.mean, self.deviation)

    def as_json(self) -> dict[str, Any]:
        """For other programs."""
        return {"mean": self.mean, "standard_deviation": self.deviation, "values": [*self.values]}


@dataclass(frozen=True)
class RunSummary:
    """A run, or the seeds or folds of one, or a sweep with the seeds of its best.

    config: as it was written. scores: by part (test, validation, train) and metric, over all finished runs.
    rows: of each part. epochs, best_epoch: medians over the runs. seconds: in total; None where they are not known.
    data, parts: fingerprints of the rows, and of which rows are in which part, one for each seed; empty where a run was
    killed early. trials: of a sweep.
    damaged: why the run cannot be read; nothing else is known then.
    """

    path: Path
    name: str
    state: State
    config: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, dict[str, Score]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    epochs: int = 0
    best_epoch: int | None = None
    seconds: float | None = None
    seeds: int = 1
    folds: int = 1
    trials: int = 0
    data: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    damaged: str = ""

    @property
    def part(self) -> str | None:
        """The part that the run is judged by; None before it was scored."""
        return next((part for part in PARTS if part in self.scores), None)

    @property
    def best(self) -> str:
        """The best epoch of those that were trained, `3 of 20`; their number alone where none is the best."""
        if self.best_epoch is None:
            return f"{self.epochs or ''}"
        return say("{best} of {epochs}", best=self.best_epoch, epochs=self.epochs)

    def as_json(self) -> dict[str, Any]:
        """What is said of a run wherever runs are listed."""
        return {
            "run": str(self.path),
            "name": self.name,
            "state": self.state,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
            "seeds": self.seeds,
            "folds": self.folds,
            "trials": self.trials,
        }


def summaries(folder: Path) -> list[RunSummary]:
    """All runs and sweeps in a folder such as runs/, by name, with those of grids; one that is damaged says why."""
    found, inside = [], [*run_directory.run_directories(folder), *run_directory.runs_of_grids(folder)]
    for path in sorted({*inside, *run_directory.sweeps(folder)}):
        try:
            found.append(_sweep(path) if run_directory.holds_sweep(path) else read_summary(path))
        except RunDirectoryError as error:
            found.append(RunSummary(path, path.name, "failed", damaged=str(error)))
    return found


def read_summary(path: Path) -> RunSummary:
    """What the files in a run directory, or in a folder of seeds or folds, say.

    Raises:
        RunDirectoryError: it is neither, or a file is damaged.
    """
    if not run_directory.holds_series(path):
        return _one_run(path)
    of_folds = run_directory.holds_folds(path)
    known = read_folds(path) if of_folds else read_seeds(path)
    runs = [_one_run(folder) for folder in run_directory.member_folders(path)]
    if not runs:
        raise RunDirectoryError(f"{path}: no {run_directory.member_word(path)} has begun yet; look again later")
    done = [run for run in runs if run.state == "done"] or runs
    bests = [run.best_epoch for run in done if run.best_epoch is not None]
    missing = len(runs) < len(known["seeds_asked_for"]) * known.get("folds", 1)
    members = {run_directory.fold_and_seed(run.path.name) for run in done}
    return RunSummary(
        path,
        str(known.get("name") or path.resolve().name),
        _state_of_all([run.state for run in runs], missing),
        config=_shared_config(runs[0].config),
        scores=_joined([run.scores for run in done]),
        rows=runs[0].rows,
        epochs=statistics.median_low([run.epochs for run in done]),
        best_epoch=statistics.median_low(bests) if bests else None,
        seconds=float(known["total_seconds"]),
        seeds=len({seed for _, seed in members}) if of_folds else len(done),
        folds=len({fold for fold, _ in members}) if of_folds else 1,
        data=tuple(found for run in done for found in run.data),
        parts=tuple(found for run in done for found in run.parts),
    )


def _sweep(path: Path) -> RunSummary:
    """A sweep, by the scores of its best on the test rows, if it has come to them."""
    if run_directory.is_held(path) or not has_results(path):
        state: State = "running" if run_directory.is_held(path) else "killed"
        begun = len(run_directory.run_directories(path / run_directory.TRIALS))
        return RunSummary(path, path.resolve().name, state, trials=begun)
    record, final = read_record(path), final_folder(path)
    summary = read_summary(final) if final is not None else RunSummary(path, record.name, "failed")
    return replace(
        summary,
        path=path,
        name=record.name,
        state="interrupted" if record.count("running", "waiting") else summary.state,
        seconds=sum(trial.seconds or 0.0 for trial in record.trials) + (summary.seconds or 0.0),
        trials=len(record.trials),
    )


def _shared_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """What all runs of a series have in common: all but the seed and the fold."""
    data = _mapping(config.get("data"))
    folds = {key: value for key, value in _mapping(data.get("folds")).items() if key != "held_out"}
    changed = {"data": {**data, "folds": folds}} if folds else {}
    return {key: value for key, value in {**config, **changed}.items() if key != "seed"}


def _one_run(path: Path) -> RunSummary:
    run_directory.find_file(path, run_directory.CONFIG)
    config, metrics = read_config(path), read_metrics(path)
    history = path / run_directory.HISTORY
    epochs = len(read_history(history).get("epoch", [])) if history.is_file() else 0
    best, seconds = metrics.get("best_epoch"), _mapping(metrics.get("seconds")).get("total")
    fingerprint = read_environment(path).get("data_fingerprint")
    return RunSummary(
        path,
        run_name(path),
        _state(path, metrics),
        config=config,
        scores=_scores(metrics.get("scores")),
        rows={part: rows for part, rows in _mapping(metrics.get("rows")).items() if type(rows) is int and rows > 0},
        epochs=epochs,
        best_epoch=best if type(best) is int else None,
        seconds=float(seconds) if isinstance(seconds, (int, float)) and math.isfinite(seconds) else None,
        data=(fingerprint,) if isinstance(fingerprint, str) else (),
        parts=_parts(path / run_directory.SPLIT),
    )


def _parts(path: Path) -> tuple[str, ...]:
    """What tells split.npz from another: the checksums of its arrays, which are not unpacked."""
    if not path.is_file():
        return ()
    try:
        with open_run_file(path, LARGEST_SPLIT) as file, zipfile.ZipFile(file) as archive:
            return (
                ",".join(sorted(f"{entry.filename}:{entry.file_size}:{entry.CRC}" for entry in archive.infolist())),
            )
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RunDirectoryError(f"{path}: is damaged: {error}; restore it or train again") from error


def _state(path: Path, metrics: Mapping[str, Any]) -> State:
    if run_directory.is_held(path):
        return "running"
    if not metrics:
        return "killed"
    outcome = metrics.get("outcome")
    broken_off: tuple[State, ...] = ("interrupted", "failed", "pruned")
    for state in broken_off:
        if outcome == state:
            return state
    return "done" if outcome == "finished" or metrics.get("scores") else "failed"  # version 0.2 did not write it


def _state_of_all(states: Iterable[State], missing: bool) -> State:
    """Of several runs: what the worst of them is; done if all are, and none is missing."""
    order: tuple[State, ...] = ("running", "killed", "interrupted", "failed")
    found = set(states)
    return next((state for state in order if state in found), "interrupted" if missing else "done")


def _scores(value: object) -> dict[str, dict[str, Score]]:
    """The finite numbers among what metrics.json has as scores."""
    return {
        part: {
            name: Score((float(number),))
            for name, number in _mapping(_mapping(value)[part]).items()
            if isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
        }
        for part in PARTS
        if _mapping(_mapping(value).get(part))
    }


def _joined(scores: list[dict[str, dict[str, Score]]]) -> dict[str, dict[str, Score]]:
    """The scores that every run has, together."""
    joined: dict[str, dict[str, Score]] = {}
    for part in PARTS:
        with suppress(KeyError):
            names = [name for name in scores[0][part] if all(name in other[part] for other in scores)]
            joined[part] = {name: Score(tuple(v for run in scores for v in run[part][name].values)) for name in names}
    return joined


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
