"""The folder of one config trained with several seeds: the names in it, and its summary."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mlpcli.artifacts.files import write_json

SEEDS = "seeds.json"
_FOLDER = re.compile(r"seed-([0-9]{1,10})")


def seed_folder(seed: int) -> str:
    """The name of the run directory of one seed."""
    return f"seed-{seed}"


def seed_folders(folder: Path) -> list[Path]:
    """The run directories of the seeds in `folder`, by their seeds; none where it has no seeds.json to say so."""
    if not (folder / SEEDS).is_file():
        return []
    found = [(match, path) for path in folder.iterdir() if (match := _FOLDER.fullmatch(path.name)) and path.is_dir()]
    return [path for _, path in sorted(found, key=lambda entry: (int(entry[0][1]), entry[1].name))]


def write_seeds(folder: Path, summary: dict[str, Any]) -> None:
    """Write seeds.json anew, in one piece.

    Raises:
        OutputError: it cannot be written; the one before is still there.
    """
    write_json(folder / SEEDS, summary)
