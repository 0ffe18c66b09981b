""".keras files that are no archives as Keras writes them: refused before anything in them is unpacked."""

from __future__ import annotations

import json
import os
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Refused = Callable[[Path, str], None]


def add(name: str, content: bytes = b"x", **options: Any) -> Callable[[Path], None]:
    def work(path: Path) -> None:
        with warnings.catch_warnings():  # zipfile warns of a name that is there twice
            warnings.simplefilter("ignore")
            with zipfile.ZipFile(path, "a") as archive:
                archive.writestr(name, content, **options)

    return work


def pack(member: str, size: int, of: bytes = b" ") -> Callable[[Path], None]:
    """A member that unpacks to `size` bytes of the same letter."""

    def work(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            kept = {name: archive.read(name) for name in archive.namelist() if name != member}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(member, "w") as out:
                for _ in range(size >> 20):
                    out.write(of * (1 << 20))
            for name, content in kept.items():
                archive.writestr(name, content)

    return work


def drop(member: str) -> Callable[[Path], None]:
    def work(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            kept = {name: archive.read(name) for name in archive.namelist() if name != member}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in kept.items():
                archive.writestr(name, content)

    return work


def patch(before: bytes, offset: int, value: bytes, every: bool = False) -> Callable[[Path], None]:
    """Overwrite bytes at `offset` behind the last (or every) place where `before` stands."""

    def work(path: Path) -> None:
        content = bytearray(path.read_bytes())
        place = content.rfind(before)
        while place >= 0:
            content[place + offset : place + offset + len(value)] = value
            place = content.rfind(before, 0, place) if every else -1
        path.write_bytes(content)

    return work


DIRECTORY, END = b"PK\x01\x02", b"PK\x05\x06"


def many_members(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(3000):
            archive.writestr(f"assets/{number:040}", b"")


def lie_about_zip64(path: Path) -> None:
    """The last member claims 2**60 bytes in a zip64 record."""
    content = path.read_bytes()
    start, end = content.rfind(DIRECTORY), content.rfind(END)
    entry = bytearray(content[start:end])
    struct.pack_into("<LL", entry, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    extra = struct.pack("<HHQQ", 1, 16, 1 << 60, 1 << 60)
    struct.pack_into("<H", entry, 30, len(extra))
    name_end = 46 + struct.unpack_from("<H", entry, 28)[0]
    entry[name_end:name_end] = extra
    ending = bytearray(content[end:])
    struct.pack_into("<L", ending, 12, struct.unpack_from("<L", ending, 12)[0] + len(extra))
    path.write_bytes(content[:start] + bytes(entry) + bytes(ending))


CASES: dict[str, tuple[Callable[[Path], None], str]] = {
    "description twice": (add("config.json", b"{}"), "holds config.json twice"),
    "weights twice": (add("model.weights.h5"), "holds model.weights.h5 twice"),
    "path upwards": (add("../canary"), "holds ../canary, which does not belong in a Keras model; it is not opened"),
    "absolute path": (add("/tmp/canary"), "holds /tmp/canary, which does not belong in a Keras model"),
    "windows path": (add("..\\canary"), "canary, which does not belong in a Keras model"),
    "escape codes": (add("\x1b[2J"), "holds ?[2J, which does not belong in a Keras model"),
    "assets": (add("assets/words.txt"), "holds assets/words.txt, which does not belong in a Keras model"),
    "pickle": (add("model.pkl", b"cos\nsystem\n(S'touch canary'\ntR."), "holds model.pkl"),
    "thousands of members": (many_members, "is damaged (its directory is far too large)"),
    "no description": (drop("config.json"), "has no config.json, so it is not a Keras model"),
    "no metadata": (drop("metadata.json"), "has no metadata.json, so it is not a Keras model"),
    "no weights": (drop("model.weights.h5"), "has no model.weights.h5, so it is not a Keras model"),
    "description of 64 MB": (pack("config.json", 64 << 20), "its config.json would unpack from"),
    "metadata of 64 MB": (pack("metadata.json", 64 << 20), "its metadata.json would unpack from"),
    "weights of 64 MB": (pack("model.weights.h5", 64 << 20, b"\0"), "its model.weights.h5 would unpack from"),
    "encrypted": (patch(DIRECTORY, 8, b"\x01\x00", every=True), "is encrypted or packed in an unknown way"),
    "bzip2": (patch(DIRECTORY, 10, b"\x0c\x00", every=True), "is encrypted or packed in an unknown way"),
    "size of a terabyte": (patch(DIRECTORY, 24, b"\xfe\xff\xff\xff"), "claims to be larger than the file"),
    "both sizes": (patch(DIRECTORY, 20, b"\xfe\xff\xff\xff\xfe\xff\xff\xff"), "claims to be larger than the file"),
    "zip64 lies": (lie_about_zip64, "claims to be larger than the file"),
    "directory of 4 GB": (patch(END, 12, b"\xff\xff\xff\x7f"), "is damaged"),
    "place outside": (patch(DIRECTORY, 42, b"\xff\xff\xff\x7f"), "claims to be larger than the file"),
}


@pytest.mark.parametrize(("spoil", "message"), CASES.values(), ids=CASES.keys())
def test_archives(files: Any, refused: Refused, tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    (tmp_path / "in").mkdir()
    path = files.keras(tmp_path / "in" / "model.keras")
    spoil(path)
    refused(path, message)
    assert sorted(entry.name for entry in tmp_path.rglob("*")) == ["in", "model.keras"]


def test_a_long_description_that_is_not_packed(files: Any, refused: Refused, tmp_path: Path) -> None:
    path = files.keras(tmp_path / "model.keras", json.dumps(files.model()) + " " * (33 << 20))
    refused(path, "its config.json is far too large for a model (3")


def test_weights_far_larger_than_the_model(files: Any, refused: Refused, tmp_path: Path) -> None:
    path = files.keras(tmp_path / "model.keras", weights=files.weights() + bytes(17 << 20))
    refused(path, "bytes for 84 of weights; it is not opened")


@pytest.mark.parametrize("kept", [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_a_file_that_ends_early(files: Any, refused: Refused, tmp_path: Path, kind: str, kept: float) -> None:
    path = getattr(files, kind)(tmp_path / f"model.{kind}")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    refused(path, "is damaged" if kept > 0.001 else "model")


def test_things_that_are_no_files(files: Any, refused: Refused, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    refused(tmp_path / "pipe.keras", "is not a model file")
    refused(Path("/dev/zero"), "is not a model file")


def test_a_packed_file_of_ordinary_size_is_opened(files: Any, box: Any, tmp_path: Path) -> None:
    path = files.keras(tmp_path / "model.keras")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert box(path).kind == "opened"
