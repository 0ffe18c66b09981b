"""Names of columns as a config has them, for messages that say what to write."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_PLAIN = re.compile(r"[^\W\d]([\w .()%/+-]*[\w.()%/+-])?")
"""Names that need no quotes in YAML, even between brackets."""


def yaml_names(names: Sequence[str]) -> str:
    """All names as a YAML list to copy into a config: [alive, "1st, 2nd"]."""
    return "[" + ", ".join(name if _stays_text(name) else _in_quotes(name) for name in names) + "]"


def _in_quotes(name: str) -> str:
    """A JSON string, which YAML reads, with control characters escaped."""
    return "".join(
        character if character.isprintable() else f"\\U{ord(character):08x}"
        for character in json.dumps(name, ensure_ascii=False)
    )


def _stays_text(name: str) -> bool:
    from mlpcli.config.yaml_reader import ScalarError, read_scalar  # with PyYAML, which most commands never need

    try:
        return _PLAIN.fullmatch(name) is not None and isinstance(read_scalar(name, plain=True), str)
    except ScalarError:
        return False
