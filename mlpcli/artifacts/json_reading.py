"""JSON out of a file that anybody may have made: bounded in size, in depth and in the number of its values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlpcli.errors import ModelFileError

LARGEST_JSON_BYTES = 32 << 20
"""A description of a thousand layers takes 3 MB; a table's categories and class names some more."""
MOST_VALUES = 500_000
"""Each value costs Python some 60 bytes, however short its text is."""


def check_json_size(size: int, path: Path, what: str) -> None:
    """Refuse a text that is too long before it is read.

    Raises:
        ModelFileError: with the size found and the largest that is read.
    """
    if size > LARGEST_JSON_BYTES:
        raise ModelFileError(
            f"{path}: its {what} is far too large for a model ({size:,} bytes; at most {LARGEST_JSON_BYTES:,});"
            " it is not opened"
        )


def parse_json(text: bytes, path: Path, what: str) -> dict[str, Any]:
    """The mapping in a JSON text; `what` is the part of `path` that it comes from.

    Raises:
        ModelFileError: it is no JSON, no mapping, too large or nested too deeply.
    """
    check_json_size(len(text), path, what)
    if sum(text.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise ModelFileError(f"{path}: its {what} lists far too many values for a model; it is not opened")
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        raise ModelFileError(
            f"{path}: its {what} is damaged ({type(error).__name__}); restore it or train again"
        ) from error
    if not isinstance(value, dict):
        raise ModelFileError(f"{path}: its {what} is no description of a model")
    return value
