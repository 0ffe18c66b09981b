"""Data files that are swollen, or packed so well that they are no data: refused before they fill the memory."""

from __future__ import annotations

import bz2
import gzip
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mlpcli import files
from mlpcli.data.idx import read_idx
from mlpcli.data.images import decoding
from mlpcli.data.images.decoding import UnreadablePictureError, open_picture
from mlpcli.data.npz import read_npz
from mlpcli.errors import DataError
from mlpcli.tables import excel, text_file
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_table

ROWS = b"u,v,y\n" + b"0,1,a\n" * 50_000


@pytest.mark.parametrize(("end", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_a_table_packed_too_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"a.csv.{end}"
    path.write_bytes(pack(ROWS))
    assert len(read_table(path, ReadOptions(formats={}))[0]) == 50_000  # so small a text may be packed as it likes
    monkeypatch.setattr(text_file, "LEAST_SUSPECT", 100_000)
    with pytest.raises(DataError) as caught:
        read_table(path, ReadOptions(formats={}))
    packed = f"its {path.stat().st_size:,} bytes"
    assert f"{path}: unpacks to more than 200 times {packed}, more than a table would; if it is" in str(caught.value)


def test_arrays_that_fit_alone_but_not_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((100, 10)), y=np.zeros(100))
    monkeypatch.setattr(files, "available_memory", lambda: 9000)  # x takes 8,128 bytes with its header, y 928
    with pytest.raises(DataError, match=r"a\.npz: holds 9,056 bytes of values, but 9,000 bytes of memory are free"):
        read_npz(tmp_path / "a.npz")
    monkeypatch.setattr(files, "available_memory", lambda: 10_000)
    assert read_npz(tmp_path / "a.npz")["x"].shape == (100, 10)


def test_a_swollen_idx_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    with open(path, "wb") as file:
        file.write(bytes([0, 0, 8, 3]) + struct.pack(">3I", 40_000_000, 32, 32))
        file.truncate(16 + 40_960_000_000)  # as many as its header says, though the disk holds none
    monkeypatch.setattr(files, "available_memory", lambda: 8_000_000_000)
    with pytest.raises(
        DataError, match="holds 40,960,000,000 bytes of values, but 8,000,000,000 bytes of memory are f"
    ):
        read_idx(path)


def test_a_workbook_that_unpacks_to_more_than_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("python_calamine")
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b" " * 1_000_000)
    monkeypatch.setattr(excel, "available_memory", lambda: 3_999_999)
    with pytest.raises(DataError, match=r"a\.xlsx: has 1,000,000 bytes unpacked, which take about 4,000,000 of memory"):
        read_table(path, ReadOptions())


def test_a_swollen_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (4, 4)).save(path)
    with open(path, "ab") as file:
        file.truncate(40_000_000_000)
    with pytest.raises(UnreadablePictureError) as caught, open_picture(path):
        pass
    assert "has 40,000,000,000 bytes, but at most 1,073,741,824 are opened" in str(caught.value)


@pytest.mark.parametrize("piece", [1, 3, 4096])
def test_scans_are_counted_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(decoding, "PIECE", piece)
    (tmp_path / "a").write_bytes(b"\xff\xd8" + b"\xff\xda\xda\xff\xff\xda" + b"\xff\xda")
    with open(tmp_path / "a", "rb") as file:
        assert decoding._scans(file) == 3
