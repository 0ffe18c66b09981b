"""The run directory: its name, the names of its files, and how it comes to be."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from mlpcli.artifacts.seeds_file import seed_folders
from mlpcli.errors import RunDirectoryError

CONFIG = "config.yaml"
HISTORY = "history.csv"
METRICS = "metrics.json"
EVALUATION = "evaluation.json"
ENVIRONMENT = "environment.json"
SPLIT = "split.npz"
MODEL_NAMES = ("model.keras", "model.h5")

LONGEST_NAME_BYTES = 80
_WINDOWS_NAMES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def folder_name(name: str) -> str:
    """The folder's name for a run's `name`: spaces become `-`; letters of any script, digits, `.`, `_`, `-` stay.

    Raises:
        ValueError: the name would leave the folder, hide, or break on some system; the text says what is allowed.
    """
    folder = re.sub(" +", "-", unicodedata.normalize("NFC", name.strip(" ")))
    for character in folder:
        if not (unicodedata.category(character)[0] in "LMN" or character in "._-"):
            raise ValueError(f"the character {character!r} is not allowed; use letters, digits, '.', '_', '-'")
    if not folder:
        raise ValueError("must not be empty")
    if folder[0] in ".-" or folder.split(".")[0].lower() in _WINDOWS_NAMES:
        raise ValueError("must start with a letter or a digit, and not be a reserved name such as con")
    if folder[-1] == ".":
        raise ValueError("must not end with a dot, which Windows drops; leave it out")
    if len(folder.encode("utf-8")) > LONGEST_NAME_BYTES:
        raise ValueError(f"is longer than {LONGEST_NAME_BYTES} bytes; shorten it")
    return folder


def create_run_directory(runs_dir: Path, name: str) -> Path:
    """Make `runs_dir/name`, or name-2, name-3 ..., whichever is free; exclusive, so parallel runs never share one.

    Raises:
        RunDirectoryError: `runs_dir` is a file, or no folder can be made in it.
    """
    folder, number = folder_name(name), 1
    while True:
        path = runs_dir / (folder if number == 1 else f"{folder}-{number}")
        try:
            _make(path, "--runs-dir")
            return path.resolve()
        except FileExistsError:
            number += 1


def create_exact_directory(path: Path) -> Path:
    """Make the one folder the user named; an empty one that exists is taken.

    Raises:
        RunDirectoryError: it is a file, or holds files already.
    """
    try:
        _make(path, "--run-dir")
    except FileExistsError:
        if not path.is_dir():
            raise RunDirectoryError(f"{path}: is a file, not a folder; choose another --run-dir") from None
        if any(path.iterdir()):
            raise RunDirectoryError(
                f"{path}: is not empty, and runs are never overwritten; choose another --run-dir"
            ) from None
    return path.resolve()


def find_file(run: Path, name: str) -> Path:
    """The path of one of a run's files.

    Raises:
        RunDirectoryError: `run` is no run directory, or has no such file.
    """
    if not run.is_dir():
        found = "is a file" if run.exists() else "does not exist"
        raise RunDirectoryError(f"{run}: {found}; give a run directory such as runs/digits")
    path = run / name
    if not path.is_file():
        _refuse_seeds(run)
        raise RunDirectoryError(
            f"{run}: has no {name}, so it is no run directory (or its run ended before the first epoch)"
        )
    return path


def find_model(run: Path) -> Path:
    """The model file of a run directory (see `find_file` for what is raised)."""
    for name in MODEL_NAMES:
        if (run / name).is_file():
            return run / name
    return find_file(run, MODEL_NAMES[0])


def _refuse_seeds(run: Path) -> None:
    """One run is asked for, and here are several."""
    seeds = seed_folders(run)
    if seeds:
        count = f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
        raise RunDirectoryError(f"{run}: holds {count}; give one of them, such as {seeds[0]}")


def _make(path: Path, option: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RunDirectoryError(f"{path.parent}: is a file, not a folder; choose another {option}") from None
    except OSError as error:
        raise RunDirectoryError(f"{path.parent}: cannot be made: {error.strerror}; choose another {option}") from None
    try:
        path.mkdir()
    except FileExistsError:
        raise
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be made: {error.strerror}; choose another {option}") from None
