"""Damage in the heaps of an HDF5 file, through which libhdf5 would walk for ever: found before it is asked."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import ModelFileError
from mlpcli.modelfile.hdf5 import check_heaps

START = b"GCOL\x01\x00\x00\x00"
ENDLESS = "is damaged (a heap of strings does not end where it should); restore it or train again"


def heap(*objects: tuple[int, int], size: int | None = None) -> bytes:
    """A heap of (index, size of the text) objects, as HDF5 writes them."""
    body = b""
    for index, length in objects:
        body += struct.pack("<HHIQ", index, 1, 0, length) + bytes(-(-length // 8) * 8 if index else length - 16)
    return START + struct.pack("<Q", len(body) + 16 if size is None else size) + body


def found(folder: Path, content: bytes) -> bool:
    path = folder / "heaps"
    path.write_bytes(b"anything" + content)
    try:
        with open(path, "rb") as file:
            check_heaps(path, file)
    except ModelFileError as error:
        return str(error) == f"{path}: {ENDLESS}"
    return False


@pytest.mark.parametrize(
    "good", [heap((1, 5), (2, 8), (0, 64)), heap((1, 5)), heap((1, 3)) * 3, heap(), b"no heap", START, START + b"abc"]
)
def test_heaps_that_end(tmp_path: Path, good: bytes) -> None:
    assert not found(tmp_path, good)


@pytest.mark.parametrize(
    "bad",
    [
        heap((1, 5)) + heap((1, 5), size=4096) + bytes(4096), heap((1, 5), size=4096), heap((1, 5), size=2**63),
        heap((1, 5), (2, 5), size=63), START + struct.pack("<Q", 64) + bytes(64),
    ],
)  # fmt: skip
def test_heaps_that_do_not(tmp_path: Path, bad: bytes) -> None:
    assert found(tmp_path, bad)


def test_a_file_full_of_heaps_in_heaps_takes_no_time(tmp_path: Path) -> None:
    assert found(tmp_path, (START + struct.pack("<Q", 1 << 21) + struct.pack("<QQ", 1, 0)) * 100_000)


def test_one_flipped_bit_does_not_keep_libhdf5_busy_for_ever(
    files: Any, refused: Callable[[Path, str], None], tmp_path: Path
) -> None:
    path = files.h5(tmp_path / "model.h5")
    content = bytearray(path.read_bytes())
    text = content.index(b"m/dense/1")
    assert struct.unpack_from("<Q", content, text - 8) == (9,)
    content[text - 7] ^= 1  # 9 letters become 265, and the next object is looked for where only zeros are
    path.write_bytes(content)
    refused(path, ENDLESS)
