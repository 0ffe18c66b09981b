"""A config as it was read: plain values, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlpcli.config.suggestions import shown
from mlpcli.errors import Problem

Path = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass
class Document:
    """Plain values, and the line and column (from 1) of each key or list entry, by its path."""

    file: str
    value: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[Path] = field(default_factory=set)
    """Where a value was refused already, and None stands in for it."""
    overrides: dict[Path, str] = field(default_factory=dict)
    """What was typed on the command line, by the path it sets; the last one comes last."""
    replaced: dict[Path, Any] = field(default_factory=dict)
    """What stood in the file where something else was typed; None where there was nothing."""

    def problem(self, place: Place, key: str, message: str) -> Problem:
        """A problem of this file at a place."""
        return Problem(*place, key, message, self.file)

    def problem_at(self, path: Path, message: str) -> Problem:
        """A problem of the value at `path`: placed at the override that set it, or at the nearest key."""
        override = self._override_of(path)
        if override:
            return Problem(0, 0, show_path(path), message, override)
        lengths = range(len(path), -1, -1)
        place = next((self.places[path[:length]] for length in lengths if path[:length] in self.places), (1, 1))
        return self.problem(place, show_path(path), message)

    def _override_of(self, path: Path) -> str | None:
        """The override that set `path` or something above it; or something below, if the file lacks the key."""
        for set_path, text in reversed(self.overrides.items()):
            covers = path[: len(set_path)] == set_path
            if covers or (path not in self.places and set_path[: len(path)] == path):
                return text
        return None


def show_path(path: Path) -> str:
    """`model.layers[2].dense` for ("model", "layers", 2, "dense")."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text
