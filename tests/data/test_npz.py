"""Reading .npz: arrays, and files that lie, break or carry code."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mlpcli.data.npz import read_npz
from mlpcli.errors import DataError

Write = Callable[..., Path]


def npy(values: np.ndarray, **header: object) -> bytes:
    """The array as an .npy file; keywords replace what its header says."""
    content = io.BytesIO()
    fields = {"descr": values.dtype.str, "fortran_order": False, "shape": values.shape, **header}
    np.lib.format.write_array_header_1_0(content, fields)
    return content.getvalue() + values.tobytes()


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def test_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "데이터.npz"
    np.savez_compressed(path, x=np.asfortranarray([[1.5, 2], [3, 4]]), y=["고양이", "개"])
    arrays = read_npz(path)
    assert arrays["x"].tolist() == [[1.5, 2], [3, 4]]
    assert arrays["y"].tolist() == ["고양이", "개"]


X = npy(np.zeros((2, 3), np.float32))
LIES = {
    "a lying shape": (npy(np.zeros(2), shape=(2**40, 2**40)), "but 16 are there"),
    "a negative size": (npy(np.zeros(2), shape=(-1, -2)), "says (-1, -2) values"),
    "a short array": (X[:-1], "24 bytes, but 23 are there"),
    "a long array": (X + b"\0", "24 bytes, but 25 are there"),
    "no npy file": (b"hello, world, hello, world", "is damaged (the magic string is not correct"),
    "half a header": (X[:20], "is damaged (EOF: reading array header"),
    "another version": (X[:6] + b"\x09\x00" + X[8:], "npy version (9, 0), which is not supported"),
    "a version unread": (X[:6] + b"\x03\x00" + X[8:], "npy version (3, 0), which is not supported"),
    "an array of objects": (npy(np.zeros(2), descr="|O"), "x.npy holds object values"),
    "records": (npy(np.zeros(2, "i4,f4"), descr=[("a", "<i4"), ("b", "<f4")]), "holds void64 values"),
    "dates": (npy(np.zeros(2, "M8[D]")), "holds datetime64[D] values"),
}


@pytest.mark.parametrize(("content", "message"), LIES.values(), ids=LIES)
def test_a_member_that_lies(tmp_path: Path, content: bytes, message: str) -> None:
    path = archive(tmp_path / "a.npz", x=content)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_npz(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (canary,)  # type: ignore[return-value]

    np.savez(tmp_path / "trap.npz", x=np.array([Trap(), Trap()], object), y=[0, 1])
    with pytest.raises(DataError, match="never pickled Python objects"):
        read_npz(tmp_path / "trap.npz")
    assert not canary.exists()


def test_every_cut_is_noticed(npz: Write) -> None:
    path = npz(x=np.arange(12.0).reshape(4, 3), y=[0, 1, 0, 1])
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"is not an .npz file, or is truncated|is empty"):
            read_npz(path)


def test_a_flipped_value_is_noticed(npz: Write) -> None:
    path = npz(x=np.full((4, 3), 7.0), y=[0, 1, 0, 1])
    content = bytearray(path.read_bytes())
    content[content.index(struct.pack("<d", 7.0))] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="Bad CRC-32"):
        read_npz(path)


def test_a_member_that_claims_more_than_the_file_can_hold(npz: Write) -> None:
    path = npz(x=np.zeros((2, 2)), y=[0, 1])
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")  # the directory entry of x: its unpacked size stands at 24
    content[entry + 24 : entry + 28] = struct.pack("<I", 2**31)
    path.write_bytes(content)
    with pytest.raises(DataError, match="claims 2,147,483,648 bytes"):
        read_npz(path)


def test_other_names_are_refused(npz: Write) -> None:
    with pytest.raises(DataError, match=r'holds an array "X_train"; .*; did you mean "x_train"'):
        read_npz(npz(X_train=[[1.0]], y_train=[0]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("x.npy", X)
        file.writestr("x.npy", X)
    with pytest.raises(DataError, match='holds the array "x" twice'):
        read_npz(tmp_path / "a.npz")


def test_not_a_zip_file(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(npy(np.zeros(3)))
    with pytest.raises(DataError, match=r"is not an .npz file"):
        read_npz(tmp_path / "a.npz")
