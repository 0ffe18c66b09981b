"""The texts of an HDF5 file stand in heaps, and libhdf5 may walk through a damaged one for ever: that is found first.

A heap is `GCOL`, a version, its size, and objects one after another: index, references, size, and the bytes, filled up
to a multiple of 8. Index 0 is what is free; its size counts its own head. A step of length 0 has no end.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

from mlpcli.artifacts.zip_reading import damaged

_START = b"GCOL\x01\x00\x00\x00"
_HEAD = 16
"""Bytes of a heap's head, and of an object's."""
MOST_STEPS = 100_000
"""In all heaps together; a model of a thousand layers has some 4,000 texts."""


def check_heaps(path: Path) -> None:
    """Walk through all heaps of a file as libhdf5 will.

    Raises:
        ModelFileError: one of them has no end, or ends elsewhere.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start, steps = content.find(_START), 0
        while start >= 0:
            for place in _steps(content, start):
                steps += 1
                if place is None or steps > MOST_STEPS:
                    raise damaged(path, "a heap of texts does not end where it should")
            start = content.find(_START, start + 1)


def _steps(content: mmap.mmap, start: int) -> Iterator[int | None]:
    """The places of the objects of a heap, one after another; None where they go astray."""
    if start + _HEAD > len(content):
        return  # too short to be one
    end = start + int(struct.unpack_from("<Q", content, start + 8)[0])
    if end > len(content):
        yield None
    place = start + _HEAD
    while place + _HEAD <= end:
        yield place
        index, size = struct.unpack_from("<H6xQ", content, place)
        step = size if index == 0 else _HEAD + -(-size // 8) * 8
        if step < _HEAD:
            yield None
        place += step
    if place > end:
        yield None
