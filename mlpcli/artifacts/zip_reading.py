"""Members of a .keras, which is a zip archive that anybody may have made, read within bounds.

Keras writes three members, not compressed. An archive with others, with one of them twice, or with sizes that its own
bytes cannot hold is refused before anything in it is read.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from mlpcli.artifacts.printable import printable
from mlpcli.errors import ModelFileError

DESCRIPTION, ABOUT, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MEMBERS = (DESCRIPTION, ABOUT, WEIGHTS)
LARGEST_DIRECTORY_BYTES = 1 << 17
"""Python's zipfile keeps an object for each entry of the directory, however small; Keras's takes 200 bytes."""
MOST_EXPANSION = 100
"""Weights hardly shrink when they are compressed; zip's own limit is 1,032 times."""

ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, struct.error)
"""What Python's zipfile raises on files that are damaged within."""
_ENCRYPTED = 1
_KNOWN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_Found = TypeVar("_Found")


def damaged(path: Path, error: BaseException | str) -> ModelFileError:
    """The error for a file whose bytes contradict each other."""
    return ModelFileError(f"{path}: is damaged ({error}); restore it or train again")


def in_archive(path: Path, work: Callable[[zipfile.ZipFile], _Found]) -> _Found:
    """What `work` makes of the archive, after its directory has been found sound.

    Raises:
        ModelFileError: the archive is damaged, or not one that Keras writes.
    """
    try:
        with open(path, "rb") as file:
            source = _Directory(file)
            with zipfile.ZipFile(cast(BinaryIO, source)) as archive:
                source.limit = None
                check_directory(archive, path)
                return work(archive)
    except ZIP_ERRORS as error:
        wrong = re.match(r"Bad CRC-32 for file '(.*)'", str(error))
        raise damaged(path, f"the checksum of {wrong[1]} is wrong" if wrong else error) from error


def check_directory(archive: zipfile.ZipFile, path: Path) -> None:
    """Hold the names and sizes of all members to what Keras writes.

    Raises:
        ModelFileError: naming the first member that is not Keras's, is there twice, or lies about its size.
    """
    size, seen = path.stat().st_size, set()
    for info in archive.infolist():
        name = info.filename
        if name in seen:
            raise ModelFileError(f"{path}: holds {printable(name)} twice; save the model anew with Keras")
        seen.add(name)
        if name not in MEMBERS:
            raise ModelFileError(
                f"{path}: holds {printable(name)}, which is no part of a Keras model; it is not opened."
                " If the file is your own, save the model anew with Keras"
            )
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _KNOWN_COMPRESSION:
            raise ModelFileError(f"{path}: its {name} is encrypted or packed in an unknown way; save the model anew")
        stored = info.compress_type == zipfile.ZIP_STORED
        if info.header_offset + info.compress_size > size or (stored and info.file_size != info.compress_size):
            raise damaged(path, f"{name} is said to be larger than the file")
        if info.file_size > MOST_EXPANSION * max(info.compress_size, 1) and info.file_size > LARGEST_DIRECTORY_BYTES:
            raise ModelFileError(
                f"{path}: its {name} would unpack from {info.compress_size:,} to {info.file_size:,} bytes;"
                " it is not opened"
            )


def read_member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """All bytes of a member, held to its checksum.

    Raises:
        ModelFileError: there is no such member.
    """
    if name not in archive.NameToInfo:
        raise ModelFileError(f"{path}: has no {name}, so it is no Keras model")
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
