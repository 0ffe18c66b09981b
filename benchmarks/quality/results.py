"""The stored results: one file for each method, one line of JSON for each fit, added as it is measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "results" / "quality"

Entry = dict[str, Any]


def path_of(method: str) -> Path:
    """Where the fits of a method are stored."""
    return FOLDER / f"{method.replace(' ', '_')}.jsonl"


def entries_of(method: str) -> list[Entry]:
    """What has been measured, the latest of each table and split; empty where nothing has."""
    path = path_of(method)
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {(entry["table"], entry["split"]): entry for entry in map(json.loads, lines)}
    return list(found.values())


def store(method: str, entry: Entry) -> None:
    """Add a fit at the end of the method's file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with path_of(method).open("a", encoding="utf-8") as file:
        file.write(json.dumps({name: _shortened(value) for name, value in entry.items()}) + "\n")


def _shortened(value: Any) -> Any:
    """Five digits are enough, and keep the files small."""
    return float(f"{value:.5g}") if isinstance(value, float) else value
