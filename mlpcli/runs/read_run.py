"""Reads a run directory: curves, config and evaluation; the run may be unfinished or have crashed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from mlpcli.errors import RunDirectoryError
from mlpcli.language import LANGUAGES
from mlpcli.runs import directory as run_directory
from mlpcli.runs.history import read_history
from mlpcli.runs.run_file import (
    LARGEST_CONFIG,
    LARGEST_EVALUATION,
    LARGEST_METRICS,
    read_run_json,
    read_run_text,
)

MOST_EPOCHS = 10**9
MOST_CONFIG_VALUES = 50_000
"""A limit on parsing time: a megabyte of short values would take ten seconds."""
DEEPEST_CONFIG = 50
"""Levels; from some thousands on, libyaml's loader would end the process."""
FAST_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's is twenty times as fast; not every PyYAML has it."""
T = TypeVar("T")


def read_curves(run: Path) -> RunCurves:
    """The run's history, named as its config names it, with its best epoch if it is known.

    Raises:
        RunDirectoryError: `run` is not a run directory, no epoch has finished yet, or a file is damaged.
    """
    path = run_directory.find_file(run, run_directory.HISTORY)
    history = read_history(path)
    if not history.get("epoch"):
        raise RunDirectoryError(f"{path}: no epoch has finished yet; plot again after the first")
    if not all(epoch.is_integer() and 1 <= epoch <= MOST_EPOCHS for epoch in history["epoch"]):
        raise RunDirectoryError(f"{path}: is damaged: epochs must be whole numbers from 1; restore it or train again")
    metrics = read_metrics(run)
    best = metrics.get("best_epoch")
    known = type(best) is int and 1 <= best <= MOST_EPOCHS
    training = read_config(run).get("training")
    asked = training.get("epochs") if metrics and isinstance(training, dict) else None
    early = type(asked) is int and len(history["epoch"]) < asked
    return RunCurves(run_name(run), history, best if known else None, asked if early else None)


def run_name(run: Path) -> str:
    """What the run's config calls it, else the name of its directory (raises as `read_config`)."""
    return str(read_config(run).get("name") or run.resolve().name)


def language_of(run: Path) -> str:
    """`output.language` of a run or of the first seed in a folder; `en` where it has none (raises as `read_config`)."""
    seeds = run_directory.member_folders(run)
    return language_in(read_config(seeds[0] if seeds else run))


def language_in(config: Mapping[str, Any]) -> str:
    """`output.language` of a config, of whatever version; `en` where it has none."""
    output = config.get("output")
    given = output.get("language") if isinstance(output, dict) else None
    return given if given in LANGUAGES else "en"


def read_config(run: Path) -> dict[str, Any]:
    """The values in the run's config file; {} if it does not exist.

    Raises:
        RunDirectoryError: the file is damaged.
    """
    return _mapping(run / run_directory.CONFIG, _read_yaml)


def read_evaluation(run: Path) -> dict[str, Any]:
    """The run's evaluation; {} if it does not exist yet (raises as `read_config`)."""
    return _mapping(run / run_directory.EVALUATION, lambda path: read_run_json(path, LARGEST_EVALUATION))


def read_mistakes(run: Path) -> dict[str, Any]:
    """The worst mistakes of the rows that were scored; {} if they were not written (raises as `read_config`)."""
    return _mapping(run / run_directory.MISTAKES, lambda path: read_run_json(path, LARGEST_METRICS))


def read_importance(run: Path) -> dict[str, Any]:
    """What `mlpcli importance` wrote into the run; {} if it has not (raises as `read_config`)."""
    return _mapping(run / run_directory.IMPORTANCE, lambda path: read_run_json(path, LARGEST_METRICS))


def read_environment(run: Path) -> dict[str, Any]:
    """The run's environment; {} if the run was killed before it was written (raises as `read_config`)."""
    path = run / run_directory.ENVIRONMENT
    found = _mapping(path, lambda path: read_run_json(path, LARGEST_METRICS))
    for key, kind in _ENVIRONMENT.items():
        if not isinstance(found.get(key, kind()), kind):
            raise RunDirectoryError(f"{path}: is damaged: its {key} have a form that mlpcli never writes; restore it")
    return found


_ENVIRONMENT: dict[str, type] = {"versions": dict, "machine": dict, "variables": dict, "resumed": list}


def read_metrics(run: Path) -> dict[str, Any]:
    """The run's metrics; {} if it was never finished nor interrupted in order (raises as `read_config`)."""
    return _mapping(run / run_directory.METRICS, lambda path: read_run_json(path, LARGEST_METRICS))


def read_seeds(folder: Path) -> dict[str, Any]:
    """What seeds.json says; only `seeds_asked_for`, `runs` and `total_seconds` are sure to be there, and well-formed.

    Raises:
        RunDirectoryError: the file is damaged.
    """
    path = folder / run_directory.SEEDS
    found = _mapping(path, lambda path: read_run_json(path, LARGEST_METRICS))
    seeds, runs, seconds = (found.get(key) for key in ("seeds_asked_for", "runs", "total_seconds"))
    whole = (
        _are_seeds(seeds)
        and isinstance(runs, list)
        and all(isinstance(run, dict) and type(run.get("seed")) is int and run["seed"] in (seeds or ()) for run in runs)
        and isinstance(seconds, (int, float))
    )
    if not whole:
        raise RunDirectoryError(f"{path}: is damaged: it does not list the seeds; restore it or train again")
    return found


