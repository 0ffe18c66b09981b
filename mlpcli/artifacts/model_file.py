"""What mlpcli keeps inside a model file, and reading it without TensorFlow.

In a .keras it is a key of metadata.json, in an .h5 a dataset: stock Keras ignores both. (An extra member
would make Keras unpack the whole archive at each load, and an attribute of an .h5 ends at 64 kB.)
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, Literal

from mlpcli.errors import ModelFileError

KEY = "mlpcli"
H5_DATASET = "mlpcli_metadata"
METADATA_FORMAT = 1
LARGEST_JSON_BYTES = 64 << 20

Kind = Literal["keras", "h5"]
Metadata = dict[str, Any]


def kind_of(path: Path) -> Kind:
    """Which of the two formats a file is, by its first bytes rather than its name.

    Raises:
        ModelFileError: it does not exist, is empty, a folder, or neither.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except FileNotFoundError:
        raise ModelFileError(f"{path}: does not exist; give a model file or a run directory") from None
    except IsADirectoryError:
        raise ModelFileError(f"{path}: is a folder without a model file") from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None
    if start.startswith(b"PK\x03\x04"):
        return "keras"
    if start == b"\x89HDF\r\n\x1a\n":
        return "h5"
    found = "is empty" if not start else "is not a model file"
    raise ModelFileError(f"{path}: {found}; expected a .keras or .h5 file written by mlpcli or Keras")


def add_metadata(path: Path, metadata: Metadata) -> None:
    """Put metadata into a model file that Keras has just written."""
    if kind_of(path) == "keras":
        _add_to_keras(path, metadata)
    else:
        _add_to_h5(path, metadata)


def read_metadata(path: Path) -> Metadata | None:
    """The metadata, or None in a file that is not mlpcli's.

    Raises:
        ModelFileError: the file is damaged, or written by a newer mlpcli.
    """
    found = _read_json(path, "metadata.json").get(KEY) if kind_of(path) == "keras" else _read_from_h5(path)
    if found is None:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise ModelFileError(f"{path}: its mlpcli metadata is damaged; train again, or save the model anew with Keras")
    if found["format"] > METADATA_FORMAT:
        raise ModelFileError(
            f"{path}: was written by mlpcli {found.get('version')} (format {found['format']}), and this one reads"
            f" format {METADATA_FORMAT}; install a newer mlpcli"
        )
    return found


def read_architecture(path: Path) -> dict[str, Any]:
    """Keras's own description of the model: {"class_name": ..., "config": {...}}, and of what it was compiled with.

    Raises:
        ModelFileError: the file is damaged, or holds weights only.
    """
    if kind_of(path) == "keras":
        return _read_json(path, "config.json")
    with open_h5(path) as file:
        model, training = (_attribute(file, path, name) for name in ("model_config", "training_config"))
    if model is None:
        raise ModelFileError(f"{path}: holds no model, only weights; save the whole model with model.save")
    compiled = {} if training is None else {"training_config": _parse(training, path, "training_config")}
    return {**_parse(model, path, "model_config"), **compiled}


def open_h5(path: Path) -> Any:
    """An open h5py.File for reading.

    Raises:
        ModelFileError: it is truncated or no HDF5 file.
    """
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise _damaged(path, error) from error


def check_members(path: Path) -> None:
    """Hold every member of a .keras to its checksum; Keras itself tells a flipped bit in many ways, few of them clear.

    Raises:
        ModelFileError: a member is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, struct.error) as error:
        raise _damaged(path, error) from error
    if damaged is not None:
        raise ModelFileError(f"{path}: is damaged (the checksum of {damaged} is wrong); restore it or train again")


def _read_json(path: Path, member: str) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(member).file_size > LARGEST_JSON_BYTES:
                raise ModelFileError(f"{path}: its {member} is far too large for a model; it is not opened")
            text = archive.read(member)
    except KeyError:
        raise ModelFileError(f"{path}: has no {member}, so it is no Keras model") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, struct.error) as error:
        raise _damaged(path, error) from error
    return _parse(text, path, member)


def _parse(text: str | bytes, path: Path, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: its {what} is damaged ({type(error).__name__}); restore it or train again"
        ) from error
    if not isinstance(value, dict):
        raise ModelFileError(f"{path}: its {what} is no description of a model")
    return value


def _add_to_keras(path: Path, metadata: Metadata) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members.items():
            if info.filename == "metadata.json":
                content = json.dumps({**json.loads(content), KEY: metadata}, ensure_ascii=False).encode("utf-8")
            archive.writestr(info, content)


def _add_to_h5(path: Path, metadata: Metadata) -> None:
    import h5py
    import numpy as np

    text = json.dumps(metadata, ensure_ascii=False).encode("utf-8")
    with h5py.File(path, "a") as file:
        file.create_dataset(H5_DATASET, data=np.frombuffer(text, np.uint8))


def _read_from_h5(path: Path) -> Any:
    with open_h5(path) as file:
        try:
            link = file.get(H5_DATASET, getlink=True)
            if link is None:
                return None
            if type(link).__name__ != "HardLink":
                raise ValueError("its metadata points elsewhere")
            dataset = file[H5_DATASET]
            if dataset.external or dataset.is_virtual or dataset.size > LARGEST_JSON_BYTES or dataset.dtype != "u1":
                raise ValueError("it is no row of bytes")
            text = dataset[()].tobytes()
        except _H5_ERRORS as error:
            raise _damaged(path, error) from error
    return _parse(text, path, H5_DATASET)


def _attribute(file: Any, path: Path, name: str) -> Any:
    try:
        return file.attrs.get(name)
    except _H5_ERRORS as error:
        raise _damaged(path, error) from error


_H5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError)
"""What h5py raises on files that are damaged within."""


def _damaged(path: Path, error: Exception) -> ModelFileError:
    return ModelFileError(f"{path}: is damaged ({error}); restore it or train again")
