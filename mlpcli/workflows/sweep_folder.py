"""The folder of a sweep: how the same command finds it again, and what goes on from it."""

from __future__ import annotations

import copy
import hashlib
import json
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from mlpcli.config.load_config import LoadedConfig
from mlpcli.config.sweep_parameters import SECTION
from mlpcli.config.yaml_reader import Document
from mlpcli.config.yaml_writer import values_text
from mlpcli.errors import ConfigError, RunDirectoryError, UserError
from mlpcli.files import write_json, write_text
from mlpcli.runs import directory as run_directory
from mlpcli.runs.run_file import LARGEST_METRICS, read_run_json
from mlpcli.workflows.sweep_storage import without_password
from mlpcli.workflows.sweep_worker import CONFIG

EXAMPLE = "sweep: {parameters: {training.optimizer.learning_rate: {log_uniform: [0.0001, 0.1]}}}"
_MAY_DIFFER = ("trials", "timeout", "keep")
"""Keys of the section that a sweep may go on with when they have changed."""
_DATA_PATHS = ("source", "path", "validation", "test")


@dataclass(frozen=True)
class SweepFolder:
    """What the folder says of the sweep. rising: whether a higher value is better. key: tells it from any other."""

    path: Path
    name: str
    study: str
    storage: str | None
    rising: bool
    key: str

    def home(self) -> dict[str, str]:
        """What other machines are told of it."""
        return {"key": self.key, "host": socket.gethostname(), "folder": str(self.path)}

    def with_storage(self, url: str | None) -> SweepFolder:
        """With the URL that was typed, which may have a password; the folder keeps none.

        Raises:
            UserError: none was typed, and it needs one; or another storage than before.
        """
        if url is None:
            if self.storage is not None and "***" in self.storage:
                raise UserError(f"--storage: give {self.storage} again, with its password, which is not kept")
            return self
        if without_password(url) != self.storage:
            before = self.storage or "a journal in its folder"
            raise UserError(f"--storage: the trials of {self.path} are in {before}; leave it out, or give that")
        return replace(self, storage=url)


def check_section(loaded: LoadedConfig) -> None:
    """Refuse a config that does not say what is searched (raises ConfigError)."""
    if loaded.config.sweep is None:
        message = f"does not say what is searched; add a section such as {EXAMPLE}"
        raise ConfigError([loaded.document.problem((1, 1), SECTION, message)])


def identity(loaded: LoadedConfig) -> str:
    """The same for the same config, wherever its data lies; the number of trials does not count."""
    values = copy.deepcopy(loaded.document.value)
    values[SECTION] = {key: value for key, value in values[SECTION].items() if key not in _MAY_DIFFER}
    values["name"] = loaded.config.name
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def study_name(loaded: LoadedConfig) -> str:
    """What Optuna calls it, on every machine; in ASCII, since a MySQL database may have no other letters."""
    name = loaded.config.name
    return f"{name if name.isascii() else 'sweep'}-{identity(loaded)[:8]}"


def find_folder(runs_dir: Path, loaded: LoadedConfig) -> SweepFolder | None:
    """The folder that this config's sweep was begun in; None if it is new."""
    name, sought = run_directory.folder_name(loaded.config.name), identity(loaded)
    for number in count(1):
        path = runs_dir / (name if number == 1 else f"{name}-{number}")
        if not path.exists():
            return None
        if (path / run_directory.SWEEP).is_file() and _read(path).get("identity") == sought:
            return read_folder(path)
    return None


def make_folder(runs_dir: Path, loaded: LoadedConfig, storage: str | None, rising: bool) -> SweepFolder:
    """A new folder, with the config to go on with."""
    path = run_directory.create_run_directory(runs_dir, loaded.config.name)
    study = study_name(loaded)
    kept = without_password(storage) if storage is not None else None
    keep_config(path, loaded)
    assert loaded.config.sweep is not None
    key = secrets.token_hex(8)
    known = {
        "name": loaded.config.name,
        "study": study,
        "storage": kept,
        "metric": loaded.config.sweep.metric,
        "rising": rising,
        "identity": identity(loaded),
        "key": key,
    }
    write_json(path / run_directory.SWEEP, known)
    return SweepFolder(path, loaded.config.name, study, storage, rising, key)


def keep_config(path: Path, loaded: LoadedConfig) -> None:
    """Write the config that workers read, where it is not there as it is now: some keys may change."""
    file, text = path / CONFIG, values_text(standing_alone(loaded.document, loaded))
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        write_text(file, text)


def standing_alone(document: Document, loaded: LoadedConfig) -> dict[str, Any]:
    """The values of the config, or of a variant of it, with its name, and with the data's paths as they were found.

    So they can be written into any folder.
    """
    values = {"name": loaded.config.name, **copy.deepcopy(document.value)}
    for key in _DATA_PATHS:
        found = getattr(loaded.config.data, key)
        if key in values["data"] or (found is not None and key == "path"):
            values["data"][key] = found
    return values


def read_folder(path: Path) -> SweepFolder:
    """What sweep.json of a folder says.

    Raises:
        RunDirectoryError: it is not the folder of a sweep, or the file is damaged.
    """
    if not (path / run_directory.SWEEP).is_file():
        what = "has no sweep.json, so it is not the folder of a sweep" if path.is_dir() else "is not a folder"
        raise RunDirectoryError(f"{path}: {what}; give the folder that mlpcli sweep made, such as runs/digits")
    known = _read(path)
    kinds: Sequence[tuple[str, Any]] = (
        ("name", str), ("study", str), ("rising", bool), ("identity", str), ("key", str),
    )  # fmt: skip
    if not all(isinstance(known.get(key), kind) for key, kind in kinds):
        raise RunDirectoryError(f"{path / run_directory.SWEEP}: is damaged; restore it, or begin the sweep again")
    return SweepFolder(
        path.resolve(), known["name"], known["study"], known.get("storage"), known["rising"], known["key"]
    )


def _read(path: Path) -> dict[str, Any]:
    file = path / run_directory.SWEEP
    try:
        known = read_run_json(file, LARGEST_METRICS)
    except ValueError as error:
        raise RunDirectoryError(f"{file}: is damaged: {error}; restore it, or begin the sweep again") from error
    if not isinstance(known, dict):
        raise RunDirectoryError(f"{file}: is damaged: it does not describe a sweep; restore it, or begin it again")
    return known
