"""`--feedback FILE`: a CSV to which "wrong, it is this" is appended, a line each."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mlpcli.errors import UserError
from mlpcli.files import cannot_write, check_folder
from mlpcli.serve.limits import RequestError
from mlpcli.serve.models import ServedModel
from mlpcli.tables.table_writer import csv_lines, guarded
from mlpcli.text import did_you_mean, shown

COLUMNS = ("time", "model", "version", "input", "sha256", "predicted", "correct", "row")
LONGEST = 1000
"""Letters of a text."""


class FeedbackFile:
    """The file. It keeps the name of a picture and the SHA-256 of its bytes, and the cells of a row as JSON."""

    def __init__(self, path: Path) -> None:
        """Begin the file where there is none.

        Raises:
            UserError: it is a folder, lies in none, or is another table.
            OutputError: it cannot be written.
        """
        self.path, self._lock = path, threading.Lock()
        if path.is_dir():
            raise UserError(f"--feedback {path}: is a folder; give the name of a CSV file")
        check_folder(path.parent)
        first = csv_lines([[name] for name in COLUMNS])
        try:
            with open(path, "a+b") as file:
                file.seek(0)
                found = file.read(len(first))
                if not found:
                    file.write(first)
        except OSError as error:
            raise cannot_write(path, error) from error
        if found not in (b"", first):
            raise UserError(f"--feedback {path}: is a table of another kind, and was left unchanged; give a new name")

    def add(self, model: ServedModel, said: Mapping[str, Any]) -> None:
        """Append a line of what was said: `correct`, and, where given, `predicted`, `input`, `sha256` and `row`.

        Raises:
            RequestError: the right answer is none of the model's classes, no number, or a text is too long.
            OutputError: the file cannot be written.
        """
        texts = {key: _text(said, key) for key in ("input", "sha256", "predicted")}
        row = _utf8(json.dumps(said["row"], ensure_ascii=False)) if said.get("row") is not None else ""
        if len(row) > 100 * LONGEST:
            raise RequestError(422, "row: is too long to be kept; leave it out")
        line = {
            **{"time": datetime.now(timezone.utc).isoformat(timespec="seconds"), "model": model.name},
            **{"version": str(model.version), "correct": _correct(model, said), "row": row, **texts},
        }
        content = csv_lines([[guarded(line[name])] for name in COLUMNS])
        try:
            with self._lock, open(self.path, "ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(self.path, error) from error


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    if value is None:
        return ""
    text = str(value) if isinstance(value, (str, int, float)) else None
    if text is None or len(text) > LONGEST:
        raise RequestError(422, f"{key}: give a text of {LONGEST:,} letters at most")
    return _utf8(text)


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _correct(model: ServedModel, said: Mapping[str, Any]) -> str:
    """The right answer: a class name, or a number."""
    text, classes = _text(said, "correct"), model.meaning.class_names
    if classes is not None:
        if text not in classes:
            near = did_you_mean(text, classes)
            raise RequestError(422, f'correct: "{shown(text)}" is not a class of {model.name}{near}')
        return text
    try:
        if math.isfinite(float(text)):
            return text
    except ValueError:
        pass
    raise RequestError(422, f'correct: "{shown(text)}" is not a number, and {model.name} predicts numbers')
