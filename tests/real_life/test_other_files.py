"""A Git LFS pointer or a saved web page in the place of arrays, tables and models is named as what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.data.idx import read_idx
from mlpcli.data.images.decoding import decode_picture
from mlpcli.data.npz import read_npz
from mlpcli.errors import MlpcliError
from mlpcli.modelfile.container import kind_of
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_table

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
PAGE = b"\n<!DOCTYPE html>\n<html><head><title>t.npz at main</title></head></html>\n"
READERS: dict[str, Callable[[Path], object]] = {
    "t.npz": read_npz,
    "train-images-idx3-ubyte": read_idx,
    "t.parquet": lambda path: read_table(path, ReadOptions()),
    "photo.jpg": lambda path: decode_picture(path, (4, 4), "rgb", "stretch"),
    "model.keras": kind_of,
    "model.h5": kind_of,
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("content", "message"),
    [(POINTER, r"is a Git LFS pointer, not the data; run git lfs pull"), (PAGE, r"is a web page \(HTML\); download")],
)
def test_what_stands_for_another_file_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MlpcliError, match=rf"{name}:? {message}"):
        READERS[name](tmp_path / name)
