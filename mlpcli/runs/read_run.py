"""Reads a run directory: curves, config and evaluation; the run may be unfinished or have crashed."""

from __future__ import annotations

import csv
import yaml
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mlpcli.errors import RunDirectoryError
from mlpcli.files import read_json
from mlpcli.runs import directory as run_directory
from mlpcli.runs.history import read_history


MOST_EPOCHS = 10**9
LARGEST_CONFIG = 1024 * 1024  # bytes
T = TypeVar("T")


def read_curves(run: Path) -> RunCurves:
    """The run's history, named as its config names it, with its best epoch if it is known.

    Raises:
        RunDirectoryError: `run` is not a run directory, no epoch has finished yet, or a file is damaged.
    """
    path = run_directory.find_file(run, run_directory.HISTORY)
    history = _read(path, read_history)
    if not history.get("epoch"):
        raise RunDirectoryError(f"{path}: no epoch has finished yet; plot again after the first")
    if not all(epoch.is_integer() and 1 <= epoch <= MOST_EPOCHS for epoch in history["epoch"]):
        raise RunDirectoryError(f"{path}: is damaged: epochs must be whole numbers from 1; restore it or train again")
    best = _mapping(run / run_directory.METRICS, read_json).get("best_epoch")
    name = read_config(run).get("name") or run.resolve().name
    return RunCurves(str(name), history, best if isinstance(best, int) else None)


def read_config(run: Path) -> dict[str, Any]:
    """The values in the run's config file; {} if it does not exist.

    Raises:
        RunDirectoryError: the file is damaged.
    """
    return _mapping(run / run_directory.CONFIG, _read_yaml)


def read_evaluation(run: Path) -> dict[str, Any]:
    """The run's evaluation; {} if it does not exist yet (raises as `read_config`)."""
    return _mapping(run / run_directory.EVALUATION, read_json)


class _PlainLoader(yaml.SafeLoader):
    """A YAML loader that refuses aliases, with which a small file can expand to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has an alias (*)")
        return super().compose_node(parent, index)


def _read_yaml(path: Path) -> Any:
    with open(path, encoding="utf-8") as file:
        text = file.read(LARGEST_CONFIG + 1)
    if len(text) > LARGEST_CONFIG:
        raise ValueError("it is larger than 1 MiB")
    return yaml.load(text, _PlainLoader)


def _mapping(path: Path, read: Callable[[Path], Any]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    value = _read(path, read)
    if not isinstance(value, dict):
        raise RunDirectoryError(f"{path}: is damaged: keys with values were expected; restore it")
    return value


def _read(path: Path, read: Callable[[Path], T]) -> T:
    """A context that turns errors of a file's reader into one-line errors that name the file."""
    try:
        return read(path)
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be read: {error.strerror}; check its permissions") from error
    except (ValueError, csv.Error, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise RunDirectoryError(f"{path}: is damaged: {reason}; restore it or train again") from error


@dataclass(frozen=True)
class RunCurves:
    """One run's history: column to one value per epoch, `epoch` (from 1) among them; NaN and infinity are gaps."""

    label: str
    history: dict[str, list[float]]
    best_epoch: int | None = None
