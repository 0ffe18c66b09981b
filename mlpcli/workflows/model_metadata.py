"""The model that a user means, and what mlpcli wrote into its file when it was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlpcli.errors import ModelFileError


def model_file(model_or_run: str | Path) -> Path:
    """The model file itself, where a run directory is given.

    Raises:
        RunDirectoryError: it is a folder without a model file.
    """
    from mlpcli.artifacts.run_directory import find_model

    path = Path(model_or_run).expanduser()
    return find_model(path) if path.is_dir() else path


def read_model_metadata(file: Path, instead: str) -> dict[str, Any]:
    """What the file says of its task, its classes and its data; `instead` is the advice for models of others.

    Raises:
        ModelFileError: the file is missing or damaged, or mlpcli has not written it.
    """
    from mlpcli.artifacts.model_file import read_metadata

    metadata = read_metadata(file)
    if metadata is None:
        raise ModelFileError(f"{file}: was not written by mlpcli, so its task and classes are not known; {instead}")
    if not all(isinstance(metadata.get(key), dict) for key in ("config", "plan", "data")) or "name" not in metadata:
        raise ModelFileError(f"{file}: its mlpcli metadata is damaged; restore the file or train again")
    return metadata
