"""IDX files: what is read, and the name of every fault."""

from __future__ import annotations

import gzip
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mlpcli import files as local_files
from mlpcli.data.idx import read_idx
from mlpcli.errors import DataError

HEADER = bytes([0, 0, 8, 1]) + struct.pack(">I", 3)


@pytest.mark.parametrize("name", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_every_value_type_is_read_in_the_machines_byte_order(
    tmp_path: Path, idx: Callable[[np.ndarray], bytes], name: str, pack: Callable[[bytes], bytes]
) -> None:
    values = np.array([[1, 2, 3], [4, 5, 100]], name)
    path = tmp_path / "값"
    path.write_bytes(pack(idx(values)))
    read = read_idx(path)
    np.testing.assert_array_equal(read, values)
    assert read.dtype == values.dtype
    assert read.dtype.isnative


def test_bytes_worked_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "two.gz"
    path.write_bytes(b"\0\0\x0b\x02" + b"\0\0\0\x01" + b"\0\0\0\x02" + b"\x01\x02\xff\xff")  # not gzip in spite of .gz
    assert read_idx(path).tolist() == [[258, -1]]


def truncated_gzip(content: bytes) -> bytes:
    return gzip.compress(content)[:-12]


def wrong_checksum(content: bytes) -> bytes:
    packed = bytearray(gzip.compress(content))
    packed[-8] ^= 1
    return bytes(packed)


FAULTS = {
    "empty": (b"", "is empty"),
    "not IDX": (b"PNG\r\n and more", "bad magic number 0x504e470d: it is neither an IDX file"),
    "half a magic number": (b"\0\0\x08", "ends inside its header"),
    "half a header": (b"\0\0\x08\x03" + b"\0\0\0\x01\0", "ends inside its header"),
    "unknown type": (b"\0\0\x07\x01" + b"\0\0\0\x01\0", "unknown value type 0x07"),
    "no dimension": (b"\0\0\x08\x00\0\0", "says 0 dimensions; 1 to 4"),
    "255 dimensions": (b"\0\0\x08\xff" + b"\0\0\0\x01" * 255 + b"\0", "says 255 dimensions"),
    "no items": (b"\0\0\x08\x02" + struct.pack(">2I", 0, 5), "is empty: its header says the sizes 0 x 5"),
    "sizes that overflow": (b"\0\0\x08\x04" + b"\xff" * 16 + b"\0", "4294967295 x 4294967295"),
    "short": (HEADER + b"\1\2", "3 values of uint8, 3 bytes, but the file holds 2"),
    "long": (HEADER + b"\1\2\3\4", "3 values of uint8, 3 bytes, but the file holds 4"),
    "gzip, short": (gzip.compress(HEADER + b"\1\2"), "3 bytes, but the file holds 2"),
    "gzip, long": (gzip.compress(HEADER + b"\1\2\3\4"), "3 bytes, but the file holds more"),
    "gzip cut off": (truncated_gzip(HEADER + b"\1\2\3"), "gzip file is truncated"),
    "gzip cut off in its header": (gzip.compress(HEADER)[:5], "gzip file is truncated"),
    "gzip checksum": (wrong_checksum(HEADER + b"\1\2\3"), "gzip file is damaged (CRC check failed"),
    "gzip with trailing junk": (
        gzip.compress(HEADER + b"\1\2\3") + b"junk",
        "gzip file is damaged (Not a gzipped file",
    ),
    "gzip of something else": (gzip.compress(b"hello, world"), "bad magic number 0x68656c6c"),
    "gzip, sizes that overflow": (gzip.compress(b"\0\0\x08\x04" + b"\xff" * 16), "more than the"),
}


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=FAULTS)
def test_each_fault_has_a_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_bomb_is_unpacked_no_further_than_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(HEADER + b"\0" * 50_000_000))
    with pytest.raises(DataError, match="3 bytes, but the file holds more"):
        read_idx(path)


def test_more_than_the_machine_holds_is_refused(
    tmp_path: Path, idx: Callable[[np.ndarray], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.gz"
    path.write_bytes(gzip.compress(idx(np.zeros(2000, np.uint8))))
    monkeypatch.setattr(local_files, "available_memory", lambda: 1000)
    with pytest.raises(DataError, match="2,000 bytes of values, but 1,000 bytes of memory are free"):
        read_idx(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="없음: not found"):
        read_idx(tmp_path / "없음")
    with pytest.raises(DataError, match="is a folder"):
        read_idx(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such pipes")
def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is a pipe or a device"):
        read_idx(tmp_path / "pipe")
    with pytest.raises(DataError, match="is a pipe or a device"):
        read_idx("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "locked"
    path.write_bytes(HEADER)
    path.chmod(0)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        read_idx(path)


def test_mnist(shared_data: Path) -> None:
    images = read_idx(shared_data / "mnist" / "t10k-images-idx3-ubyte.gz")
    labels = read_idx(shared_data / "mnist" / "t10k-labels-idx1-ubyte.gz")
    assert images.shape == (10_000, 28, 28)
    assert images.dtype == np.uint8
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
