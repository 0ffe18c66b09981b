"""What mlpcli keeps inside a model file, and reading it without TensorFlow.

In a .keras it is a key of metadata.json, in an .h5 a dataset: stock Keras ignores both. (An extra member
would make Keras unpack the whole archive at each load, and an attribute of an .h5 ends at 64 kB.)
A model file is untrusted: what is read here is bounded, and nothing in it is ever executed.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, Literal

from mlpcli.artifacts.checksums import ATTRIBUTE, check, checksums
from mlpcli.artifacts.h5_reading import H5ContentError, holds, read_array, read_text, reading_h5, step_into
from mlpcli.artifacts.json_reading import check_json_size, parse_json
from mlpcli.artifacts.printable import printable
from mlpcli.artifacts.zip_reading import ABOUT, DESCRIPTION, in_archive, read_member
from mlpcli.errors import ModelFileError

KEY = "mlpcli"
H5_DATASET = "mlpcli_metadata"
H5_DESCRIPTIONS = ("model_config", "training_config")
METADATA_FORMAT = 1

Kind = Literal["keras", "h5"]
Metadata = dict[str, Any]


def kind_of(path: Path) -> Kind:
    """Which of the two formats a file is, by its first bytes rather than its name.

    Raises:
        ModelFileError: it does not exist, is empty, a folder, or neither.
    """
    if path.exists() and not path.is_file():
        raise ModelFileError(f"{path}: is {'a folder without' if path.is_dir() else 'not'} a model file")
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except FileNotFoundError:
        raise ModelFileError(f"{path}: does not exist; give a model file or a run directory") from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None
    if start.startswith(b"PK\x03\x04"):
        return "keras"
    if start == b"\x89HDF\r\n\x1a\n":
        return "h5"
    found = "is empty" if not start else "is not a model file"
    raise ModelFileError(f"{path}: {found}; expected a .keras or .h5 file written by mlpcli or Keras")


def add_metadata(path: Path, metadata: Metadata) -> None:
    """Put metadata into a model file that Keras has just written; an .h5 gets checksums with it."""
    if kind_of(path) == "keras":
        _add_to_keras(path, metadata)
    else:
        _add_to_h5(path, metadata)


def read_metadata(path: Path) -> Metadata | None:
    """The metadata, or None in a file that is not mlpcli's.

    Raises:
        ModelFileError: the file is damaged, or written by a newer mlpcli.
    """
    found = read_json_member(path, ABOUT).get(KEY) if kind_of(path) == "keras" else _read_from_h5(path)
    if found is None:
        return None
    if not isinstance(found, dict) or type(found.get("format")) is not int:
        raise ModelFileError(f"{path}: its mlpcli metadata is damaged; train again, or save the model anew with Keras")
    if found["format"] > METADATA_FORMAT:
        raise ModelFileError(
            f"{path}: was written by mlpcli {printable(found.get('version'), 40)} (format {found['format']}),"
            f" and this one reads format {METADATA_FORMAT}; install a newer mlpcli"
        )
    return found


def read_architecture(path: Path) -> dict[str, Any]:
    """Keras's own description of the model: {"class_name": ..., "config": {...}}, and of what it was compiled with.

    Raises:
        ModelFileError: the file is damaged, or holds weights only.
    """
    if kind_of(path) == "keras":
        return read_json_member(path, DESCRIPTION)
    with reading_h5(path) as file:
        model, training = (read_text(file, name, path) for name in H5_DESCRIPTIONS)
    if model is None:
        raise ModelFileError(f"{path}: holds no model, only weights; save the whole model with model.save")
    compiled = {} if training is None else {"training_config": parse_json(training, path, "training_config")}
    return {**parse_json(model, path, "model_config"), **compiled}


def read_json_member(path: Path, member: str) -> dict[str, Any]:
    """The mapping in one of the JSON members of a .keras.

    Raises:
        ModelFileError: the archive is damaged, has no such member, or it is no mapping.
    """

    def read(archive: zipfile.ZipFile) -> bytes:
        if member in archive.NameToInfo:
            check_json_size(archive.getinfo(member).file_size, path, member)
        return read_member(archive, member, path)

    return parse_json(in_archive(path, read), path, member)


def _add_to_keras(path: Path, metadata: Metadata) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members.items():
            if info.filename == ABOUT:
                content = json.dumps({**json.loads(content), KEY: metadata}, ensure_ascii=False).encode("utf-8")
            archive.writestr(info, content)


def _add_to_h5(path: Path, metadata: Metadata) -> None:
    import h5py
    import numpy as np

    text = json.dumps(metadata, ensure_ascii=False).encode("utf-8")
    with h5py.File(path, "a") as file:
        file.create_dataset(H5_DATASET, data=np.frombuffer(text, np.uint8))
        file.attrs[ATTRIBUTE] = checksums(text, _descriptions(file, path))


def _read_from_h5(path: Path) -> Any:
    with reading_h5(path) as file:
        saved = read_text(file, ATTRIBUTE, path)
        if not holds(file, H5_DATASET) and saved is None:
            return None
        dataset = step_into(file, H5_DATASET)
        if not hasattr(dataset, "ndim") or dataset.ndim != 1 or dataset.dtype != "u1":
            raise H5ContentError("its metadata is no row of bytes")
        check_json_size(dataset.size, path, H5_DATASET)
        text = read_array(dataset, dataset.shape, "u").tobytes()
        check(saved, text, _descriptions(file, path), path)
    return parse_json(text, path, H5_DATASET)


def _descriptions(file: Any, path: Path) -> list[bytes]:
    return [read_text(file, name, path) or b"" for name in H5_DESCRIPTIONS]
