"""What a model file says of how it was written: which Keras, and when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlpcli.artifacts.h5_reading import read_text, reading_h5
from mlpcli.artifacts.model_file import Kind, kind_of, read_json_member
from mlpcli.artifacts.printable import printable
from mlpcli.artifacts.zip_reading import ABOUT


@dataclass(frozen=True)
class Origin:
    """The format of a file, and the Keras that wrote it; None where the file does not say."""

    kind: Kind
    keras_version: str | None
    saved: str | None


def read_origin(path: Path) -> Origin:
    """Read it from metadata.json, or from the attributes of an .h5 (which has no date).

    Raises:
        ModelFileError: the file is damaged.
    """
    kind = kind_of(path)
    if kind == "keras":
        about = read_json_member(path, ABOUT)
        version, saved = about.get("keras_version"), about.get("date_saved")
        return Origin(kind, _short(version), _short(saved.replace("@", " ")) if isinstance(saved, str) else None)
    with reading_h5(path) as file:
        text = read_text(file, "keras_version", path)
    return Origin(kind, None if text is None else _short(text.decode("utf-8", "replace")), None)


def _short(value: object) -> str | None:
    return printable(value, 40) if isinstance(value, str) else None
