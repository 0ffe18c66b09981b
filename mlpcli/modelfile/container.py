"""What is in a model file, .keras or .h5: description, metadata and checksums, read without TensorFlow.

mlpcli's metadata is a key of metadata.json in a .keras, and a dataset in an .h5; stock Keras ignores both. (An extra
member would make Keras unpack the whole archive at each load, and an attribute of an .h5 ends at 64 kB.)
A model file is untrusted: what is read here is bounded, and nothing in it is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from mlpcli.errors import ModelFileError
from mlpcli.machine import available_memory
from mlpcli.modelfile.hdf5 import (
    LARGEST_JSON_BYTES,
    H5ContentError,
    damaged,
    h5_damage,
    holds,
    open_h5,
    read_array,
    read_text,
    step_into,
)
from mlpcli.runs.directory import near_run
from mlpcli.tables.other_files import LOOKED_AT, stands_for_another
from mlpcli.text import printable, visible_json

KEY = "mlpcli"
H5_DATASET = "mlpcli_metadata"
H5_DESCRIPTIONS = ("model_config", "training_config")
METADATA_FORMAT = 2
"""2: layers may stay out of the file (`front`), which mlpcli 0.2 would not miss; files without any are still of 1."""
FRONT = "front"
"""The key of the layers that stand before those in the file."""
Kind = Literal["keras", "h5"]
Metadata = dict[str, Any]


@dataclass(frozen=True)
class ModelFile:
    """An open model file, from which everything wanted is read before it is closed.

    source: the open zipfile.ZipFile of a .keras, with its directory checked, or the h5py.File of an .h5.
    """

    path: Path
    kind: Kind
    source: Any

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """The source for the block.

        Raises:
            ModelFileError: the block met something damaged or refused.
        """
        with (_zip_damage if self.kind == "keras" else h5_damage)(self.path):
            yield self.source

    def json_member(self, member: str) -> dict[str, Any]:
        """The mapping in one of the JSON members of a .keras.

        Raises:
            ModelFileError: the member is missing, damaged, or not a mapping.
        """
        with self.reading() as archive:
            if member in archive.NameToInfo:
                check_json_size(archive.getinfo(member).file_size, self.path, member)
            content = read_member(archive, member, self.path)
        return parse_json(content, self.path, member)

    def metadata(self) -> Metadata | None:
        """The metadata that mlpcli wrote, or None in a file that it did not write.

        Raises:
            ModelFileError: the file is damaged, or written by a newer mlpcli.
        """
        found = self.json_member(ABOUT).get(KEY) if self.kind == "keras" else _read_from_h5(self)
        if found is None:
            return None
        path = self.path
        if not isinstance(found, dict) or type(found.get("format")) is not int:
            raise ModelFileError(
                f"{path}: its mlpcli metadata is damaged: format: should be a whole number; train again, or save the"
                " model again with Keras"
            )
        if found["format"] > METADATA_FORMAT:
            writer, form = printable(found.get("version"), 40), printable(found["format"], 40)
            raise ModelFileError(
                f"{path}: was written by mlpcli {writer} (format {form}),"
                f" and this one reads format {METADATA_FORMAT}; install a newer mlpcli"
            )
        return found

    def architecture(self) -> dict[str, Any]:
        """Keras's own description of the model: {"class_name": ..., "config": {...}}, and of what it is compiled with.

        Raises:
            ModelFileError: the file is damaged, or holds weights only.
        """
        if self.kind == "keras":
            return self.json_member(DESCRIPTION)
        path = self.path
        with self.reading() as file:
            model, training = (read_text(file, name, path) for name in H5_DESCRIPTIONS)
        if model is None:
            raise ModelFileError(f"{path}: holds no model, only weights; save the whole model with model.save")
        compiled = {} if training is None else {"training_config": parse_json(training, path, "training_config")}
        return {**parse_json(model, path, "model_config"), **compiled}


def front_of(metadata: Mapping[str, Any]) -> list[Any]:
    """The layers before those in the file, as Keras describes layers; unchecked."""
    found = metadata.get(FRONT) or []
    return found if isinstance(found, list) else [found]


def format_of(metadata: Metadata) -> int:
    """The lowest format that says all of it, so that older versions open what they can."""
    return METADATA_FORMAT if metadata.get(FRONT) else 1


@contextmanager
def open_model_file(path: Path) -> Iterator[ModelFile]:
    """A model file, open for the block.

    Raises:
        ModelFileError: it does not exist, is empty, a folder, far too large, of neither format, or damaged.
    """
    with _open(path) as file, ExitStack() as stack:
        _check_size(path, file)
        kind = _kind_of(path, file)
        source = _archive(path, file, stack) if kind == "keras" else stack.enter_context(open_h5(path, file))
        yield ModelFile(path, kind, source)


def kind_of(path: Path) -> Kind:
    """Which of the two formats a file is, by its first bytes rather than its name.

    Raises:
        ModelFileError: it does not exist, is empty, a folder, or neither.
    """
    with _open(path) as file:
        return _kind_of(path, file)


LARGEST_FILE_BYTES = 8 << 30
"""Two billion weights; a file is looked through before it is opened, however little of it is on the disk."""


def _open(path: Path) -> BinaryIO:
    if path.exists() and not path.is_file():
        raise ModelFileError(f"{path}: is {'a folder without' if path.is_dir() else 'not'} a model file")
    try:
        return open(path, "rb")
    except FileNotFoundError:
        raise ModelFileError(f"{path}: does not exist; give a model file or a run directory{near_run(path)}") from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None


def _check_size(path: Path, file: BinaryIO) -> None:
    size = os.fstat(file.fileno()).st_size
    if size > LARGEST_FILE_BYTES:
        raise ModelFileError(
            f"{path}: has {size:,} bytes, and model files of at most {LARGEST_FILE_BYTES:,} are opened; restore it or"
            " train again"
        )


def _kind_of(path: Path, file: BinaryIO) -> Kind:
    try:
        start = file.read(LOOKED_AT)
        file.seek(0)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None
    if start.startswith(b"PK\x03\x04"):
        return "keras"
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "h5"
    if (what := stands_for_another(start)) is not None:
        raise ModelFileError(f"{path}: {what}")
    found = "is empty" if not start else "is not a model file"
    raise ModelFileError(f"{path}: {found}; expected a .keras or .h5 file written by mlpcli or Keras")


def add_metadata(path: Path, metadata: Metadata) -> None:
    """Put metadata into a model file that Keras has just written; an .h5 gets checksums with it."""
    if kind_of(path) == "keras":
        _add_to_keras(path, metadata)
    else:
        _add_to_h5(path, metadata)


def _add_to_keras(path: Path, metadata: Metadata) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members.items():
            if info.filename == ABOUT:
                content = _as_json({**json.loads(content), KEY: metadata})
            archive.writestr(info, content)


def _add_to_h5(path: Path, metadata: Metadata) -> None:
    import h5py
    import numpy as np

    text = _as_json(metadata)
    with h5py.File(path, "a") as file:
        file.create_dataset(H5_DATASET, data=np.frombuffer(text, np.uint8))
        file.attrs[ATTRIBUTE] = checksums(text, _descriptions(file, path))


def _as_json(value: Metadata) -> bytes:
    """UTF-8, even where a name holds half a surrogate pair, as a file name that is not UTF-8 does."""
    return visible_json(json.dumps(value, ensure_ascii=False)).encode("utf-8")


def _read_from_h5(opened: ModelFile) -> Any:
    path = opened.path
    with opened.reading() as file:
        saved = read_text(file, ATTRIBUTE, path)
        if not holds(file, H5_DATASET) and saved is None:
            return None
        dataset = step_into(file, H5_DATASET)
        if not hasattr(dataset, "ndim") or dataset.ndim != 1 or dataset.dtype != "u1":
            raise H5ContentError("its metadata is not a string of bytes")
        check_json_size(dataset.size, path, H5_DATASET)
        text = read_array(dataset, dataset.shape, "u").tobytes()
        check(saved, text, _descriptions(file, path), path)
    return parse_json(text, path, H5_DATASET)


def _descriptions(file: Any, path: Path) -> list[bytes]:
    return [read_text(file, name, path) or b"" for name in H5_DESCRIPTIONS]


DESCRIPTION, ABOUT, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MEMBERS = (DESCRIPTION, ABOUT, WEIGHTS)
LARGEST_DIRECTORY_BYTES = 1 << 17
"""Python's zipfile keeps an object for each entry of the directory, however small; Keras's takes 200 bytes."""
MOST_EXPANSION = 100
"""Weights hardly shrink when they are compressed; zip's own limit is 1,032 times."""
MEMORY_ASKED_FROM = 1 << 26
"""Bytes of a member from which on the free memory matters."""
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, struct.error)
"""The errors that zipfile raises for damaged files."""
_ENCRYPTED = 1
_KNOWN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _archive(path: Path, file: BinaryIO, stack: ExitStack) -> zipfile.ZipFile:
    """The archive in an open file, with its directory checked; `stack` closes it."""
    source = _Directory(file)
    with _zip_damage(path):
        archive = stack.enter_context(zipfile.ZipFile(cast(BinaryIO, source)))
        source.limit = None
        check_directory(archive, path)
    return archive


