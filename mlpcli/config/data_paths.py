"""Makes the paths of the `data` section absolute, from the config's folder or the current one; looks for none."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from mlpcli.config.data_words import BUILT_IN_NAMES
from mlpcli.config.sections import DataConfig
from mlpcli.config.yaml_reader import Document

_KEYS = ("source", "path", "validation", "test")
"""Keys of `data` that may hold a path."""
BUILT_IN_PREFIX = "builtin:"
"""Before a built-in name: the built-in set is meant, whatever is called like it."""


@dataclass(frozen=True)
class WrittenPaths:
    """What stood in the config, for whoever looks for the files (`mlpcli.data.sources.find_sources`).

    texts: key of `data` to the path as it is written, and the folder that it starts at. typed: keys given with -s.
    namesake: where data of one's own would be that is called like the built-in set in data.source; None where another
    key, or `builtin:`, says that the set is meant.
    """

    texts: dict[str, tuple[str, Path]] = field(default_factory=dict)
    typed: frozenset[str] = frozenset()
    namesake: Path | None = None


def with_absolute_paths(data: DataConfig, folder: Path, document: Document) -> tuple[DataConfig, WrittenPaths]:
    """Paths of a config are relative to its own folder, wherever the command is typed; those typed with -s are not.

    A data.path goes with the data.source beside it: another one that is typed is not read from that folder.
    """
    typed = frozenset(key for key in _KEYS if ("data", key) in document.overrides or ("data",) in document.overrides)
    if "path" not in typed and document.replaced.get(("data", "source"), data.source) != data.source:
        data = data.model_copy(update={"path": None})
    texts: dict[str, tuple[str, Path]] = {}
    name = built_in_name(data.source)
    of_a_set = data.path is not None or "generate" in data.model_fields_set or data.source != name
    namesake = (Path() if "source" in typed else folder) / name if name is not None and not of_a_set else None
    if name is not None:
        data = data.model_copy(update={"source": name})
    for key in _KEYS:
        value = getattr(data, key)
        is_word = (key == "source" and value in BUILT_IN_NAMES) or (key == "validation" and value == "test")
        if isinstance(value, str) and not is_word:
            texts[key] = value, Path() if key in typed else folder
    changes = {key: os.path.abspath(start / os.path.expanduser(text)) for key, (text, start) in texts.items()}
    return data.model_copy(update=changes), WrittenPaths(texts, typed, namesake)


def built_in_name(source: str) -> str | None:
    """The built-in set that a source names, with `builtin:` before it or without; None for everything else."""
    name = source.removeprefix(BUILT_IN_PREFIX)
    return name if name in BUILT_IN_NAMES else None