def read_folds(folder: Path) -> dict[str, Any]:
    """What folds.json says; `folds`, `seeds_asked_for`, `runs` and `total_seconds` are sure to be there, well-formed.

    Raises:
        RunDirectoryError: the file is damaged.
    """
    path = folder / run_directory.FOLDS
    found = _mapping(path, lambda path: read_run_json(path, LARGEST_METRICS))
    folds, seeds, runs, seconds = (found.get(key) for key in ("folds", "seeds_asked_for", "runs", "total_seconds"))
    whole = (
        type(folds) is int
        and folds > 1
        and _are_seeds(seeds)
        and isinstance(runs, list)
        and all(isinstance(run, dict) and run.get("seed") in (seeds or ()) for run in runs)
        and all(type(run.get("fold")) is int and 1 <= run["fold"] <= folds for run in runs)
        and isinstance(seconds, (int, float))
    )
    if not whole:
        raise RunDirectoryError(f"{path}: is damaged: it does not list the folds; restore it or train again")
    return found


def _are_seeds(seeds: Any) -> bool:
    """Whether it is a list of whole numbers, each one more than that before it."""
    return (
        isinstance(seeds, list)
        and all(type(seed) is int for seed in seeds)
        and bool(seeds)
        and seeds == list(range(seeds[0], seeds[0] + len(seeds)))
    )


def finished_runs(folder: Path, note: Callable[[str], None]) -> list[Path]:
    """The finished run directories of a series; `note` is told which are left out.

    Raises:
        RunDirectoryError: none is finished, or the file of the series is damaged.
    """
    outcomes = _outcomes(folder)
    finished = [folder / name for name, outcome in outcomes.items() if outcome == "finished"]
    if not finished:
        none = f"none of its {run_directory.member_word(folder)}s is finished"
        raise RunDirectoryError(f"{folder}: {none}; resume with: {run_directory.resume_command(folder)}")
    others = [name for name, outcome in outcomes.items() if outcome != "finished"]
    if others:
        are = "is" if len(others) == 1 else "are"
        note(f"note: {folder}: {', '.join(others)} did not finish, and {are} left out")
    return finished


def _outcomes(folder: Path) -> dict[str, object]:
    """How each run of a series ended, by the name of its folder; None of one that has not ended."""
    if run_directory.holds_folds(folder):
        found = read_folds(folder)
        seeds: list[int] = found["seeds_asked_for"]
        names: dict[tuple[int, int | None], str] = {
            (seed, fold): run_directory.fold_folder(fold, seed if len(seeds) > 1 else None)
            for seed in seeds
            for fold in range(1, found["folds"] + 1)
        }
    else:
        found = read_seeds(folder)
        names = {(seed, None): run_directory.seed_folder(seed) for seed in found["seeds_asked_for"]}
    outcomes = {(entry["seed"], entry.get("fold")): entry.get("outcome") for entry in found["runs"]}
    return {name: outcomes.get(member) for member, name in names.items()}


def _read_yaml(path: Path) -> Any:
    return deepcopy(_parsed(read_run_text(path, LARGEST_CONFIG)))


@lru_cache(maxsize=4)
def _parsed(text: str) -> Any:
    """A command asks for several things of one config; parsing it takes longer than all else that is read of a run."""
    values = depth = 0
    for event in yaml.parse(text, FAST_LOADER):
        values += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):  # with which a small file can expand to gigabytes
            raise yaml.YAMLError("it has an alias (*)")
        if values > MOST_CONFIG_VALUES:
            raise yaml.YAMLError(f"it has more than {MOST_CONFIG_VALUES:,} values")
        if depth > DEEPEST_CONFIG:
            raise yaml.YAMLError(f"it is nested deeper than {DEEPEST_CONFIG} levels")
    return yaml.load(text, FAST_LOADER)


def _mapping(path: Path, read: Callable[[Path], Any]) -> dict[str, Any]:
    if not path.exists():
        return {}
    value = _read(path, read)
    if not isinstance(value, dict):
        raise RunDirectoryError(f"{path}: is damaged: keys with values were expected; restore it")
    return value


def _read(path: Path, read: Callable[[Path], T]) -> T:
    """What `read` finds in the file; what is wrong becomes a one-line error that names the file."""
    try:
        return read(path)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        if "integer string conversion" in reason:  # Python's own advice is for programmers
            reason = "it holds a number of thousands of digits"
        raise RunDirectoryError(f"{path}: is damaged: {reason}; restore it or train again") from error


@dataclass(frozen=True)
class RunCurves:
    """One run's history: column to one value per epoch, `epoch` (from 1) among them; NaN and infinity are gaps."""

    label: str
    history: dict[str, list[float]]
    best_epoch: int | None = None
    stopped_of: int | None = None
    """The epochs that were asked for, of a run that ended before them."""