@contextmanager
def _zip_damage(path: Path) -> Iterator[None]:
    """A context in which zipfile's errors about damage become ModelFileErrors."""
    try:
        yield
    except ZIP_ERRORS as error:
        wrong = re.match(r"Bad CRC-32 for file '(.*)'", str(error))
        raise damaged(path, f"the checksum of {wrong[1]} is wrong" if wrong else error) from error


def check_directory(archive: zipfile.ZipFile, path: Path) -> None:
    """Check that the names and sizes of all members are such as Keras writes, and that they fit into the memory.

    Raises:
        ModelFileError: a member is not Keras's, occurs twice, gives a false size, or is too large; the first is named.
    """
    size, seen = path.stat().st_size, set()
    for info in archive.infolist():
        name = info.filename
        if name in seen:
            raise ModelFileError(f"{path}: holds {printable(name)} twice; save the model again with Keras")
        seen.add(name)
        if name not in MEMBERS:
            raise ModelFileError(
                f"{path}: holds {printable(name)}, which does not belong in a Keras model; it is not opened."
                " If the file is your own, save the model again with Keras"
            )
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _KNOWN_COMPRESSION:
            raise ModelFileError(f"{path}: its {name} is encrypted or packed in an unknown way; save the model again")
        stored = info.compress_type == zipfile.ZIP_STORED
        if info.header_offset + info.compress_size > size or (stored and info.file_size != info.compress_size):
            raise damaged(path, f"{name} claims to be larger than the file")
        if info.file_size > MOST_EXPANSION * max(info.compress_size, 1) and info.file_size > LARGEST_DIRECTORY_BYTES:
            raise ModelFileError(
                f"{path}: its {name} would unpack from {info.compress_size:,} to {info.file_size:,} bytes;"
                " it is not opened"
            )
        free = available_memory() if info.file_size > MEMORY_ASKED_FROM else None
        if free is not None and info.file_size > free:
            raise ModelFileError(
                f"{path}: its {name} takes {info.file_size:,} bytes of memory, and {free:,} are free; it is not opened"
            )


def read_member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """All bytes of a member, checked against its checksum.

    Raises:
        ModelFileError: the member is missing.
    """
    if name not in archive.NameToInfo:
        raise ModelFileError(f"{path}: has no {name}, so it is not a Keras model")
    return archive.read(name)


class _Directory:
    """A file that refuses long reads: zipfile reads the whole directory at once, of whatever size it claims to be."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.limit: int | None = LARGEST_DIRECTORY_BYTES

    def read(self, size: int = -1) -> bytes:
        if self.limit is None:
            return cast(bytes, self._file.read(size))
        found = self._file.read(self.limit + 1 if size < 0 else min(size, self.limit + 1))
        if len(found) > self.limit:
            raise zipfile.BadZipFile("its directory is far too large")
        return cast(bytes, found)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


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
        ModelFileError: it is not JSON, not a mapping, too large or nested too deeply.
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
        raise ModelFileError(f"{path}: its {what} does not describe a model")
    return value


ATTRIBUTE = "mlpcli_checksums"


def checksums(metadata: bytes, descriptions: Iterable[bytes]) -> str:
    """The checksums of the metadata and of Keras's descriptions of the model, as JSON."""
    return json.dumps({"metadata": _digest([metadata]), "description": _digest(descriptions)})


def check(saved: bytes | None, metadata: bytes, descriptions: Iterable[bytes], path: Path) -> None:
    """Check the file against its checksums; files of older versions have none.

    Raises:
        ModelFileError: the metadata or the model's description changed after they were saved.
    """
    if saved is not None and saved != checksums(metadata, descriptions).encode("ascii"):
        changed = "its metadata or description has changed since it was saved"
        raise ModelFileError(f"{path}: {changed}; restore it or train again")


def _digest(texts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(len(text).to_bytes(8, "little"))
        digest.update(text)
    return f"sha256:{digest.hexdigest()}"
